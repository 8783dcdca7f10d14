"""Panels of earlier states of a provider go, also where that was cut off."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from field_market import store
from reference import series
from small_market import CODES, use

from qlib_mfgru.data import BarPanel


def double(provider: Path) -> None:
    """Change a series in place."""
    store(provider, CODES[9], "day", {"close": 2 * series(provider, CODES[9], "close", "day", 80)})


def test_a_panel_whose_removal_was_cut_off_goes_with_the_next(
    provider: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is found by its description, which goes last: without it gigabytes would stay for ever."""
    copied, cache = Path(shutil.copytree(provider, tmp_path / "provider")), tmp_path / "cache"
    use(copied)
    BarPanel.open("day", cache)
    (old,) = cache.iterdir()
    gone: list[str] = []
    unlink = Path.unlink

    def cut_off(path: Path, missing_ok: bool = False) -> None:
        if path.parent == old:
            if len(gone) == 3:
                raise KeyboardInterrupt
            gone.append(path.name)
        unlink(path, missing_ok)

    double(copied)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", cut_off)
        with pytest.raises(KeyboardInterrupt):
            BarPanel.open("day", cache)
    assert len(gone) == 3
    assert (old / "panel.json").exists()
    double(copied)
    BarPanel.open("day", cache)
    (kept,) = cache.iterdir()
    assert kept != old
