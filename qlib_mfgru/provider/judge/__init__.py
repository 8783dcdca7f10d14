"""The judge of consistency: whether a stock's numbers can be what they are said to be.

Nothing here reads files or knows a mapping. `series` is the record that is judged; `days`, `bars`, `sums` and `sizes`
the rules on a day, `moves` those from a day to the next, `extremes` those on highs and lows; `market` is what only all
stocks together show. `tally` counts what the rules find, `verdict` decides what happens, `causes` says what is probably
behind it.
"""

from qlib_mfgru.provider.judge.extremes.bars import is_bar_spike
from qlib_mfgru.provider.judge.extremes.listing import LISTED_BEFORE, since_listing
from qlib_mfgru.provider.judge.kinds import Finding, Kind, Stated
from qlib_mfgru.provider.judge.moves.ends import is_spiked_end
from qlib_mfgru.provider.judge.moves.mending import mended_factor
from qlib_mfgru.provider.judge.moves.moves import Moves
from qlib_mfgru.provider.judge.moves.spikes import WILD, far, is_spike
from qlib_mfgru.provider.judge.ranges import beyond_limits, outside_range
from qlib_mfgru.provider.judge.rules import judge
from qlib_mfgru.provider.judge.series import BarSeries, StockSeries
from qlib_mfgru.provider.judge.verdict import MAX_INCONSISTENT, Verdict

__all__ = [
    "LISTED_BEFORE",
    "MAX_INCONSISTENT",
    "WILD",
    "BarSeries",
    "Finding",
    "Kind",
    "Moves",
    "Stated",
    "StockSeries",
    "Verdict",
    "beyond_limits",
    "far",
    "is_bar_spike",
    "is_spike",
    "is_spiked_end",
    "judge",
    "mended_factor",
    "outside_range",
    "since_listing",
]
