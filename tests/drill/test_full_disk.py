"""A disk that becomes full: one line, the target as it was, and the same command does it once there is room."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from . import work
from .disks import disk_at, grow, may_mount
from .ledger import Ledger, Outcome, rounds
from .process import Job
from .small_run import records_of
from .state import assert_clean, assert_equal
from .works import Kind, Whole, demo, ingest_of, panel_of, rolling_on

NO_ROOM = ("No space left on device", "File too large")
_PRINTED = 1 << 13
"""Bytes that a process may print: that goes to a file as well, under the same limit."""


def on_a_small_disk(kind: Kind, folder: Path) -> Callable[[int], Outcome]:
    """Rounds on a disk of memory with room for a part of what is made."""
    if not may_mount():
        pytest.skip("this process may not mount a disk of memory")
    whole = Whole.of(kind, folder / "whole")
    kilobytes = sum(map(len, whole.content.values())) // 1024

    def play(number: int) -> Outcome:
        place = folder / f"{number}"
        room = max(16, int(kilobytes * Random(f"{kind.name}{number}").uniform(0, 0.95)))
        with disk_at(place, room):
            line = kind.start(place).end().line()
            assert any(words in line for words in NO_ROOM), line
            assert str(place) in line, line
            assert_equal(kind.result(place), {})
            assert_clean(place)
            grow(place)
            assert_equal(kind.run(place), whole.content)
            assert_clean(place)
        place.rmdir()
        return "said"

    return play


def with_small_files(kind: Kind, folder: Path) -> Callable[[int], Outcome]:
    """Rounds in which no file may be longer than a part of the longest: the system refuses as a full disk does."""
    whole = Whole.of(kind, folder / "whole")
    longest = max(map(len, whole.content.values()))

    def play(number: int) -> Outcome:
        place = folder / f"{number}"
        place.mkdir()
        n_bytes = max(_PRINTED, int(longest * Random(f"{kind.name}{number}").uniform(0, 0.95)))
        output = folder / f"limited-{number}.txt"
        line = Job(work.limited, n_bytes, kind.function, *kind.arguments(place), output=output).end().line()
        assert any(words in line for words in NO_ROOM), line
        assert_equal(kind.result(place), {})
        assert_clean(place)
        assert_equal(kind.run(place), whole.content)
        assert_clean(place)
        shutil.rmtree(place)
        return "said"

    return play


@pytest.mark.parametrize("full", [on_a_small_disk, with_small_files])
def test_ingest(ledger: Ledger, vendor: Path, tmp_path: Path, full: Callable[..., Callable[[int], Outcome]]) -> None:
    kind = ingest_of(vendor)
    ledger.play(said_as(full), kind.name, rounds(1), full(kind, tmp_path))


@pytest.mark.parametrize("full", [on_a_small_disk, with_small_files])
def test_demo(ledger: Ledger, tmp_path: Path, full: Callable[..., Callable[[int], Outcome]]) -> None:
    ledger.play(said_as(full), demo().name, rounds(2), full(demo(), tmp_path))


@pytest.mark.parametrize("full", [on_a_small_disk, with_small_files])
def test_panel(ledger: Ledger, market: Path, tmp_path: Path, full: Callable[..., Callable[[int], Outcome]]) -> None:
    kind = panel_of(market)
    ledger.play(said_as(full), kind.name, rounds(2), full(kind, tmp_path))


def test_units(ledger: Ledger, market: Path, tmp_path: Path) -> None:
    """The panels have their room; what a unit needs beyond that is not there."""
    kind = rolling_on(market)
    ledger.play("full disk", kind.name, rounds(1), units_on_a_small_disk(kind, tmp_path))


def units_on_a_small_disk(kind: Kind, folder: Path) -> Callable[[int], Outcome]:
    """Rounds in which there is room for some of the units."""
    if not may_mount():
        pytest.skip("this process may not mount a disk of memory")
    whole = Whole.of(kind, folder / "whole")

    def play(number: int) -> Outcome:
        place = folder / f"{number}"
        units = place / "units"
        with disk_at(units, Random(f"units{number}").randint(8, 48)):
            ended = kind.start(place).end()
            assert ended.code != 0
            assert "No space left on device" in ended.said
            assert str(units) in ended.said
            grow(units)
            assert_equal(kind.run(place), whole.content)
            assert_clean(place)
        shutil.rmtree(place)
        return "said"

    return play


def test_records(ledger: Ledger, market: Path, tmp_path: Path) -> None:
    """A ``qrun`` whose store, artifacts and panels lie on the disk."""
    kind = records_of(market)
    ledger.play("full disk", kind.name, rounds(1), records_on_a_small_disk(kind, tmp_path))


def records_on_a_small_disk(kind: Kind, folder: Path) -> Callable[[int], Outcome]:
    """Rounds in which there is room for a part of them: of the store, of what is in it, of the artifacts."""
    if not may_mount():
        pytest.skip("this process may not mount a disk of memory")
    whole = Whole.of(kind, folder / "whole")

    def play(number: int) -> Outcome:
        place = folder / f"{number}"
        with disk_at(place, Random(f"records{number}").randint(300, 1480)):
            line = kind.start(place).end().line()
            assert any(words in line for words in (*NO_ROOM, "disk is full")), line
            assert str(place) in line, line
            grow(place)
            assert_equal(kind.run(place), whole.content)
            assert_clean(place)
        place.rmdir()
        return "said"

    return play


def said_as(full: Callable[..., Callable[[int], Outcome]]) -> str:
    """The fault's name in the table."""
    return "full disk" if full is on_a_small_disk else "file limit"
