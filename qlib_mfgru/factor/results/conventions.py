"""What the numbers of a factor test mean, in sentences below its tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pandas as pd

from qlib_mfgru.factor.entry import DEFAULT_ENTRY
from qlib_mfgru.factor.exclusions import FIELDS
from qlib_mfgru.factor.results.doubts import without_top
from qlib_mfgru.factor.settings import FactorTestSettings
from qlib_mfgru.factor.study import FactorTest
from qlib_mfgru.report.published import PERIOD, comparison_heading, printed_of, slips
from qlib_mfgru.report.significance import COVERED, RESAMPLES, SEED, mean_block, newey_west_lag
from qlib_mfgru.report.spans import extrapolated
from qlib_mfgru.report.words import header, label

_CALENDAR = {
    "day": "every trading day",
    "week": "the last trading day of each calendar week",
    "month": "the last trading day of each month",
}
_WINSORIZED = {
    "mad": "clipped at median +- 5 MAD",
    "quantile": "clipped at the 1 % and 99 % quantiles",
    None: "not clipped",
}
_AT_LIMIT = {"open": "opening", "close": "closing"}
_UNTRADABLE = "What is bought at the test date's close is not tradable: the scores need that close."


def conventions(test: FactorTest) -> list[str]:
    """How everything was computed, with the settings of this run."""
    settings = test.settings
    price = settings.trade.price
    return [
        f"Test dates: {_calendar(settings)}; {len(test.dates)} of them, {test.dates[0]:%Y-%m-%d} .. "
        f"{test.dates[-1]:%Y-%m-%d}. Left out: {test.unfinished} more whose holding period would end after the last "
        "day of the calendar.",
        f"{_timing(test)} IC and RankIC are with the return from one trade to the next.",
        f"Stocks: members of the pool on the test date, excluding: {_excluded(test)}. {_limit_up(test)}"
        "A stock is counted under the first rule that excludes it. Dates with fewer stocks than "
        f'layers ("{header("n_dates_too_small")}") have neither IC nor layers.',
        f"Factor: {_WINSORIZED[settings.winsorize]}, {_neutralized(settings)}, z-scored; per date and pool, after the "
        "exclusions. Neutralised values that differ only by the rounding of double precision are tied.",
        "RankIC is Spearman's correlation of factor and return across the stocks of a date, IC is Pearson's. "
        f'"{header("ic_ir")}" (often called IC_IR) and "{header("icir")}" are each mean / standard deviation '
        "(n - 1), not annualised; t is that times the square root of the number of dates.",
        f'"{header("rank_ic_t_nw")}" and "{header("ic_t_nw")}": t of the mean where dates depend on those before '
        "(Newey and West 1987: Bartlett's weights), with floor(4 (n / 100) ** (2 / 9)) lags for n dates (Newey and "
        f"West 1994), here {newey_west_lag(len(test.dates))}; of a horizon with as many lags as following dates fall "
        "into its return, if these are more.",
        "RankIC by horizon is with the return from the entry to the horizon, which accumulates; of a stretch it is "
        "with the return within the stretch alone.",
        f"Layers: {settings.n_layers} of equal size (to within one stock), {settings.n_layers} is the TOP layer; equal "
        f"weights at each rebalance, then held; marked to each day's {price}, carried forward on days without trade; "
        "gross of all costs; a stock that cannot be sold at a rebalance counts as sold at its last price.",
        "Benchmark: all stocks of the pool that are not excluded, equally weighted at each rebalance.",
        f"Excess: the compounded daily difference of layer and benchmark; {test.session.days_per_year} days a year; "
        "information ratio = annual excess / tracking error; win rate: share of calendar months with an excess above "
        "0, partial months included.",
        "Turnover: buys plus sells of a rebalance over the layer's value, from weights as prices moved them; the first "
        "purchase is left out.",
        "Long-short: one unit of the TOP layer less one unit of layer 1 on one unit of capital, rebalanced daily: "
        "gross leverage 2.",
        f"Bands of cumulative curves hold {COVERED:.0%} of {RESAMPLES:,} curves at each date, made of the same "
        "RankICs, or daily excess returns of the TOP layer, drawn anew (stationary bootstrap, Politis and Romano "
        f"1994): in blocks of {mean_block(len(test.dates))} dates or {mean_block(len(test.days))} days on average, the "
        f"cube root of their number; random seed {SEED}.",
    ]


def bought_at(test: FactorTest) -> list[str]:
    """In words, the price at which a test buys, where that is not the next day's vwap."""
    entry = test.settings.entry
    return [] if entry == DEFAULT_ENTRY else [label("bought_at", entry=header(entry))]


