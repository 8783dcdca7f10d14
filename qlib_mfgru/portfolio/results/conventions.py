"""What the numbers of an index enhancement mean, in sentences below its tables."""

from __future__ import annotations

import pandas as pd

from qlib_mfgru.numerals import numeral
from qlib_mfgru.portfolio.optimise.objective import RETURN_PER_SCORE
from qlib_mfgru.portfolio.settings import IndexEnhancementSettings
from qlib_mfgru.portfolio.trade.portfolios import IndexEnhancement
from qlib_mfgru.report.published import PERIOD, comparison_heading, printed_of, slips
from qlib_mfgru.report.significance import COVERED, RESAMPLES, SEED, mean_block
from qlib_mfgru.report.spans import extrapolated
from qlib_mfgru.report.words import header

_UNFILLED = {"drop": "dropped", "carry": "carried to the following days until the next rebalance"}
_WEIGHTS = {
    "drifted": "the provider's, moved with closes from the close of the last day on which they changed",
    "market_cap": "the members' float capitalisations",
}
_COVERED = {
    "drifted": "their mean sum before scaling",
    "market_cap": "the mean share of the index that the provider holds, by known weights or else number of members",
}


def conventions(result: IndexEnhancement) -> list[str]:
    """How everything was computed, with the settings of this run."""
    settings = result.settings
    shares = (settings.buy_cost, settings.sell_cost, settings.risk_degree)
    bought, sold, invested = (numeral(share, "g%") for share in shares)
    return [
        "Timing: a rebalance is decided from what is known at the close of the day before, and executed at the trading "
        f"day's {settings.deal_price}. Until the first purchase the account is in cash, and the index already counts. "
        "On the day of that purchase the index counts from the close before, in all tables but that of the excess "
        "since the first deal; this one and the charts begin with the deal.",
        f"Returns are net of costs: {bought} of what is bought and {sold} of what is sold. Cost drag: annual return "
        "before costs less annual return after costs.",
        *_objective(settings),
        f"{invested} of the account is invested. Limits bind the plan, as shares of that capital.",
        f"Orders that were not executed in full are {_UNFILLED[settings.unfilled]}. "
        f'"{header("mean_unfilled_value")}" is per rebalance, as a share of the account.',
        f"Index weights: {_WEIGHTS[settings.index_weights]}, scaled to sum to 1 over the provider's stocks; "
        f'"{header("mean_index_covered")}" is {_COVERED[settings.index_weights]}.',
        "Excess: the compounded daily difference of portfolio and index; "
        f"{result.session.days_per_year} days a year; Sharpe without a risk-free rate; information ratio = annual "
        "excess / tracking error; Calmar = annual excess / largest drawdown of the excess; win rate: share of calendar "
        "months with a positive excess, partial months included.",
        "Yearly returns are compounded over the run's days of each calendar year, not annualised.",
        "Turnover: buys plus sells of a rebalance as a share of the account, carried orders included; the first "
        "purchase is left out, and a failed rebalance counts with what it traded. Prices move between decision and "
        "execution, so turnover can exceed its limit.",
        "Realised exposures are those of the stocks' weights at each close against the index of that close. Price "
        "moves, orders that were not executed and new index weights take them away from the plan, so "
        f'"{header("days_beyond")}", the share of closes outside the limits, does not count plans that broke one. '
        "Numeric exposures are in standard deviations across the stocks traded on the day, everything else in shares. "
        f'"{header("worst")}" is that of the day closest to a limit, or furthest beyond it.',
        "Active share: half the sum of absolute deviations from the index's weights.",
        "A rebalance failed where the optimiser found no portfolio: the holding was kept. It is forced where all "
        "constraints could be met if the stocks that are held or in the index could be traded, but a ban (suspension, "
        "price limit, no score) keeps some of them from it: these are named, with what would have to be traded at "
        "least. It is relaxed where even then no portfolio meets all constraints, whether or not stocks force more. "
        f'"{header("largest")}" is by how much a constraint is broken at most, in its own units.',
        f"Bands of the cumulative excess hold {COVERED:.0%} of {RESAMPLES:,} curves at each date, made of the same "
        "daily excess returns, drawn anew (stationary bootstrap, Politis and Romano 1994): in blocks of "
        f"{mean_block(len(result.runs[0].since_deal()[0]))} days on average, the cube root of their number; random "
        f"seed {SEED}.",
    ]


def _objective(settings: IndexEnhancementSettings) -> list[str]:
    """What is maximised, where that is not the Huatai report's."""
    if not settings.cost_aversion:
        return []
    return [
        f"Objective: the standardised scores of the weights less {settings.cost_aversion:g} times the expected costs "
        f"of the trade; one standard deviation of the scores is taken to earn {RETURN_PER_SCORE:.0%}."
    ]


def printed(result: IndexEnhancement, table: str = "enhancement_performance") -> pd.DataFrame:
    """The Huatai report's rows of the index: none where it has no such index."""
    return printed_of(table, "index", [result.index], result.session)


def heading(result: IndexEnhancement) -> str:
    """Says whether the Huatai report's rows stand next to this run's."""
    return comparison_heading(printed(result))


def notes(result: IndexEnhancement) -> list[str]:
    """What is to be known of the first table: how long a time it is of, and `differences`."""
    return [*extrapolated(result.days, result.session.days_per_year), *differences(result)]


def differences(result: IndexEnhancement) -> list[str]:
    """Why the Huatai report's figures and this run's differ, and where that report contradicts itself."""
    rows = printed(result)
    if rows.empty:
        return []
    days = result.days
    return [
        f"Period: the Huatai report covers {PERIOD}; this run {days[0]:%Y-%m-%d} .. {days[-1]:%Y-%m-%d}, {len(days)} "
        "trading days.",
        "Universe: the Huatai report has all A-shares; this run has the provider's stocks and index members.",
        "Data and model: another vendor's bars, and whatever model made this prediction; other training periods and "
        "random seeds.",
        "The Huatai report's mean turnover exceeds its limits (32 % to 33 % at 30 %); it does not say why.",
        *slips("enhancement_performance", rows),
    ]
