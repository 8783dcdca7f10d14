"""What the numbers of an index enhancement mean, in sentences that stand below its tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qlib_mfgru.portfolio.results import tables
from qlib_mfgru.portfolio.results.result import IndexEnhancement, PortfolioRun
from qlib_mfgru.report.published import PERIOD, SLIPS

_UNFILLED = {"drop": "dropped", "carry": "carried to the following days until the next rebalance"}
_WEIGHTS = {
    "drifted": "the provider's, from the last day on which they changed on moved with the stocks' prices",
    "market_cap": "the members' float capitalisations",
}


def conventions(result: IndexEnhancement) -> list[str]:
    """How everything was computed, with the settings of this run."""
    settings = result.settings
    return [
        "Timing: a rebalance is decided from what is known at the close of the day before, and dealt at the trading "
        f"day's {settings.deal_price}. Until the first purchase the account is cash, while the index already counts.",
        f"Returns are net of costs: {settings.buy_cost:.2%} of what is bought and {settings.sell_cost:.2%} of what is "
        "sold. Cost drag: annual return gross of them less the one net of them.",
        f"{settings.risk_degree:.1%} of the account is invested. Limits bind the plan, in shares of what is invested.",
        f"Orders that were not dealt in full are {_UNFILLED[settings.unfilled]}. `mean_unfilled_value` is what was "
        "left of them, as a share of the account, a rebalance.",
        f"Index weights: {_WEIGHTS[settings.index_weights]}, scaled to 1 in sum over the provider's stocks; "
        "`mean_index_covered` is their mean sum before that.",
        "Excess: the compounded daily difference of portfolio and index; 252 days a year; Sharpe without a risk-free "
        "rate; information ratio = annual excess / tracking error; Calmar = annual excess / largest drawdown of the "
        "excess; win rate: share of calendar months with an excess above 0, parts of months included.",
        "Yearly returns are compounded over the run's days of each calendar year, not annualised.",
        "Turnover: buys plus sells of a rebalance as a share of the account, carried orders included; the first "
        "purchase is left out, failed rebalances count as what they traded. Prices move between decision and deal, so "
        "that it can pass its limit.",
        "Realised exposures are of the weights in the value of stocks at each close, beside the index of that close: "
        "prices, deals that failed and new index weights move them off the plan, so that `days_beyond`, the share of "
        "closes outside the limits, is no count of broken plans. Numeric exposures are in standard deviations across "
        "all stocks, everything else in shares. `worst` is the day closest to a limit, or furthest beyond.",
        "Active share: half the sum of all deviations from the index's weights.",
        "A rebalance is `failed` where the optimiser found no portfolio: the holding was kept. It is `relaxed` where "
        "constraints had to give way; `largest` is by how much at most, in the constraint's own units.",
    ]


def differences(result: IndexEnhancement) -> list[str]:
    """What lies between the report's figures and this run's, and where the report contradicts itself."""
    days = result.runs[0].report.index
    return [
        f"Period: the report's is {PERIOD}; this run's {days[0]:%Y-%m-%d} .. {days[-1]:%Y-%m-%d}, {len(days)} trading "
        "days.",
        "Universe: the report has all A-shares; this run has the provider's stocks and index members.",
        "Data and model: another vendor's bars, and whatever made this prediction; other training periods and seeds.",
        "The report's mean turnover lies above its limits (32 % to 33 % at 30 %); it does not say why.",
        *SLIPS["enhancement_performance"],
    ]


def incidents(result: IndexEnhancement) -> list[str]:
    """What did not go as planned, in words: a line a turnover limit."""
    counts = tables.statistics(result).to_dict("records")
    return [_incidents(run, row) for run, row in zip(result.runs, counts, strict=True)]


def _incidents(run: PortfolioRun, counts: Mapping[Any, Any]) -> str:
    reasons = run.rebalances.loc[run.rebalances["status"] == "failed", "message"].value_counts()
    failed = "; ".join(f"{reason}: {times}" for reason, times in reasons.items())
    return (
        f"Turnover limit {run.limit:.0%}: of {counts['n_rebalances']:,} rebalances {counts['n_failed']:,} failed and "
        f"kept the holding{f' ({failed})' if failed else ''}, in {counts['n_relaxed']:,} constraints gave way; "
        f"{counts['n_unfilled']:,} of {counts['n_orders']:,} orders were not dealt in full, on average "
        f"{counts['mean_unfilled_value']:.2%} of the account a rebalance."
    )
