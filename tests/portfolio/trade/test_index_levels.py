"""Enhancements against an index whose levels have holes or end early, and of one that the provider holds in part."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import qlib

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio import IndexEnhancement, IndexEnhancementSettings, MarketSnapshot, run_index_enhancement
from qlib_mfgru.portfolio.results import tables
from qlib_mfgru.portfolio.trade import backtest
from qlib_mfgru.portfolio.trade.backtest import check_provider
from qlib_mfgru.portfolio.trade.portfolios import PortfolioRun

INDEX, BENCHMARK, START, END = "csi500", "SH000905", 42, 56
HOLE = slice(45, 48)


def run_with(market: MarketSnapshot, scores: pd.Series, **settings: object) -> PortfolioRun:
    return enhanced(market, scores, **settings).runs[0]


def enhanced(market: MarketSnapshot, scores: pd.Series, **settings: object) -> IndexEnhancement:
    span = {"start_time": market.days[START], "end_time": market.days[END]}
    return run_index_enhancement(
        scores, IndexEnhancementSettings(index=INDEX, turnover_limits=[0.4], **span, **settings)
    )


@pytest.fixture
def copied(enhancement_provider: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(enhancement_provider, tmp_path / "provider"))


def without_levels(provider: Path, days: slice) -> None:
    """Take levels of the benchmark away, and start qlib on what is left."""
    file = provider / "features" / BENCHMARK.lower() / "close.day.bin"
    values = np.fromfile(file, "<f4")
    values[1:][days] = np.nan
    values.tofile(file)
    qlib.init(provider_uri=str(provider), region="cn", kernels=1, logging_level=40)


def test_where_no_level_is_missing_every_bit_is_qlibs(
    market: MarketSnapshot, random_scores: pd.Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But with pandas 3, whose mean makes qlib's index returns float64: those are ours but for float32's rounding."""
    ours = run_with(market, random_scores).report
    monkeypatch.setattr(backtest, "index_returns", lambda code, start, end: code)
    theirs = run_with(market, random_scores).report
    rounded = theirs["bench"].astype(ours["bench"].dtype)
    assert (ours["bench"] - rounded).abs().max() <= (theirs["bench"].dtype != rounded.dtype) * np.finfo("f4").eps
    pd.testing.assert_frame_equal(ours, theirs.assign(bench=ours["bench"]), check_exact=True)


def test_the_excess_over_a_hole_is_that_of_the_whole_series(
    market: MarketSnapshot, random_scores: pd.Series, copied: Path
) -> None:
    whole = run_with(market, random_scores)
    without_levels(copied, HOLE)
    result = enhanced(market, random_scores)
    holed = result.runs[0]
    pd.testing.assert_series_equal(holed.returns, whole.returns)
    missing = market.days[HOLE]
    assert (holed.benchmark[missing] == 0).all()
    first, last = (f"{missing[place]:%Y-%m-%d}" for place in (0, -1))
    assert tables.index_holes(result).to_dict("records") == [{"first": first, "last": last, "days": 3}]
    assert tables.hole_effect(result)[0].startswith("On 3 of 15 days the index has no level and returns 0;")
    assert (whole.benchmark[missing] != 0).all()
    assert np.prod(1 + holed.benchmark) == pytest.approx(np.prod(1 + whole.benchmark), rel=1e-6)


@pytest.mark.parametrize("missing", [slice(END - 5, None), slice(0, START), slice(START - 2, START)],
                         ids=["ends early", "begins late", "begins after a hole"])  # fmt: skip
def test_a_backtest_beyond_the_index_is_refused_in_one_line(
    market: MarketSnapshot, random_scores: pd.Series, copied: Path, missing: slice
) -> None:
    without_levels(copied, missing)
    with pytest.raises(InputError, match=f"^benchmark is '{BENCHMARK}': its levels run from ") as error:
        run_with(market, random_scores)
    day = START - 1 if missing.stop else END
    assert f"with none on {market.days[day]:%Y-%m-%d}, the " in str(error.value)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (None, 1.0),
        ("csi500,2020-01-01,0.200000,\n", 0.2),
        ("csi500,2020-01-01,0.200000,0.300000\n", 0.3),
        ("csi300,2020-01-01,0.200000,0.300000\n", 1.0),
    ],
)
def test_market_cap_weights_say_how_much_of_the_index_is_here(
    market: MarketSnapshot, random_scores: pd.Series, copied: Path, rows: str | None, expected: float
) -> None:
    if rows:
        (copied / "coverage.csv").write_text("market,date,members,weight\n" + rows)
    qlib.init(provider_uri=str(copied), region="cn", kernels=1, logging_level=40)
    run = run_with(market, random_scores, index_weights="market_cap")
    assert run.rebalances["index_covered"].to_numpy() == pytest.approx(expected)


def test_members_that_a_foreign_provider_lists_but_lacks_count_as_not_held(
    market: MarketSnapshot, copied: Path
) -> None:
    day, members = market.days[50], int(market.member[50].sum())
    span = f"{market.days[0]:%Y-%m-%d}\t{market.days[-1]:%Y-%m-%d}"
    with (copied / "instruments" / f"{INDEX}.txt").open("a") as file:
        file.writelines(f"SH{699000 + number}\t{span}\n" for number in range(4 * members))
    qlib.init(provider_uri=str(copied), region="cn", kernels=1, logging_level=40)
    assert MarketSnapshot.read(INDEX, "market_cap").known_at(day).covered == pytest.approx(0.2)


def test_members_without_a_size_count_as_not_held(market: MarketSnapshot) -> None:
    day = market.days[50]
    members = np.flatnonzero(market.member[50])
    sizes = market.fields["market_cap"].copy()
    sizes[:, members[: len(members) // 2]] = np.nan
    known = replace(market, weighting="market_cap", fields={**market.fields, "market_cap": sizes})
    known = replace(known, held=np.full(len(market.days), 0.8))
    expected = 0.8 * (len(members) - len(members) // 2) / len(members)
    assert known.known_at(day).covered == pytest.approx(expected)


def test_a_benchmark_may_be_a_number(market: MarketSnapshot, copied: Path) -> None:
    """Where the provider has an index that is written so, and no levels of the A-share index."""
    features = copied / "features"
    shutil.copytree(features / BENCHMARK.lower(), features / BENCHMARK[2:])
    without_levels(copied, slice(None))
    check_provider(IndexEnhancementSettings(index=INDEX, benchmark=BENCHMARK[2:]))
    with pytest.raises(InputError, match=rf"^benchmark is '{BENCHMARK}': the provider .* has no \$close of it$"):
        check_provider(IndexEnhancementSettings(index=INDEX, benchmark=BENCHMARK))
