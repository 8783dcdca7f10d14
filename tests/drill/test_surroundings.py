"""Languages, homes, names and disks that are not what one expects: the same bytes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .disks import disk_at, may_mount, read_only
from .ledger import Ledger, Outcome, rounds
from .process import fresh
from .state import assert_clean, assert_equal
from .works import Kind, Whole, demo, ingest_of, panel_of, rolling_on

PLAIN_C = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
KINDS = ("ingest", "demo", "panel", "rolling")


def kind_of(name: str, vendor: Path, market: Path) -> Kind:
    """The work of a name, on a vendor's files or a provider."""
    kinds = {"ingest": lambda: ingest_of(vendor), "demo": demo}
    return {**kinds, "panel": lambda: panel_of(market), "rolling": lambda: rolling_on(market)}[name]()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, vendor: Path, market: Path) -> Kind:
    return kind_of(request.param, vendor, market)


@pytest.fixture
def whole(kind: Kind, tmp_path: Path) -> Whole:
    return Whole.of(kind, tmp_path / "whole")


NAMES_ITS_SOURCE = ("state/state.json", "checksums.txt")
"""Files of a provider that tell where the vendor's folder is, and what depends on them."""


def as_always(kind: Kind, whole: Whole, place: Path, apart: Collection[str] = (), **environment: str | None) -> Outcome:
    """The same result in a folder, with a changed environment; of all files but some."""
    kind.start(place, **environment).end().well()
    got, expected = (
        {name: held for name, held in content.items() if name not in apart}
        for content in (kind.result(place), whole.content)
    )
    assert_equal(got, expected)
    assert_clean(place)
    return "whole"


def test_without_a_home(ledger: Ledger, kind: Kind, whole: Whole, tmp_path: Path) -> None:
    ledger.play("HOME unset", kind.name, rounds(1), lambda n: as_always(kind, whole, tmp_path / f"{n}", HOME=None))


def test_blanks_and_chinese_in_every_path(
    ledger: Ledger, request: pytest.FixtureRequest, kind: Kind, whole: Whole, vendor: Path, market: Path, tmp_path: Path
) -> None:
    """Of what is read as well as of what is written."""
    odd = tmp_path / "行情 数据"
    folders = [Path(shutil.copytree(each, odd / f"源 {each.name}")) for each in (vendor, market)]
    again = kind_of(request.node.callspec.params["kind"], *folders)
    ledger.play(
        "blanks and Chinese in paths",
        kind.name,
        rounds(1),
        lambda n: as_always(again, whole, odd / f"果 {n}", NAMES_ITS_SOURCE),
    )


def test_no_utf8_anywhere(ledger: Ledger, kind: Kind, whole: Whole, tmp_path: Path) -> None:
    """``LC_ALL=C`` with Python's own remedies off, and a Chinese path; a new interpreter, since one reads it once."""

    def play(number: int) -> Outcome:
        place = tmp_path / f"果 {number}"
        place.mkdir()
        fresh(kind.function, *kind.arguments(place), output=tmp_path / f"{number}.txt", environment=PLAIN_C).well()
        assert_equal(kind.result(place), whole.content)
        assert_clean(place)
        return "whole"

    ledger.play("LC_ALL=C, UTF-8 off", kind.name, rounds(1), play)


@contextmanager
def unwritable(folder: Path) -> Iterator[None]:
    if os.geteuid() == 0 and not may_mount():
        pytest.skip("modes do not bind root, who may not mount a read-only disk here")
    with read_only(folder):
        yield


@pytest.mark.parametrize("name", ["panel", "rolling"])
def test_a_provider_that_nobody_may_write_to(
    ledger: Ledger, name: str, vendor: Path, market: Path, tmp_path: Path
) -> None:
    """It is only read."""
    provider = Path(shutil.copytree(market, tmp_path / "market"))
    kind = kind_of(name, vendor, provider)
    whole = Whole.of(kind, tmp_path / "whole")
    with unwritable(provider):
        ledger.play("read-only provider", kind.name, rounds(1), lambda n: as_always(kind, whole, tmp_path / f"{n}"))


@pytest.mark.parametrize("name", ["ingest", "demo"])
def test_a_target_that_nobody_may_write_to(
    ledger: Ledger, name: str, vendor: Path, market: Path, tmp_path: Path
) -> None:
    kind = kind_of(name, vendor, market)

    def play(number: int) -> Outcome:
        place = tmp_path / f"{number}"
        place.mkdir()
        with unwritable(place):
            line = kind.start(place).end().line()
        assert str(place) in line, line
        assert_equal(kind.result(place), {})
        assert_clean(place)
        return "said"

    ledger.play("read-only target", kind.name, rounds(1), play)


@pytest.mark.skipif(not may_mount(), reason="this process may not mount a disk of memory")
def test_everything_that_is_made_on_another_disk(ledger: Ledger, kind: Kind, whole: Whole, tmp_path: Path) -> None:
    def play(number: int) -> Outcome:
        place = tmp_path / f"{number}"
        with disk_at(place, 1 << 18):
            return as_always(kind, whole, place)

    ledger.play("another mount", kind.name, rounds(1), play)
