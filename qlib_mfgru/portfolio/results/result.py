"""What a backtest of an enhanced index gives, in frames that tables and plots read."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from qlib_mfgru.portfolio.settings import IndexEnhancementSettings


@dataclass(frozen=True)
class PortfolioRun:
    """One portfolio's backtest.

    Attributes
    ----------
    limit : float
        Two-sided turnover limit.
    report : DataFrame
        qlib's, a row a day: ``account`` (value at the close), ``return`` (gross of ``cost``), ``cost``, ``turnover``
        (traded value; these three as shares of the day before's account), ``value`` of stocks, ``cash``, ``bench``.
    positions : DataFrame
        By (datetime, instrument), at each day's close: ``amount`` (adjusted shares), ``price``, ``weight`` (share of
        the account).
    rebalances : DataFrame
        The solver's log, a row a rebalance by trading day: ``decided`` (the day before), ``status`` (``solved``,
        ``relaxed``, ``failed``), ``message``, ``turnover_planned``, ``names``, ``orders``, ``unfilled`` (orders not
        dealt in full), ``unfilled_value`` (share of the account), ``index_covered``, and a column
        ``relaxed.<constraint>`` for each constraint: by how much the target breaks it, 0 where it holds.
    exposures : DataFrame
        Realised, a row a day at the close: see `exposures.realised`.
    """

    limit: float
    report: pd.DataFrame
    positions: pd.DataFrame
    rebalances: pd.DataFrame
    exposures: pd.DataFrame

    @property
    def returns(self) -> pd.Series:
        """Daily returns net of costs."""
        return self.report["return"] - self.report["cost"]

    @property
    def benchmark(self) -> pd.Series:
        """Daily returns of the index."""
        return self.report["bench"]


@dataclass(frozen=True)
class IndexEnhancement:
    """All portfolios of one index.

    Attributes
    ----------
    settings : IndexEnhancementSettings
    runs : list of PortfolioRun
        In the order of the settings' turnover limits.
    """

    settings: IndexEnhancementSettings
    runs: list[PortfolioRun]
