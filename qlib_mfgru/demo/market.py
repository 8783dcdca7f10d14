"""Make a demo market and write it as a provider."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from qlib_mfgru import __version__
from qlib_mfgru.demo.bars import Bars, draw_bars
from qlib_mfgru.demo.indices import IndexBook, IndexLevels, build_indices, float_cap
from qlib_mfgru.demo.prices import DailyPath, common_returns, run_prices
from qlib_mfgru.demo.signal import Signal, simulate_signal
from qlib_mfgru.demo.spec import FREQ, DemoSpec
from qlib_mfgru.demo.truth import PARTS, TRUTH_FIELDS, Truth, mean_rank_ic, ten_day_label
from qlib_mfgru.demo.universe import INDUSTRIES, Universe, draw_universe
from qlib_mfgru.demo.venue.calendar import closes_early, trading_days
from qlib_mfgru.demo.venue.names import indices
from qlib_mfgru.demo.venue.shape import DayShape
from qlib_mfgru.folders import locked
from qlib_mfgru.provider.industries import INDUSTRIES_FILE, industries_text
from qlib_mfgru.provider.writer import ProviderWriter, check_replaceable, new_provider

STOCKS_AT_ONCE = 32
"""Stocks whose bars are drawn together: bounds the memory at any size of the market."""


@dataclass(frozen=True)
class DemoMarket:
    """Everything about a demo market but its bars, which are drawn while they are written."""

    spec: DemoSpec
    days: pd.DatetimeIndex
    shape: DayShape
    universe: Universe
    signal: Signal
    path: DailyPath
    book: IndexBook


@dataclass(frozen=True)
class DemoSummary:
    """What was made: where, how much, and the mean RankIC of the truth with the ten-day return."""

    target: Path
    n_stocks: int
    first_day: pd.Timestamp
    first_intraday_day: pd.Timestamp
    last_day: pd.Timestamp
    oracle_rank_ic: dict[str, float]

    def __str__(self) -> str:
        oracle = ", ".join(f"{part} {value:.3f}" for part, value in self.oracle_rank_ic.items())
        return (
            f"{self.n_stocks} stocks in {self.target}\n"
            f"  day    {self.first_day:%Y-%m-%d} .. {self.last_day:%Y-%m-%d}\n"
            f"  {FREQ}  {self.first_intraday_day:%Y-%m-%d} .. {self.last_day:%Y-%m-%d}\n"
            f"  RankIC of the planted signals with the 10-day return: {oracle}"
        )


def make_demo_market(
    target: Path | str,
    n_stocks: int = 200,
    n_days: int = 978,
    intraday_days: int = 484,
    seed: int = 0,
    daily_strength: float = 1.0,
    intraday_strength: float = 1.0,
    start: str = "2020-01-01",
    session: str = "ashare",
    progress: bool = False,
) -> DemoSummary:
    """Make a demo market and write it as a qlib provider.

    The same arguments give the same bytes. They are those of `DemoSpec`; with both strengths 0 the market is a
    control: nothing in it predicts returns.

    Parameters
    ----------
    target : Path or str
        The provider's folder; one made by this package is replaced.
    progress : bool
        Show a progress bar on stderr.

    Raises
    ------
    InputError
        If a session is unknown, or a size, strength, seed or start is out of its range.
    InputError
        If the target has content that this package did not write.
    """
    spec = DemoSpec.of(
        n_stocks=n_stocks,
        n_days=n_days,
        intraday_days=intraday_days,
        seed=seed,
        daily_strength=daily_strength,
        intraday_strength=intraday_strength,
        start=start,
        session=session,
    )
    target = Path(target).expanduser().resolve()
    with locked(target, wait=False):
        check_replaceable(target)
        market = simulate(spec)
        intraday = market.days[-intraday_days:]
        with new_provider(target, market.days, {FREQ: intraday}, spec.rules) as writer:
            write_bars(writer, market, progress)
            write_side_files(writer, market)
    label = ten_day_label(adjusted_close(market))
    truth = truth_of(market)
    oracle = {part: mean_rank_ic(truth.score(part), label) for part in PARTS}
    return DemoSummary(target, n_stocks, market.days[0], intraday[0], market.days[-1], oracle)


def simulate(spec: DemoSpec) -> DemoMarket:
    """Everything but the bars."""
    days = trading_days(spec.start, spec.n_days, spec.session)
    shape = DayShape.of(days, closes_early(days, spec.session), spec.rules, FREQ)
    universe = draw_universe(spec, days)
    signal = simulate_signal(spec)
    returns = common_returns(spec, universe) + universe.volatility * signal.unit_return
    path = run_prices(universe, days, returns, spec.rules)
    book = build_indices(indices(spec.session), universe, path, days)
    return DemoMarket(spec, days, shape, universe, signal, path, book)


def truth_of(market: DemoMarket) -> Truth:
    """The latent states of the listed stocks."""
    listed, spec = market.universe.listed, market.spec
    daily, intraday = (np.where(listed, state, np.nan) for state in (market.signal.daily, market.signal.intraday))
    codes = np.array(market.universe.codes)
    return Truth(codes, market.days, daily, intraday, spec.daily_strength, spec.intraday_strength)


def adjusted_close(market: DemoMarket) -> pd.DataFrame:
    """Adjusted closes, days by instruments, NaN where there was no trade."""
    path = market.path
    close = np.where(path.traded, path.close / 100 * path.factor, np.nan)
    return pd.DataFrame(close, market.days, list(market.universe.codes))


def write_bars(writer: ProviderWriter, market: DemoMarket, progress: bool) -> None:
    """Draw and write the bars of all stocks, and the daily bars of the indices that they add up to."""
    levels = IndexLevels(market.book, market.shape.share.shape[1])
    n_stocks = market.spec.n_stocks
    with tqdm(total=n_stocks, desc="demo market", unit="stock", disable=not progress) as bar:
        for start in range(0, n_stocks, STOCKS_AT_ONCE):
            stocks = slice(start, min(start + STOCKS_AT_ONCE, n_stocks))
            state = market.signal.intraday
            bars = draw_bars(market.spec, market.universe, market.path, market.shape, state, stocks)
            levels.add(bars, market.path, stocks)
            write_stocks(writer, market, bars, stocks)
            bar.update(stocks.stop - stocks.start)
    for number, index in enumerate(market.book.indices):
        writer.write_features(index.code, "day", 0, levels.daily(number))


def write_stocks(writer: ProviderWriter, market: DemoMarket, bars: Bars, stocks: slice) -> None:
    """Write the daily and intraday fields of the stocks of a slice."""
    spec, path = market.spec, market.path
    cut = spec.n_days - spec.intraday_days
    daily = bar_fields(bars.daily(), path, stocks) | day_fields(market, stocks)
    minute = bar_fields(bars, path, stocks)
    for column, stock in enumerate(range(stocks.start, stocks.stop)):
        code, first, last = market.universe.codes[stock], market.universe.first[stock], market.universe.last[stock]
        days = slice(first, last + 1)
        writer.write_features(code, "day", first, {name: v[days, ..., column].ravel() for name, v in daily.items()})
        days = slice(max(first, cut), last + 1)
        if days.start < days.stop:
            fields = {name: values[days, :, column].ravel() for name, values in minute.items()}
            writer.write_features(code, FREQ, (days.start - cut) * bars.open.shape[1], fields)


def bar_fields(bars: Bars, path: DailyPath, stocks: slice) -> dict[str, np.ndarray]:
    """Adjusted fields of bars, each of shape (n_days, n_bars, n_stocks).

    Prices are NaN and volume and amount 0 where the stock did not trade that day; a bar without volume inside a live
    day has the last price, as its vwap too.
    """
    factor, traded = path.factor[:, None, stocks], path.traded[:, None, stocks]
    fields = {}
    for name in ("open", "high", "low", "close"):
        fields[name] = np.where(traded, getattr(bars, name) / 100 * factor, np.nan)
    fields["volume"] = np.where(traded, bars.volume / factor, 0.0)
    fields["amount"] = np.where(traded, bars.amount, 0.0)
    average = bars.amount / np.maximum(bars.volume, 1) * factor
    fields["vwap"] = np.where(traded & (bars.volume > 0), average, fields["close"])
    fields["factor"] = np.broadcast_to(factor, fields["close"].shape)
    return fields


def day_fields(market: DemoMarket, stocks: slice) -> dict[str, np.ndarray]:
    """Daily fields besides the bar's own that the session has, each of shape (n_days, n_stocks)."""
    universe, path = market.universe, market.path
    traded = path.traded[:, stocks]
    fields = {
        "industry": np.broadcast_to(universe.industry[stocks], traded.shape),
        "market_cap": float_cap(path)[:, stocks],
        "is_st": universe.is_st[:, stocks],
        TRUTH_FIELDS["daily"]: market.signal.daily[:, stocks],
        TRUTH_FIELDS["intraday"]: market.signal.intraday[:, stocks],
    }
    for name in ("limit_up", "limit_down"):
        raw = getattr(path, name)[:, stocks]
        fields[name] = np.where(traded, raw / 100 * path.factor[:, stocks], np.nan)
    for number, index in enumerate(market.book.indices):
        fields[f"{index.market}_weight"] = market.book.weight(number)[:, stocks]
    return {name: values for name, values in fields.items() if name not in market.spec.rules.absent_fields}


def write_side_files(writer: ProviderWriter, market: DemoMarket) -> None:
    """Write the markets' members, the industries' names and the manifest."""
    codes = market.universe.codes
    writer.write_members("all", codes, market.universe.listed)
    for number, index in enumerate(market.book.indices):
        writer.write_members(index.market, codes, market.book.bucket == number)
    writer.write_text(INDUSTRIES_FILE, industries_text(dict(enumerate(INDUSTRIES, start=1))))
    writer.write_manifest({"made_by": "mfgru demo", "version": __version__, "spec": market.spec.model_dump()})
