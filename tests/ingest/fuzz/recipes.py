"""Recipes: a layout and up to four mutations, drawn by hypothesis."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from . import spoiled_files as files
from . import spoiled_tables as tables
from .vendors import LAYOUTS

VALUES = st.sampled_from(
    ["", " ", "abc", "--", "停牌", "None", "nan", "inf", "-inf", "1e308", "1e39", "-1", "0", "-0.0", "1e-45",
     "5.877e-39", "1e-300", "１２３", "٣", "1,234.5", "12%", "0x10", "True", "600000", "000300", "00700", "sh600000",
     "SZ000001.SZ", "../x", "2025-03-03", "20250303", "2025-03-03 09:45:00", "2025-03-03 24:00", "2025-13-45",
     "1740966300", "1740966300000", "9999-12-31", "0001-01-01", "20250303094500000", "2025-03-03T09:45:00+08:00",
     "2025-03-03 09:45:00Z", "ST", "a\nb", 'quo"te', "comma,", "\x00", "é", 0, -1, 1e308, -1e308, 1e39, 1e-45, 1e-300,
     float("inf"), float("-inf"), float("nan"), 10**18, 1.5, 20250303]
)  # fmt: skip
SCALES = st.sampled_from([0.0, -1.0, 100.0, 0.01, 1e-3, 1e3, 1e4, 2.0, 0.5, 1.1, 1e30, 1e300, 1e-30, 1e-300])
NUMBER = st.integers(0, 400)
COLUMN = st.integers(0, 9)
TABLE = st.integers(0, 4)
COUNT = st.sampled_from([1, 1, 2, 5, 16, 80, 1000])
NAMES = st.sampled_from(
    ["close", "Close", " open ", "volume", "datetime", "date", "factor", "成交量", "x", "", "code", "st"]
)

SETTINGS = st.sampled_from(
    [None, "", "x", 0, -1, 1.5, True, [], {}, "bars/*", "*", "**/*", "../*", "daily.csv", "1min", "60min", "5min",
     "start", "end", "lots", "shares", "thousand", "ten_thousand", "adjusted", "unadjusted", "raw", "gb18030",
     "utf-16", "us", "crypto", {"star": "shares", "*": "lots"}, ["1min", "15min"], {"close": "open"}, {"files": "x"}]
)  # fmt: skip
KEYS = st.sampled_from(
    ["sep", "names", "columns", "encoding", "skip_rows", "where", "keep", "max_dropped", "max_inconsistent", "volume",
     "amount", "prices", "stamps", "freq", "store", "session", "factor", "missing_vwap", "carry_members", "level",
     "st", "industry", "float_shares", "factors", "index", "from_name", "since", "before_first", "unit", "carry",
     "dayly"]
)  # fmt: skip

MUTATIONS = {
    "cell": st.builds(tables.Cell, TABLE, NUMBER, COLUMN, VALUES, COUNT),
    "scale": st.builds(tables.Scaled, TABLE, NUMBER, COLUMN, SCALES, COUNT),
    "drop": st.builds(tables.Dropped, TABLE, NUMBER, COUNT),
    "repeat": st.builds(tables.Repeated, TABLE, NUMBER, COUNT, COLUMN, SCALES),
    "shuffle": st.builds(tables.Shuffled, TABLE, NUMBER),
    "swap": st.builds(tables.Swapped, TABLE, COLUMN, COLUMN),
    "rename": st.builds(tables.Renamed, TABLE, COLUMN, st.one_of(NAMES, COLUMN, st.none())),
    "shift": st.builds(tables.Shifted, TABLE, st.sampled_from([-480, -15, -1, 1, 7, 15, 480, 1440, 2880, 525600])),
    "zone": st.builds(tables.Zoned, TABLE, st.sampled_from(["Z", "+08:00", "-05:00", " Asia/Shanghai", "x"])),
    "thin": st.builds(tables.Thinned, TABLE, NUMBER, COUNT, st.integers(2, 4)),
    "truncate": st.builds(files.Truncated, NUMBER, st.sampled_from([0.0, 0.01, 0.3, 0.5, 0.9, 0.999])),
    "flip": st.builds(files.Flipped, NUMBER, st.integers(0, 5000), st.binary(min_size=1, max_size=8)),
    "encode": st.builds(files.Encoded, NUMBER, st.sampled_from(["utf-16", "utf-8", "utf-8-sig", "gb18030", "latin-1"])),
    "head": st.builds(files.Headed, NUMBER, st.integers(0, 3)),
    "folder": st.builds(files.AFolder, NUMBER),
    "copy": st.builds(files.Copied, NUMBER, st.sampled_from(["600000", "SZ000001", "copy", "sh.600000"])),
    "setting": st.builds(files.Setting, NUMBER, SETTINGS),
    "key": st.builds(files.Added, COLUMN, KEYS, SETTINGS),
}
"""Ways to spoil a market."""

Mutation = tables.OfTable | files.OfFile | files.Setting | files.Added


@dataclass(frozen=True)
class Recipe:
    """A layout, by its name, and what is done to it, in order."""

    layout: str
    mutations: tuple[Mutation, ...]

    def without(self, number: int) -> Recipe:
        """The recipe less one mutation."""
        return Recipe(self.layout, self.mutations[:number] + self.mutations[number + 1 :])


def recipes() -> st.SearchStrategy[Recipe]:
    """Any layout, mostly one mutation or two."""
    one = st.sampled_from(sorted(MUTATIONS)).flatmap(MUTATIONS.__getitem__)
    some = st.one_of(st.tuples(one), st.tuples(one, one), st.tuples(one), st.tuples(one, one, one, one))
    return st.builds(Recipe, st.sampled_from(sorted(LAYOUTS)), some)
