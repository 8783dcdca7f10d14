"""The rules that exclude stocks from a test date, and who is left: counted rule by rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from qlib_mfgru.factor.entry import Entry
from qlib_mfgru.factor.schedule import Schedule
from qlib_mfgru.factor.settings import FactorTestSettings
from qlib_mfgru.provider.daily import AT_LIMIT

FIELDS = {"st": ("is_st",), "suspended": ("volume",), "limit_up": ("limit_up",)}
"""Daily fields that each rule of the setting `exclude` reads, whatever the entry."""


def rule_fields(rule: str, entry: Entry) -> tuple[str, ...]:
    """All daily fields that a rule reads at an entry."""
    return (entry.at_limit, *FIELDS[rule]) if rule == "limit_up" else FIELDS[rule]


def exclusion_rules(
    fields: Mapping[str, np.ndarray],
    schedule: Schedule,
    settings: FactorTestSettings,
    exposures: Mapping[str, np.ndarray],
    prices: np.ndarray,
) -> dict[str, np.ndarray]:
    """Whom each rule excludes, whatever the pool and the scores.

    Parameters
    ----------
    fields : mapping of str to ndarray of shape (n_days, n_stocks)
        Daily fields: the price of the entry and those of `rule_fields`.
    schedule : Schedule
    settings : FactorTestSettings
    exposures : mapping of str to ndarray of shape (n_dates, n_stocks)
        What to neutralise against; a stock without one has no residual.
    prices : ndarray of shape (n_days, n_stocks)
        Prices of the entry, carried forward; a stock without one can never be bought.

    Returns
    -------
    dict of str to ndarray of shape (n_dates, n_stocks), bool
        In the order in which the rules are applied.
    """
    test_day, bought, trade = schedule.signal, schedule.entry, settings.trade
    rules: dict[str, np.ndarray] = {}
    if "st" in settings.exclude:
        rules["st"] = np.nan_to_num(fields["is_st"][test_day]) > 0
    if "suspended" in settings.exclude:
        traded = np.nan_to_num(fields["volume"][bought]) > 0
        rules["suspended"] = ~(traded & np.isfinite(fields[trade.price][bought]))
    if "limit_up" in settings.exclude:  # a day without a limit (new shares) cannot be at it
        rules["limit_up"] = fields[trade.at_limit][bought] >= AT_LIMIT * fields["limit_up"][bought]
    if "suspended" not in settings.exclude:
        rules["never traded"] = np.isnan(prices[bought])
    return rules | {f"no {name}": ~np.isfinite(values) for name, values in exposures.items()}


@dataclass(frozen=True)
class EligibleStocks:
    """The stocks of one pool that no rule excludes.

    Attributes
    ----------
    mask : ndarray of shape (n_dates, n_stocks), bool
    counts : DataFrame of int, one row per test date
        ``members``, then a column for each rule, then ``kept``. A stock is counted under the first rule that excludes
        it, so that members = all rules + kept.
    """

    mask: np.ndarray
    counts: pd.DataFrame

    @classmethod
    def among(cls, members: np.ndarray, rules: Mapping[str, np.ndarray], dates: pd.DatetimeIndex) -> EligibleStocks:
        """Apply rules to a pool's members.

        Parameters
        ----------
        members : ndarray of shape (n_dates, n_stocks), bool
        rules : mapping of str to ndarray of shape (n_dates, n_stocks), bool
            Whom each rule excludes, in the order in which they are applied.
        dates : DatetimeIndex of length n_dates
        """
        mask, counts = members, {"members": members.sum(axis=1)}
        for rule, excluded in rules.items():
            counts[rule] = (mask & excluded).sum(axis=1)
            mask = mask & ~excluded
        counts["kept"] = mask.sum(axis=1)
        return cls(mask, pd.DataFrame(counts, index=dates))
