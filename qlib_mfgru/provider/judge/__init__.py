"""The judge of consistency: whether a stock's numbers can be what they are said to be.

Nothing here reads files or knows a mapping. `series` is the record that is judged; `days`, `bars` and `returns` hold
the rules, `moves` what returns are measured by; `verdict` counts what they find and decides what happens; `causes` says
what is probably behind it.
"""

from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.ranges import beyond_limits, outside_range
from qlib_mfgru.provider.judge.returns import mended_factor
from qlib_mfgru.provider.judge.rules import judge
from qlib_mfgru.provider.judge.series import BarSeries, StockSeries
from qlib_mfgru.provider.judge.verdict import MAX_INCONSISTENT, Verdict

__all__ = [
    "MAX_INCONSISTENT",
    "BarSeries",
    "Finding",
    "Kind",
    "StockSeries",
    "Verdict",
    "beyond_limits",
    "judge",
    "mended_factor",
    "outside_range",
]
