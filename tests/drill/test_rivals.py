"""Two and three processes at once in one place: it is whole, and whoever did not write it said why."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import pytest

from .ledger import Ledger, Outcome, rounds
from .process import Ended
from .small_run import records_of
from .state import Content, assert_clean, assert_equal
from .works import Kind, Whole, demo, ingest_of, panel_of, rolling_on

Judge = Callable[[Sequence[Ended]], Outcome]
"""What came of all of them."""

pytestmark = pytest.mark.parametrize("rivals", [2, 3])


def together(
    kinds: Sequence[Kind], folder: Path, judge: Callable[[Sequence[Ended]], Outcome]
) -> Callable[[int], Outcome]:
    """Rounds in which several begin in one folder at nearly the same time."""
    wholes = {kind.name: Whole.of(kind, folder / "whole") for kind in kinds}
    allowed: list[Content] = [whole.content for whole in wholes.values()]

    def play(number: int) -> Outcome:
        place, random = folder / f"{number}", Random(f"rivals{number}")
        jobs = []
        for kind in kinds:
            jobs.append(kind.start(place))
            time.sleep(random.uniform(0, 0.1))
        outcome = judge([job.end() for job in jobs])
        assert_equal(kinds[0].result(place), *allowed)
        assert_clean(place)
        assert_equal(kinds[-1].run(place), allowed[-1])
        shutil.rmtree(place)
        return outcome

    return play


def all_well(ended: Sequence[Ended]) -> Outcome:
    """One waits for the other."""
    for one in ended:
        one.well()
    return "whole"


def one_at_least(ended: Sequence[Ended]) -> Outcome:
    """The others said who writes."""
    lines = [one.line() for one in ended if one.code != 0]
    assert len(lines) < len(ended)
    for line in lines:
        assert "is being written by process" in line, line
    return "said" if lines else "whole"


def test_ingests(ledger: Ledger, vendor: Path, other_vendor: Path, tmp_path: Path, rivals: int) -> None:
    kinds = [ingest_of(vendor), ingest_of(other_vendor), ingest_of(vendor)][:rivals]
    kinds = [Kind(f"ingest {i}", k.function, k.arguments, k.result) for i, k in enumerate(kinds)]
    ledger.play(f"{rivals} at once", "ingest", rounds(1), together(kinds, tmp_path, one_at_least))


def test_ingest_and_demo(ledger: Ledger, vendor: Path, tmp_path: Path, rivals: int) -> None:
    kinds = [ingest_of(vendor), demo(), demo(seed=1)][:rivals]
    kinds = [Kind(f"{k.name} {i}", k.function, k.arguments, k.result) for i, k in enumerate(kinds)]
    ledger.play(f"{rivals} at once", "ingest and demo market", rounds(1), together(kinds, tmp_path, one_at_least))


def test_panel(ledger: Ledger, market: Path, tmp_path: Path, rivals: int) -> None:
    kind = panel_of(market)
    ledger.play(f"{rivals} at once", kind.name, rounds(2), together([kind] * rivals, tmp_path, all_well))


def test_units(ledger: Ledger, market: Path, tmp_path: Path, rivals: int) -> None:
    kind = rolling_on(market)
    ledger.play(f"{rivals} at once", "units", rounds(1), together([kind] * rivals, tmp_path, all_well))


def test_store(ledger: Ledger, market: Path, tmp_path: Path, rivals: int) -> None:
    kind = records_of(market)
    ledger.play(f"{rivals} at once", "store of experiments", rounds(1), together([kind] * rivals, tmp_path, all_well))
