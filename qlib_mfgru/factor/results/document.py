"""The test as one Markdown page: every table with its conventions below."""

from __future__ import annotations

from qlib_mfgru.factor.results import tables
from qlib_mfgru.factor.results.conventions import conventions, differences
from qlib_mfgru.factor.study import FactorTest
from qlib_mfgru.report.markdown import markdown, page

_FORMATS = {
    **dict.fromkeys(("rank_ic_mean", "rank_ic_std", "ic_positive_share", "top_annual_excess"), ".2%"),
    **dict.fromkeys(("top_monthly_win_rate", "top_turnover", "ic_mean", "ic_std"), ".2%"),
    **dict.fromkeys(("annual_return", "annual_volatility", "max_drawdown", "annual_excess", "tracking_error"), ".2%"),
    **dict.fromkeys(("excess_max_drawdown", "monthly_win_rate", "turnover", "long_short_return"), ".2%"),
    **dict.fromkeys(("ic_ir", "top_information_ratio", "rank_ic_t", "icir", "ic_t", "rank_autocorrelation"), ".2f"),
    **dict.fromkeys(("long_short_sharpe", "sharpe", "information_ratio", "calmar"), ".2f"),
    "mean_stocks": ".1f",
}


def document(test: FactorTest, model: str) -> str:
    """The page: summary beside the report's, statistics, layers, IC decay, exclusions; what each number means."""
    ours = tables.summary(test, model)
    exclusions, decay = tables.exclusions(test), tables.decay(test)
    counted = dict.fromkeys(map(str, exclusions.columns.drop("pool")), ".1f")
    horizons = dict.fromkeys(map(str, decay.columns.drop("pool")), ".2%")
    sections = [
        ("The report and this run", markdown(tables.comparison(ours, test), _FORMATS), differences(test)),
        ("More statistics", markdown(tables.statistics(test), _FORMATS), []),
        ("Layers", markdown(tables.layers(test), _FORMATS), []),
        ("Mean RankIC by horizon in trading days", markdown(decay, horizons), []),
        ("Stocks a test date, by reason of exclusion", markdown(exclusions, counted), []),
    ]
    return page(f"Factor test of {model}", sections, conventions(test))
