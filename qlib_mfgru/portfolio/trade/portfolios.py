"""What the backtests of one index's enhancement leave, in frames that tables and plots read."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio.settings import IndexEnhancementSettings
from qlib_mfgru.portfolio.trade.untradable import as_frame
from qlib_mfgru.provider.session import Session
from qlib_mfgru.report.show.shown import Shown, View


@dataclass(frozen=True, repr=False)
class PortfolioRun:
    """One portfolio's backtest.

    Attributes
    ----------
    limit : float
        Two-sided turnover limit.
    report : DataFrame
        qlib's, one row per day: ``account`` (value at the close), ``return`` (gross of ``cost``), ``cost``,
        ``turnover`` (traded value; these three as shares of the day before's account), ``value`` of stocks, ``cash``,
        ``bench``.
    positions : DataFrame
        By (datetime, instrument), at each day's close: ``amount`` (adjusted shares), ``price``, ``weight`` (share of
        the account).
    rebalances : DataFrame
        The solver's log, one row per rebalance by trading day: ``decided`` (the day before), ``status`` (as of
        `Solution`), ``message``, ``untradable`` (stocks that could not be traded and force constraints to be broken),
        ``infeasible`` (what could not be met even if they were, and by how much), ``contradicted`` (stocks of which no
        weight meets all limits on it), ``turnover_planned``, ``names``, ``orders``, ``unfilled`` (orders not executed
        in full), ``unfilled_value`` (share of the account), ``index_covered``, and a column ``relaxed.<constraint>``
        for each constraint: by how much the target breaks it, 0 where it holds.
    exposures : DataFrame
        Realised, one row per day at the close: see `exposures.realised`.
    untradable : DataFrame
        By the rebalance's day, a row for each stock that could not be traded and forces constraints to be broken, and
        each of these: ``instrument``, ``action`` (``buy`` or ``sell``: what would have to be done), ``needed`` (how
        much, as a share of the invested capital), ``banned_by`` (constraints that forbid it), ``constraint``,
        ``broken_by``.
    """

    limit: float
    report: pd.DataFrame
    positions: pd.DataFrame
    rebalances: pd.DataFrame
    exposures: pd.DataFrame
    untradable: pd.DataFrame = field(default_factory=lambda: as_frame([]))

    def __setstate__(self, state: dict[str, Any]) -> None:
        """A pickle's attributes; one of an earlier version lacks some, which only tables and plots would miss."""
        missing = [each.name for each in fields(self) if each.name not in state]
        if missing:
            raise InputError(f"an earlier version made it, without {', '.join(missing)}")
        self.__dict__.update(state)

    def __repr__(self) -> str:
        days, n_rebalances = self.report.index, len(self.rebalances)
        span = f"{days[0]:%Y-%m-%d} .. {days[-1]:%Y-%m-%d}"
        return f"<PortfolioRun, turnover limit {self.limit_name}, {span}, {n_rebalances} rebalances>"

    @property
    def limit_name(self) -> str:
        """The turnover limit as the Huatai report's tables print it, e.g. ``0.3``."""
        return f"{self.limit:g}"

    @property
    def dates(self) -> pd.DatetimeIndex:
        """Days of the rebalances."""
        return pd.DatetimeIndex(self.rebalances.index)

    @property
    def returns(self) -> pd.Series:
        """Daily returns net of costs."""
        return self.report["return"] - self.report["cost"]

    @property
    def benchmark(self) -> pd.Series:
        """Daily returns of the index."""
        return self.report["bench"]

    @property
    def first_deal(self) -> pd.Timestamp:
        """The first day on which anything was traded; the first day of all where nothing was."""
        traded = self.report["turnover"].to_numpy() > 0
        return pd.DatetimeIndex(self.report.index)[int(traded.argmax())]

    def since_deal(self) -> tuple[pd.Series, pd.Series]:
        """Daily returns of portfolio, net of costs, and index, both counted from the first deal.

        The index has no price of the deal's moment. So the rest of that day, from the deal to the close, counts for
        neither: of the portfolio only the costs of the deal, of the index nothing. `returns` and `benchmark` set the
        portfolio's return since the deal beside the index's since the close before.
        """
        deal = self.first_deal
        later = self.report.index > deal
        return self.returns.where(later, -self.report["cost"]).loc[deal:], self.benchmark.where(later, 0.0).loc[deal:]


def no_changes() -> pd.DataFrame:
    """`IndexEnhancement.index_changes` of an index whose members stay."""
    return pd.DataFrame({"joined": [], "left": []}, pd.DatetimeIndex([], name="day"), dtype=int)


@dataclass(frozen=True, repr=False)
class IndexEnhancement(Shown):
    """All portfolios of one index.

    Attributes
    ----------
    settings : IndexEnhancementSettings
    model : str
        What tables call the model whose scores these are.
    runs : list of PortfolioRun
        In the order of the settings' turnover limits.
    session : Session
        Of the market: its trading days a year make the annual figures.
    index_holes : DatetimeIndex
        Days on which the benchmark has no level.
    index_changes : DataFrame
        A row for each day of the backtest on which the index has other members than the day before: how many
        ``joined`` and ``left``.
    source : str
        The provider of the data, as charts name it.
    equal_scores : float
        Share of the days with scores on which all stocks have the same one.
    """

    settings: IndexEnhancementSettings
    model: str
    runs: list[PortfolioRun]
    session: Session
    index_holes: pd.DatetimeIndex = field(default_factory=lambda: pd.DatetimeIndex([]))
    index_changes: pd.DataFrame = field(default_factory=no_changes)
    source: str = ""
    equal_scores: float = 0.0

    @property
    def by_code(self) -> bool:
        """Whether scores mostly tell no stocks apart: constraints and the order of codes have made the portfolios."""
        return self.equal_scores > 0.5

    def view(self) -> View:
        """Its performance and the first chart."""
        from qlib_mfgru.portfolio.results.shown import view  # tables and plots are made of results

        return view(self)

    @property
    def days(self) -> pd.DatetimeIndex:
        """Trading days of the backtest."""
        return pd.DatetimeIndex(self.runs[0].report.index)

    @property
    def index(self) -> str:
        """The index as the Huatai report writes it, e.g. ``CSI300``."""
        return self.settings.index.upper()

    def stacked(self, frame: str) -> pd.DataFrame:
        """A frame of all portfolios, by turnover limit: the `PortfolioRun` attribute of that name."""
        return pd.concat({run.limit: getattr(run, frame) for run in self.runs}, names=["turnover_limit"])
