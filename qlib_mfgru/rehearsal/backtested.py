"""``compared``: the evenings against a provider that was made at once, and the backtest on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from qlib.backtest import backtest
from qlib.backtest.decision import TradeDecisionWO

from qlib_mfgru.portfolio import (
    IndexEnhancementExchange,
    IndexEnhancementSettings,
    IndexEnhancementStrategy,
    MarketSnapshot,
)
from qlib_mfgru.portfolio.trade.backtest import DAILY_EXECUTOR
from qlib_mfgru.provider.index.returns import index_returns
from qlib_mfgru.rehearsal.evenings import Evening, Played, members_on
from qlib_mfgru.rehearsal.settings import ENHANCEMENT, EXPERIMENT
from qlib_mfgru.report.recorders import init_qlib

ROUNDING = 1e-9
"""Largest relative difference of amounts and values."""
_OF_ITS_OWN = ("mfgru.json", "checksums.txt", "state")
"""What a provider says of how it came to be."""


@dataclass(frozen=True)
class Comparison:
    """What is the same in the evenings and at once.

    Attributes
    ----------
    n_files : int
        Of the providers, compared byte for byte.
    n_scores : int
        Compared to the bit.
    n_orders, n_holdings : int
        Compared within `ROUNDING`; orders in their sequence as well.
    value_error : float
        Largest relative difference of the account's values.
    from_list : dict of Timestamp to list of str
        Stocks by day of which the command, from the broker's list of whole shares, asks for another number.
    differences : list of str
        A line for each thing that is not the same.
    curves : DataFrame
        By day: ``live`` and ``backtest`` (account values, yuan) and ``index`` (from the same value at first).
    """

    n_files: int
    n_scores: int
    n_orders: int
    n_holdings: int
    value_error: float
    from_list: dict[pd.Timestamp, list[str]]
    differences: list[str]
    curves: pd.DataFrame

    def __str__(self) -> str:
        lines = [
            f"{self.n_files} files of the provider, {self.n_scores:,} scores, {self.n_orders} orders, "
            f"{self.n_holdings:,} holdings and {len(self.curves)} account values compared with those of a provider "
            "ingested at once and its backtest",
            f"largest relative difference of an account value: {self.value_error:.1e}",
            *(self.differences or ["no difference"]),
            *(
                f"{day:%Y-%m-%d}: from the broker's list of whole shares {len(stocks)} orders have other shares"
                for day, stocks in self.from_list.items()
            ),
        ]
        return "\n".join(lines)


class _Noting(IndexEnhancementStrategy):
    """Keeps its orders: by day, adjusted shares by stock, purchases positive."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.orders: dict[pd.Timestamp, dict[str, float]] = {}

    def generate_trade_decision(self, execute_result: Any = None) -> TradeDecisionWO:
        decision = super().generate_trade_decision(execute_result)
        for order in decision.get_decision():
            day = self.orders.setdefault(order.start_time.normalize(), {})
            day[order.stock_id] = order.amount * (2 * order.direction - 1)
        return decision


def compared(played: Played) -> Comparison:
    """Collect and ingest all days at once, predict and backtest the same weeks, and compare.

    The days are the play's and one more, which qlib's backtest needs after its last; the play's provider is updated by
    it first.
    """
    whole = played.desk.work / "whole"
    with played.day_after() as server:
        played.desk.collect(server, played.market.days[0], played.desk.work / "data")
        played.desk.mfgru("update", played.desk.provider)
        played.desk.collect(server, played.market.days[0], whole / "data")
    played.desk.ingest(whole / "data", whole / "provider")
    files, n_files = same_files(played.desk.provider, whole / "provider")
    scores = _scores_at_once(played, whole)
    differing = _unequal_scores(scores, played)
    strategy, report, positions = _backtest(played, scores, whole / "provider")
    live = pd.Series([evening.value for evening in played.evenings[1:]], played.days[1:])
    errors = (live / report["account"] - 1).abs()
    differences = [*files, *differing]
    for evening in played.evenings[1:]:
        differences += _unequal(evening, strategy.orders.get(evening.day, {}), positions[evening.day])
    for evening in played.evenings:
        differences += _unequal_members(evening, strategy.snapshot)
    unequal = errors[~(errors <= ROUNDING)]  # and where one has no value
    differences += [f"{day:%Y-%m-%d}: account value differs by {error:.1e}" for day, error in unequal.items()]
    curves = pd.DataFrame({"live": live, "backtest": report["account"]})
    curves["index"] = played.settings.cash * (1 + report["bench"]).cumprod()
    return Comparison(
        n_files,
        len(scores),
        sum(len(evening.dealt.amounts) for evening in played.evenings),
        sum(len(evening.held) for evening in played.evenings),
        float(errors.max(skipna=False)),
        {evening.day: evening.dealt.unequal for evening in played.evenings if evening.dealt.unequal},
        differences,
        curves,
    )


