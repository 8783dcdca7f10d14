"""Lists of instruments as a provider's files have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider.storage.files import ProviderFiles

WHOLE = "SH600000\t2020-01-02\t2020-06-30\n"


@pytest.mark.parametrize("line", ["SH600001\t2020-01-02\t", "SH600001\t2020-01-02", "SH600001\tnan\t2020-06-30", "SH6"])
def test_a_line_that_is_cut_off_is_named(tmp_path: Path, line: str) -> None:
    for name in ("calendars", "instruments", "features"):
        (tmp_path / name).mkdir()
    (tmp_path / "instruments" / "all.txt").write_text(WHOLE + line)
    with pytest.raises(InputError, match=r"all\.txt line 2: expected code, start and end"):
        ProviderFiles(tmp_path).instruments()
