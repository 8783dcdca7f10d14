"""``python -m qlib_mfgru.smoke``: the quick checks, and that one which fails is told; ``make dist`` runs all of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from qlib_mfgru.smoke import __main__ as smoke
from qlib_mfgru.smoke.checks import data, kernels, versions


@pytest.fixture
def argv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["smoke"])


@pytest.mark.usefixtures("argv")
def test_what_is_quick(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(smoke, "CHECKS", (versions, data, kernels))
    assert smoke.main() == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[:2] for line in lines] == [["ok", "versions"], ["ok", "data"], ["ok", "kernels"]]
    assert lines[1][4:6] == ["9", "vendors,"]


@pytest.mark.usefixtures("argv")
def test_a_failure_is_told_and_the_rest_is_tried(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(work: Path) -> str:
        raise ZeroDivisionError("no such day")

    monkeypatch.setattr(smoke, "CHECKS", (broken, versions))
    assert smoke.main() == 1
    out = capsys.readouterr().out
    assert out.startswith("FAILED broken")
    assert "ZeroDivisionError: no such day" in out
    assert "ok     versions" in out


def test_kernels_of_other_results_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from qlib_mfgru import native
    from qlib_mfgru.nn import GRULayer

    monkeypatch.setattr(native, "library", lambda: object())
    monkeypatch.setattr(GRULayer, "forward", lambda layer, window: torch.ones(3) * (layer.implementation == "torch"))
    with pytest.raises(RuntimeError, match=r"they differ from torch\.nn\.GRU by 1\.0e\+00"):
        kernels(tmp_path)
