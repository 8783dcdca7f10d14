"""Special treatment by names without a date, and by spans, as they change from evening to evening."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.live import update
from qlib_mfgru.provider.storage.files import ProviderFiles

from .evenings import SYMBOLS, Evenings, differences

CUT = 100


@pytest.fixture
def market() -> Evenings:
    """Without flags of days."""
    market = Evenings.make(5)
    market.tables["daily"] = market.tables["daily"].drop(columns="is_st")
    return market


def flags(provider: Path, since: int) -> list[float]:
    return ProviderFiles(provider).dense("SH600000", "is_st", "day")[since:].tolist()


def name(source: Path, of_first: str) -> None:
    """Write today's names: that of the first stock, and others."""
    names = pd.DataFrame({"symbol": SYMBOLS, "name": [of_first, *("other" for _ in SYMBOLS[1:])]})
    names.to_csv(source / "names.csv", index=False)


def test_todays_names_hold_from_the_evening_on_which_they_change(market: Evenings, tmp_path: Path) -> None:
    """A stock gets the treatment and loses it again; what holds since a date is as undated as what always holds."""
    source, provider = tmp_path / "s", tmp_path / "p"
    mapping = market.mapping(st={"files": "names.csv", "from_name": True, "since": "2024-01-03"})
    name(market.write(source, 0, CUT), "plain")
    ingest(mapping, source, provider, quiet=True, n_jobs=1)
    name(market.write(source, CUT, CUT + 2), "*ST plain")
    report = update(provider, quiet=True, n_jobs=1)
    told = report.warnings["st_step: other values without a date, taken from the first new day on"]
    assert (told.count, told.examples) == (1, ["SH600000"])
    assert flags(provider, CUT - 1) == [0, 1, 1]
    name(market.write(source, CUT + 2, CUT + 3), "plain")
    update(provider, quiet=True, n_jobs=1)
    assert flags(provider, CUT - 1) == [0, 1, 1, 0]


def test_a_span_that_is_closed_an_evening_late_is_revised(market: Evenings, tmp_path: Path) -> None:
    """Its beginning is long ago; what differs is the last day."""
    source, provider = tmp_path / "s", tmp_path / "p"
    mapping = market.mapping(st="spans.csv")
    span = pd.DataFrame({"symbol": ["600000"], "start": ["2024-01-10"], "end": [""]})
    span.to_csv(market.write(source, 0, CUT) / "spans.csv", index=False)
    ingest(mapping, source, provider, quiet=True, n_jobs=1)
    assert flags(provider, CUT - 2) == [1, 1]
    ended = span.assign(end=f"{market.days[CUT - 2]:%Y-%m-%d}")
    ended.to_csv(market.write(source, CUT, CUT + 1) / "spans.csv", index=False)
    with pytest.raises(InputError, match=r"SH600000 2024-01-10 st_span: --revise takes the later$"):
        update(provider, quiet=True, n_jobs=1)
    update(provider, revise=True, quiet=True, n_jobs=1)
    assert flags(provider, CUT - 2) == [1, 0, 0]
    ingest(mapping, source, tmp_path / "q", quiet=True, n_jobs=1)
    assert differences(provider, tmp_path / "q") == []


def test_a_span_that_differs_on_days_that_are_closed_needs_an_ingest(market: Evenings, tmp_path: Path) -> None:
    source, provider = tmp_path / "s", tmp_path / "p"
    span = pd.DataFrame({"symbol": ["600000"], "start": ["2024-01-10"], "end": [""]})
    span.to_csv(market.write(source, 0, CUT) / "spans.csv", index=False)
    ingest(market.mapping(st="spans.csv"), source, provider, quiet=True, n_jobs=1)
    ended = span.assign(end=f"{market.days[30]:%Y-%m-%d}")
    ended.to_csv(market.write(source, CUT, CUT + 1) / "spans.csv", index=False)
    with pytest.raises(InputError, match="st_span: an update changes a stock's last days only: ingest all files"):
        update(provider, revise=True, quiet=True, n_jobs=1)
