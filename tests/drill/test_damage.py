"""A flipped byte, a truncated and a missing file in each kind of folder: mended, or an error that names the file."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from . import work
from .ledger import Ledger, Outcome, rounds
from .process import Job
from .state import assert_clean, assert_equal, content
from .works import Kind, Whole, demo, panel_of, provider_at, rolling_on

HOW = ("flipped byte", "truncated file", "missing file")


def damage(file: Path, how: str, random: Random) -> None:
    """Damage a file so that it can be seen."""
    held = bytearray(file.read_bytes())
    if how == "missing file":
        file.unlink()
    elif how == "truncated file":
        file.write_bytes(held[: random.randrange(len(held))])
    else:
        held[random.randrange(len(held))] ^= 1 << random.randrange(8)
        file.write_bytes(held)


def files_of(folder: Path, pattern: str) -> list[Path]:
    """Files that have something to damage, in order."""
    return sorted(path for path in folder.glob(pattern) if path.is_file() and path.stat().st_size)


def mended(kind: Kind, folder: Path, pattern: str, how: str) -> Callable[[int], Outcome]:
    """Rounds in which one file of what was made before is damaged, and the same work makes it whole again."""
    whole = Whole.of(kind, folder / "whole")
    place = folder / "place"
    kind.run(place)
    for file in place.glob("scores.npy"):  # the panels and units are what is damaged
        file.unlink()

    def play(number: int) -> Outcome:
        random = Random(f"{pattern}{how}{number}")
        files = files_of(place, pattern)
        file = files[number % len(files)]
        damage(file, how, random)
        ended = kind.start(place).end()
        said = ended.well()
        assert_equal(kind.result(place), whole.content)
        assert str(file.parent) in said, f"{file.name}: mended in silence\n{said[-2000:]}"
        assert_clean(place)
        return "whole"

    return play


@pytest.mark.parametrize("how", HOW)
def test_panel(ledger: Ledger, market: Path, tmp_path: Path, how: str) -> None:
    kind = panel_of(market)
    ledger.play(how, kind.name, rounds(3), mended(kind, tmp_path, "panels/*/*", how))


@pytest.mark.parametrize("how", HOW)
def test_unit(ledger: Ledger, market: Path, tmp_path: Path, how: str) -> None:
    kind = rolling_on(market)
    ledger.play(how, "unit", rounds(2), mended(kind, tmp_path, "units/*/*", how))


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("part", ["features/*/*.15min.bin", "calendars/15min.txt", "instruments/all.txt"])
def test_provider(ledger: Ledger, tmp_path: Path, part: str, how: str) -> None:
    """``mfgru check`` says it; and no panel is made of a series that is cut or missing."""
    demo().run(tmp_path / "made")
    provider, log = provider_at(tmp_path / "made"), tmp_path / "log"
    log.mkdir()

    def play(number: int) -> Outcome:
        kept = tmp_path / f"{number}"
        shutil.copytree(provider, kept)
        files = [path for path in files_of(kept, part) if path.name.split(".")[0] in PANEL_FIELDS]
        file = files[Random(f"{part}{number}").randrange(len(files))]
        damage(file, how, Random(f"{part}{how}{number}"))
        if how != "flipped byte" and part.startswith("features"):
            line = Job(work.panel, kept, tmp_path / "panels", output=log / f"{number}.txt").end().line()
            assert str(file) in line, line
        checked = Job(work.check, kept, output=log / f"{number}-check.txt").end()
        assert checked.code != 0, f"mfgru check sees nothing\n{checked.said[-2000:]}"
        assert file.name in checked.said, checked.said[-2000:]
        assert not content(tmp_path / "panels")
        shutil.rmtree(kept)
        return "said"

    ledger.play(how, f"provider, {part.partition('/')[0]}", rounds(1), play)


PANEL_FIELDS = {"open", "high", "low", "close", "vwap", "volume", "15min", "all"}
"""Of a provider's files those that a panel is made of."""