def titled(test: FactorTest) -> str:
    """What a page or table of a test is called."""
    return ", ".join([f"Factor test of {test.model}", *bought_at(test)])


def untradable(tests: Iterable[FactorTest]) -> list[str]:
    """Says which figures of some tests nobody could trade: those of an entry at the close that the scores need."""
    return [] if all(test.settings.trade.tradable for test in tests) else [_UNTRADABLE]


def _timing(test: FactorTest) -> str:
    settings = test.settings
    if settings.trade.tradable:
        return (
            "Timing: the factor is known at the test date's close; all trades are executed at the next trading day's "
            f"{settings.trade.price}, and positions are held until the trades of the next test date."
        )
    return (
        f"Timing: all trades are executed at the test date's {settings.trade.price}, and positions are held until the "
        f"trades of the next test date. {_UNTRADABLE}"
    )


def printed(test: FactorTest) -> pd.DataFrame:
    """The Huatai report's rows of the test's pools."""
    return printed_of("factor_tests", "pool", [pool.upper() for pool in test.pools], test.session)


def heading(test: FactorTest) -> str:
    """Says whether the Huatai report's rows stand next to this run's."""
    return comparison_heading(printed(test))


def absent_rules(test: FactorTest) -> list[str]:
    """Rules of exclusion that the market does not have: its session lacks their fields, and they exclude nobody.

    A provider may store such a field all the same; then the rule is applied, and belongs on the page.
    """
    lacking = [rule for rule, fields in FIELDS.items() if {*fields} & {*test.session.absent_fields}]
    counts = [result.counts for result in test.pools.values()]
    return [rule for rule in lacking if not any(rule in count and count[rule].any() for count in counts)]


def notes(test: FactorTest) -> list[str]:
    """What is to be known of the first table: what is not tradable or left out, how long it is of, `differences`."""
    short = extrapolated(test.days, test.session.days_per_year)
    return [*untradable([test, *test.compared]), *without_top(test), *short, *differences(test)]


def differences(test: FactorTest, models: Collection[str] | None = None) -> list[str]:
    """Why the Huatai report's figures and this run's differ, and where the report contradicts itself.

    Parameters
    ----------
    test : FactorTest
    models : collection of str, optional
        Those of the Huatai report's models whose rows stand there; by default all.
    """
    rows = printed(test)
    if rows.empty:
        return []
    shown = rows if models is None else rows[rows["model"].isin(models)]
    first, last = test.dates[0], test.dates[-1]
    sizes = ", ".join(f"{pool.upper()} {result.counts['kept'].mean():.0f}" for pool, result in test.pools.items())
    return [
        f"Period: the Huatai report tests {PERIOD}, weekly; this run {first:%Y-%m-%d} .. {last:%Y-%m-%d}, "
        f"{len(test.dates)} dates.",
        f"Universe: the Huatai report has all A-shares; this run the provider's stocks, on average {sizes} per date.",
        "Data and model: bars of another vendor, and whatever model made this prediction; other training periods and "
        "random seeds.",
        *slips("factor_tests", shown),
    ]


def _calendar(settings: FactorTestSettings) -> str:
    return _CALENDAR.get(str(settings.freq), f"every {settings.freq} trading days")


def _excluded(test: FactorTest) -> str:
    day = "the next day" if test.settings.trade.days else "on the test date"
    words = {"st": "ST on the test date", "suspended": f"suspended {day}", "limit_up": f"limit-up {day}"}
    rules = [words[rule] for rule in test.settings.exclude if rule not in absent_rules(test)]
    return ", ".join([*rules, "no score, no exposure to neutralise against"])


def _limit_up(test: FactorTest) -> str:
    if "limit_up" in absent_rules(test):
        return ""
    return f"Limit-up means {_AT_LIMIT[test.settings.trade.at_limit]} at the limit price. "


def _neutralized(settings: FactorTestSettings) -> str:
    words = {"industry": "industry dummies", "market_cap": "log market capitalisation"}
    exposures = [words.get(name, f"${name}") for name in settings.neutralize]
    return f"residual of a least-squares fit on {' and '.join(exposures)}" if exposures else "not neutralised"