def same_files(one: Path, other: Path) -> tuple[list[str], int]:
    """Files of two providers that are not the same bytes, or in one of them only; and how many were compared."""
    names = {
        path.relative_to(folder)
        for folder in (one, other)
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).parts[0] not in _OF_ITS_OWN
    }
    differing = [name for name in sorted(names) if _bytes(one / name) != _bytes(other / name)]
    return [f"{name} of the provider differs" for name in differing], len(names)


def _bytes(file: Path) -> bytes | None:
    return file.read_bytes() if file.exists() else None


def _scores_at_once(played: Played, whole: Path) -> pd.Series:
    """Scores of all evenings, by the same model on the whole provider."""
    file = whole / "scores.csv"
    played.desk.mfgru(
        *("predict", EXPERIMENT, "--store", played.desk.store, "--provider", whole / "provider", "--out", file),
        *("--date", f"{played.days[-1]:%Y-%m-%d}", "--last", len(played.days)),
    )
    return _read(file)


def _read(file: Path) -> pd.Series:
    frame = pd.read_csv(file, parse_dates=["datetime"], float_precision="round_trip")
    return frame.set_index(["datetime", "instrument"])["score"].sort_index()


def _unequal_scores(scores: pd.Series, played: Played) -> list[str]:
    days = {day: _read(played.desk.work / "scores" / f"{day:%Y-%m-%d}.csv") for day in played.days}
    return [f"{day:%Y-%m-%d}: scores differ" for day, live in days.items() if not live.equals(scores.loc[[day]])]


def _backtest(
    played: Played, scores: pd.Series, provider: Path
) -> tuple[_Noting, pd.DataFrame, dict[pd.Timestamp, dict[str, float]]]:
    """The strategy with its orders, qlib's report, and adjusted shares by day."""
    init_qlib(str(provider), played.desk.store, region="cn", kernels=1)
    settings = IndexEnhancementSettings(**ENHANCEMENT)
    start, end, snapshot = played.days[1], played.days[-1], settings.read_market()
    (limit,) = settings.turnovers
    strategy = _Noting(signal=scores, turnover_limit=limit, snapshot=snapshot, **settings.shared())
    costs = {name: getattr(settings, name) for name in ("deal_price", "buy_cost", "sell_cost")}
    portfolios, _ = backtest(
        start_time=start,
        end_time=end,
        strategy=strategy,
        executor=DAILY_EXECUTOR,
        benchmark=index_returns(str(settings.benchmark), start, end),
        account=played.settings.cash,
        exchange_kwargs={"exchange": IndexEnhancementExchange(snapshot, start, end, **costs)},
        pos_type="qlib_mfgru.portfolio.SortedPosition",
    )
    report, history = portfolios["1day"]
    return strategy, report, {day: position.get_stock_amount_dict() for day, position in history.items()}


def _unequal(evening: Evening, orders: dict[str, float], held: dict[str, float]) -> list[str]:
    pairs = {"orders": (evening.dealt.amounts, orders), "holdings": (evening.held, held)}
    return [f"{evening.day:%Y-%m-%d}: {what} differ" for what, (live, back) in pairs.items() if not _same(live, back)]


def _unequal_members(evening: Evening, snapshot: MarketSnapshot) -> list[str]:
    """Stocks that were in the index by that evening, and are not by what came later; or the other way round."""
    others = sorted(members_on(snapshot, evening.day) ^ evening.members)
    return [f"{evening.day:%Y-%m-%d}: other members of the index: {', '.join(others)}"] if others else []


def _same(one: dict[str, float], other: dict[str, float]) -> bool:
    """The same stocks in the same sequence, and their amounts within rounding."""
    mine, theirs = (np.array(list(each.values())) for each in (one, other))
    return list(one) == list(other) and bool(np.allclose(mine, theirs, rtol=ROUNDING, atol=0))
