"""SIGKILL at any moment: what was there stays or is replaced, and the same command does the rest."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from .ledger import Ledger, Outcome, rounds
from .small_run import records_of
from .state import assert_clean, assert_equal
from .works import Kind, Whole, demo, ingest_of, panel_of, rolling_on, update_of


def killed(kind: Kind, folder: Path, before: Kind | None = None, every: int = 2) -> Callable[[int], Outcome]:
    """Rounds of a kill at a moment of the work's length, and the same work after it.

    Parameters
    ----------
    before : Kind, optional
        Work whose result is there already.
    every : int
        In every so many rounds.
    """
    whole = Whole.of(kind, folder / "whole")

    def play(number: int) -> Outcome:
        place = folder / f"{number}"
        old = before.run(place) if before is not None and number % every == every - 1 else {}
        kind.start(place).kill_at(whole.seconds * Random(f"{kind.name}{number}").uniform(0, 1))
        assert_equal(kind.result(place), old, whole.content)
        assert_equal(kind.run(place), whole.content)
        assert_clean(place)
        shutil.rmtree(place)
        return "whole"

    return play


def test_ingest(ledger: Ledger, vendor: Path, other_vendor: Path, tmp_path: Path) -> None:
    kind = ingest_of(vendor)
    ledger.play("kill", kind.name, rounds(2), killed(kind, tmp_path, ingest_of(other_vendor)))


def test_ingest_by_two_processes(ledger: Ledger, vendor: Path, other_vendor: Path, tmp_path: Path) -> None:
    kind = ingest_of(vendor, jobs=2)
    ledger.play("kill", kind.name, rounds(1), killed(kind, tmp_path, ingest_of(other_vendor)))


def test_update(ledger: Ledger, early_vendor: Path, vendor: Path, tmp_path: Path) -> None:
    """For a while the provider is a plan, which the next update carries out."""
    old, kind = ingest_of(early_vendor), update_of(vendor)
    old.run(tmp_path / "whole")
    begun = time.monotonic()
    whole = kind.run(tmp_path / "whole")
    seconds = time.monotonic() - begun

    def play(number: int) -> Outcome:
        place = tmp_path / f"{number}"
        assert old.run(place) != whole
        kind.start(place).kill_at(seconds * Random(f"update{number}").uniform(0, 1))
        assert_equal(kind.run(place), whole)
        assert_clean(place)
        return "whole"

    ledger.play("kill", kind.name, rounds(2), play)


def test_demo(ledger: Ledger, tmp_path: Path) -> None:
    ledger.play("kill", demo().name, rounds(2), killed(demo(), tmp_path, demo(seed=1)))


def test_panel(ledger: Ledger, market: Path, tmp_path: Path) -> None:
    kind = panel_of(market)
    ledger.play("kill", kind.name, rounds(2), killed(kind, tmp_path))


@pytest.mark.parametrize("workers", [1, 2])
def test_rolling(ledger: Ledger, market: Path, tmp_path: Path, workers: int) -> None:
    kind = rolling_on(market, workers)
    ledger.play("kill", kind.name, rounds(3 - workers), killed(kind, tmp_path))


def test_records(ledger: Ledger, market: Path, tmp_path: Path) -> None:
    """A ``qrun`` whose store of experiments is there."""
    kind = records_of(market)
    ledger.play("kill", kind.name, rounds(1), killed(kind, tmp_path, before=kind, every=1))


def test_store(ledger: Ledger, market: Path, tmp_path: Path) -> None:
    """A ``qrun`` in a fresh folder, most of whose time goes into the store of experiments."""
    ledger.play("kill", "store of experiments", rounds(1), killed(records_of(market), tmp_path))
