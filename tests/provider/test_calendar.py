"""A calendar as qlib reads it: in order, or refused."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import qlib
from plain_provider import write_plain_provider
from small_market import use

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.storage.files import ProviderFiles

DAYS = pd.bdate_range("2024-01-02", periods=4)


def plain_calendar(folder: Path, lines: list[str]) -> Path:
    """A provider with these lines as its daily calendar, in use; the file."""
    frames = {"day": {"SH600000": pd.DataFrame({"close": np.arange(4.0) + 1}, index=DAYS)}}
    provider = write_plain_provider(folder / "cn", frames, {"all": ["SH600000\t2024-01-02\t2024-01-05"]})
    file = provider / "calendars" / "day.txt"
    file.write_text("\n".join(lines))
    use(provider)
    return file


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ([0, 2, 1, 3], "2024-01-03 00:00:00 comes after 2024-01-04 00:00:00"),
        ([0, 1, 1, 3], "2024-01-03 00:00:00 comes after 2024-01-03 00:00:00"),
        ([0, 0, 1, 2], "2024-01-02 00:00:00 comes after 2024-01-02 00:00:00"),
        ([0, 1, 0, 3], "2024-01-02 00:00:00 comes after 2024-01-03 00:00:00"),
        ([0, 1, 3, 3], "2024-01-05 00:00:00 comes after 2024-01-05 00:00:00"),
    ],
)
def test_one_that_does_not_ascend_is_an_error_that_names_the_place(tmp_path: Path, order: list[int], said: str) -> None:
    file = plain_calendar(tmp_path, [f"{DAYS[place]:%Y-%m-%d}" for place in order])
    refusal = f"^{re.escape(f'{file}: stamps must ascend, each once, but {said}')}$"
    with pytest.raises(InputError, match=refusal):
        reader.calendar("day")
    with pytest.raises(InputError, match=refusal):
        ProviderFiles(tmp_path / "cn").calendar("day")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "the day calendar of {provider} is empty"),
        (["2024-01-02", "soon"], "{provider}/calendars/day.txt: not all of its lines are stamps"),
    ],
)
def test_one_without_stamps_is_an_error(tmp_path: Path, lines: list[str], said: str) -> None:
    file = plain_calendar(tmp_path, lines)
    with pytest.raises(InputError) as error:
        reader.calendar("day")
    assert str(error.value) == said.format(provider=file.parents[1])


def test_one_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """As where one folder of several is mistyped."""
    file = plain_calendar(tmp_path, ["2024-01-02"])
    qlib.init(provider_uri={"day": str(file.parents[1]), "15min": str(tmp_path / "typo")}, region="cn", kernels=1)
    with pytest.raises(InputError) as error:
        reader.calendar("15min")
    assert str(error.value) == f"{tmp_path}/typo/calendars/15min.txt: there is no such file"
