"""The enhancement as one Markdown page: every table with what its numbers mean."""

from __future__ import annotations

from qlib_mfgru.portfolio import tables
from qlib_mfgru.portfolio.result import IndexEnhancement
from qlib_mfgru.report.markdown import markdown
from qlib_mfgru.report.published import PERIOD, SLIPS

_FORMATS = {
    **dict.fromkeys(("annual_return", "annual_volatility", "max_drawdown", "annual_excess", "tracking_error"), ".2%"),
    **dict.fromkeys(("excess_max_drawdown", "monthly_win_rate", "turnover", "cost_drag", "active_share"), ".2%"),
    **dict.fromkeys(("unfilled_value", "index_covered_least", "cash"), ".2%"),
    **dict.fromkeys(("sharpe", "information_ratio", "calmar"), ".2f"),
    **dict.fromkeys(("limit", "mean", "worst"), ".4f"),
    "names": ".1f",
}
_DEALT = {"drop": "dropped", "carry": "carried to the next days until the next rebalance"}
_WEIGHTS = {
    "drifted": "as the provider has them, from the last day on which they changed on moved with prices",
    "market_cap": "float capitalisations of the members",
}


def document(result: IndexEnhancement, model: str) -> str:
    """The page: performance beside the report's, years, exposures, rebalances; what each number means."""
    yearly = tables.yearly(result)
    years = dict.fromkeys(map(str, yearly.columns.drop(["index", "turnover_limit", "figure"])), ".2%")
    sections = [
        ("The report and this run", markdown(tables.comparison(result), _FORMATS), differences(result)),
        ("Returns by year", markdown(yearly, years), []),
        ("Realised exposures", markdown(tables.exposures(result), _FORMATS), []),
        ("Rebalances", markdown(tables.statistics(result), _FORMATS), counted(result)),
    ]
    parts = [f"# {result.settings.index.upper()} enhancement with {model}"]
    for title, table, notes in sections:
        parts += [f"## {title}", table, *([_listed(notes)] if notes else [])]
    return "\n\n".join([*parts, "## Conventions of all tables", _listed(conventions(result))]) + "\n"


def conventions(result: IndexEnhancement) -> list[str]:
    """How everything was computed, with the settings of this run."""
    settings = result.settings
    return [
        "Timing: everything is decided from the close of the day before (scores, weights, limits); dealt at the "
        f"{settings.deal_price} of the first trading day of each calendar week, and once on the first day.",
        f"Costs: {settings.buy_cost:.2%} of purchases and {settings.sell_cost:.2%} of sales. Returns are after costs.",
        f"{settings.risk_degree:.1%} of the account is invested; the optimiser's weights are shares of that.",
        "A stock that opens at its limit price is not dealt in that direction, one without a trade not at all; what is "
        f"left of such orders is {_DEALT[settings.unfilled]}. In the optimiser the flags are those of the day before.",
        f"Index weights: {_WEIGHTS[settings.index_weights]}, scaled to 1 over the provider's stocks; "
        "`index_covered_least` is the smallest sum before that.",
        "Excess: the compounded daily difference of portfolio and index; 252 days a year; Sharpe without a risk-free "
        "rate; information ratio = annual excess / tracking error; Calmar = annual excess / drawdown of the excess; "
        "win rate: share of calendar months with an excess above 0, parts of months included.",
        "Turnover: purchases plus sales of a rebalance over the account, mean over all but the first purchase. It can "
        "pass its limit a little, since prices move between the decision and the deal.",
        "Cost drag: annual return before costs less that after them. Active share: half the sum of all deviations from "
        "index weights.",
        "Realised exposures are of the value in stocks at each close; limits bind at rebalances. Deviations and "
        "industries: the largest of the day. Numeric exposures: standard deviations across all stocks.",
        "`relaxed.<constraint>` counts the rebalances whose target breaks a constraint because not all could be met; "
        "`rebalances.csv` says by how much. What cannot be traded, and the turnover, never give way.",
    ]


def differences(result: IndexEnhancement) -> list[str]:
    """What lies between the report's figures and this run's, and where the report contradicts itself."""
    days = result.runs[0].report.index
    return [
        f"Period: the report's is {PERIOD}; this run's {days[0]:%Y-%m-%d} .. {days[-1]:%Y-%m-%d}, {len(days)} days.",
        "Universe: the report has all A-shares; this run has the provider's stocks and members.",
        "Data and model: another vendor's bars, and whatever made this prediction; other training periods and seeds.",
        *SLIPS["enhancement_performance"],
    ]


def counted(result: IndexEnhancement) -> list[str]:
    """What did not go as planned, in words."""
    lines = []
    for row in tables.statistics(result).to_dict("records"):
        lines.append(
            f"Turnover at most {row['turnover_limit']:.0%}: of {row['rebalances']} rebalances {row['failed']} failed "
            f"(the holding was kept) and {row['relaxed']} broke a constraint; {row['unfilled']} of {row['orders']} "
            "orders were not dealt in full."
        )
    return lines


def _listed(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
