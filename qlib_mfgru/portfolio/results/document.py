"""The enhancement as one Markdown page: every table with its conventions below."""

from __future__ import annotations

from qlib_mfgru.portfolio.results import tables
from qlib_mfgru.portfolio.results.conventions import conventions, differences, incidents
from qlib_mfgru.portfolio.results.result import IndexEnhancement
from qlib_mfgru.report.markdown import markdown, page

_FORMATS = {
    **dict.fromkeys(("annual_return", "annual_volatility", "max_drawdown", "annual_excess", "tracking_error"), ".2%"),
    **dict.fromkeys(("excess_max_drawdown", "monthly_win_rate", "turnover", "cost_drag", "largest_turnover"), ".2%"),
    **dict.fromkeys(("mean_active_share", "mean_cash", "mean_index_covered", "mean_unfilled_value"), ".2%"),
    **dict.fromkeys(("sharpe", "information_ratio", "calmar"), ".2f"),
    **dict.fromkeys(("least", "most", "mean", "worst", "largest"), ".4f"),
    "mean_names": ".1f",
    "days_beyond": ".1%",
}


def document(result: IndexEnhancement, model: str) -> str:
    """The page: performance and years beside the report's, costs and orders, exposures; what each number means."""
    years = tables.yearly_comparison(result)
    percent = {column: ".2%" for column in years.columns if column.isdigit()}
    gave_way = tables.relaxed(result).query("n_relaxed > 0")
    sections = [
        ("The report and this run", markdown(tables.comparison(result), _FORMATS), differences(result)),
        ("Returns by calendar year", markdown(years, percent), []),
        ("Costs, holdings, rebalances and orders", markdown(tables.statistics(result), _FORMATS), incidents(result)),
        ("Realised exposures and their limits", markdown(tables.exposures(result), _FORMATS), []),
        ("Constraints that gave way", markdown(gave_way, _FORMATS) if len(gave_way) else "None, in no rebalance.", []),
    ]
    return page(f"{result.settings.index.upper()} enhancement with {model}", sections, conventions(result))
