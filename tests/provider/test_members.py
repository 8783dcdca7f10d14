"""Point-in-time members on the axes of the provider."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from small_market import CODES, DAYS, use

from qlib_mfgru.provider import reader


def test_members_without_data_are_counted(provider: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(provider, tmp_path / "provider")
    rows = [(CODES[0], DAYS[3], DAYS[5]), ("SH699998", DAYS[0], DAYS[9]), ("SH699999", DAYS[0], DAYS[9])]
    text = "".join(f"{code}\t{first:%Y-%m-%d}\t{last:%Y-%m-%d}\n" for code, first, last in rows)
    (tmp_path / "provider/instruments/holey.txt").write_text(text)
    use(tmp_path / "provider")
    said: list[str] = []

    class Logger:
        warning = staticmethod(said.append)

    monkeypatch.setattr(reader, "get_module_logger", lambda name: Logger)
    mask = reader.member_mask("holey", DAYS, CODES)
    assert list(zip(*np.nonzero(mask), strict=True)) == [(3, 0), (4, 0), (5, 0)]
    assert said == ["2 members of holey are not in the provider: ['SH699998', 'SH699999'] ..."]
    reader.member_mask("all", DAYS, CODES)
    assert len(said) == 1
