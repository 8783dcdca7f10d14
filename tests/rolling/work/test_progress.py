"""What is shown while units run, and the command that lists them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from qlib_mfgru.cli import main
from qlib_mfgru.rolling import Fold, UnitStore
from qlib_mfgru.rolling.identity import FoldIdentity
from qlib_mfgru.rolling.work.files import UnitResult
from qlib_mfgru.rolling.work.progress import UnitProgress
from qlib_mfgru.rolling.work.units import Unit
from qlib_mfgru.rolling.work.workers import Outcome

DAY = pd.Timestamp("2020-01-02")
SCORE = pd.Series([0.5], pd.MultiIndex.from_tuples([(DAY, "SH600000")], names=["datetime", "instrument"]), name="score")


def keep(store: UnitStore, key: str, valid_ic: float) -> None:
    """Write a finished unit."""
    about = {"valid_ic": valid_ic, "history": [], "finished": "2020-01-02 10:00:00"}
    with store.held(key):
        store.write(key, UnitResult(None, SCORE, about))


def unit(key: str, number: int, seed: int) -> Unit:
    return Unit(Fold(number, (DAY, DAY), (DAY, DAY)), seed, {}, key, FoldIdentity("", ""))


def test_what_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of 60 + 40 + 60 + 140 dates 60 were done earlier; a minute for the next 40 makes five for the 200 left."""
    store = UnitStore(tmp_path)
    keep(store, "early", 0.02)
    with UnitProgress({"early": 60, "a": 40, "b": 60, "c": 140}, store) as progress:
        assert "units 1/4:  20%|" in capsys.readouterr().err
        keep(store, "a", 0.04)
        progress._bar.start_t -= 60
        progress.update(Outcome(unit("a", 1, 7), None))
        shown = capsys.readouterr().err
        assert "units 2/4:  33%|" in shown
        assert "| 01:00 elapsed, 05:00 left, validation IC 0.0300 (fold 1, seed 7: 0.0400)" in shown
        progress.update(Outcome(unit("b", 1, 8), "Traceback ..."))
        shown = capsys.readouterr().err
        assert "units 2/4, 1 failed:  53%|" in shown
        assert "| 01:00 elapsed, 01:24 left, validation IC 0.0300" in shown


def test_units_that_validate_by_another_metric_or_not_at_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = UnitStore(tmp_path)
    keep(store, "a", 0.02)
    for key, about in {"b": {"valid_rank_ic": 0.05}, "c": {}}.items():
        store.write(key, UnitResult(None, SCORE, {"history": [], **about}))
    with UnitProgress({"a": 1, "b": 1, "c": 1, "d": 1}, store) as progress:
        assert "left, validation IC 0.0200, validation RankIC 0.0500" in capsys.readouterr().err
        progress.update(Outcome(unit("c", 1, 8), None))
        shown = capsys.readouterr().err
        assert "units 3/4" in shown
        assert "(fold 1, seed 8" not in shown


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MFGRU_UNITS", str(tmp_path / "units"))
    assert main(["units"]) == 0
    assert capsys.readouterr().out == f"finished units in {tmp_path / 'units'}: 0\n"
    store = UnitStore()
    for key in ("abc", "abd", "xyz"):
        keep(store, key, 0.25)
    assert main(["units"]) == 0
    listed = capsys.readouterr().out
    assert listed.splitlines()[0].endswith(": 3")
    assert [line.split()[:2] for line in listed.splitlines()[2:]] == [[k, "0.2500"] for k in ("abc", "abd", "xyz")]
    assert main(["units", "--clear", "ab"]) == 2
    assert "2 units in" in capsys.readouterr().err
    assert main(["units", "--clear", "abc", "xy"]) == 0
    assert capsys.readouterr().out == f"units removed from {tmp_path / 'units'}: 2\n"
    assert main(["units", "--dir", str(tmp_path / "units"), "--clear-all"]) == 0
    assert capsys.readouterr().out == f"units removed from {tmp_path / 'units'}: 1\n"
