"""A calendar as qlib reads it: in order, or refused."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from plain_provider import write_plain_provider
from small_market import use

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider import reader

DAYS = pd.bdate_range("2024-01-02", periods=4)


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ([0, 2, 1, 3], "2024-01-03 00:00:00 comes after 2024-01-04 00:00:00"),
        ([0, 1, 1, 3], "2024-01-03 00:00:00 comes after 2024-01-03 00:00:00"),
    ],
)
def test_one_that_does_not_ascend_is_an_error_that_names_the_place(tmp_path: Path, order: list[int], said: str) -> None:
    frames = {"day": {"SH600000": pd.DataFrame({"close": np.arange(4.0) + 1}, index=DAYS)}}
    provider = write_plain_provider(tmp_path / "cn", frames, {"all": ["SH600000\t2024-01-02\t2024-01-05"]})
    file = provider / "calendars" / "day.txt"
    file.write_text("\n".join(f"{DAYS[place]:%Y-%m-%d}" for place in order))
    use(provider)
    with pytest.raises(InputError, match=f"^{re.escape(f'{file}: stamps must ascend, each once, but {said}')}$"):
        reader.calendar("day")
