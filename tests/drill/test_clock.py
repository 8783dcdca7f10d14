"""A clock that was set back: what says that it is of the future is no older, and no younger, for that."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from qlib_mfgru.folders import Holder
from qlib_mfgru.folders.box import MARKER

from .ledger import Ledger, Outcome, rounds
from .state import assert_clean, assert_equal
from .works import Kind, Whole, demo, ingest_of, panel_of, provider_at, rolling_on

FUTURE = 4_000_000_000
"""Seconds since 1970: in the year 2096."""


def of_the_future(path: Path) -> None:
    """Date a file or folder, and all that is in it."""
    for each in (path, *path.rglob("*")):
        os.utime(each, (FUTURE, FUTURE))


def leave_a_box(target: Path) -> None:
    """What a killed writer leaves, its holder and the times of the future, its pid that of a living process."""
    box = target.with_name(f".{target.name}.abcdef12")
    (box / "new").mkdir(parents=True)
    (box / "new" / "half").write_text("half")
    holder = {**vars(Holder.this()), "since": "2096-10-02 07:06:40", "pid": os.getppid()}
    for file in (box / MARKER, target.with_name(f".{target.name}.lock")):
        file.write_text(json.dumps(holder))
    of_the_future(box)


def play_provider(kind: Kind, folder: Path) -> Outcome:
    """A provider of the future is replaced, a box of the future is removed."""
    whole = Whole.of(kind, folder / "whole")
    place = folder / "place"
    demo(seed=1).run(place)
    of_the_future(place)
    leave_a_box(provider_at(place))
    assert_equal(kind.run(place), whole.content)
    assert_clean(place)
    shutil.rmtree(place)
    return "whole"


def test_ingest_of_files_of_the_future(ledger: Ledger, vendor: Path, tmp_path: Path) -> None:
    source = Path(shutil.copytree(vendor, tmp_path / "vendor"))
    of_the_future(source)
    ledger.play("clock set back", "ingest", rounds(1), lambda _: play_provider(ingest_of(source), tmp_path))


def test_demo(ledger: Ledger, tmp_path: Path) -> None:
    ledger.play("clock set back", demo().name, rounds(1), lambda _: play_provider(demo(), tmp_path))


def test_panel_and_units(ledger: Ledger, market: Path, tmp_path: Path) -> None:
    """Made of a provider of the future, and found again when they are of the future themselves."""
    provider = Path(shutil.copytree(market, tmp_path / "market"))
    of_the_future(provider)
    for kind in (panel_of(provider), rolling_on(provider)):
        whole = Whole.of(kind, tmp_path / "whole")

        def play(number: int, kind: Kind = kind, whole: Whole = whole) -> Outcome:
            place = tmp_path / f"{kind.name}{number}"
            assert_equal(kind.run(place), whole.content)
            of_the_future(place)
            assert_equal(kind.run(place), whole.content)
            assert_clean(place)
            return "whole"

        ledger.play("clock set back", kind.name, rounds(1), play)
