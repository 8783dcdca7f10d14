"""A market that a vendor delivers evening by evening, with what vendors get wrong; whole or in parts it is the same."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from qlib_mfgru.ingest.mapping import IngestMapping
from qlib_mfgru.ingest.state.tails import KeptRows
from qlib_mfgru.provider.session import ASHARE

PRICES = ["open", "high", "low", "close"]
HOW = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum", "amount": "sum"}
SYMBOLS = ["600000", "600001", "600519", "601318", "000001", "000002", "000651", "300001", "300750", "688001", "688981"]
N_DAYS = 110
SIGHTS = ("column", "table", "events", "prev_close", "adjusted")
"""Ways in which a vendor gives the factor."""


@dataclass
class Evenings:
    """What the vendor has: rows of bars and days, and tables, all with a day on which they come.

    Attributes
    ----------
    way : str
        One of `SIGHTS`.
    tables : dict of str to DataFrame
        By the input's name; ``come`` is the day on which a row is delivered.
    """

    way: str
    days: pd.DatetimeIndex
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)

    @classmethod
    def make(cls, seed: int, way: str = "column") -> Evenings:
        """A market of some stocks; the same for the same arguments."""
        random = np.random.default_rng(seed)
        market = cls(way, pd.bdate_range("2024-01-02", periods=N_DAYS))
        stocks = [_stock(random, symbol, place, market.days) for place, symbol in enumerate(SYMBOLS)]
        bars, daily = (pd.concat(frames, ignore_index=True) for frames in zip(*stocks, strict=True))
        market._prices(random, bars, daily)
        market._lists(random, daily)
        return market

    def _prices(self, random: np.random.Generator, bars: pd.DataFrame, daily: pd.DataFrame) -> None:
        factors = daily[["symbol", "date", "factor"]]
        if self.way == "adjusted":
            by_day = factors.set_index(["symbol", "date"])["factor"]
            of_bar = by_day.loc[list(zip(bars["symbol"], bars["datetime"].dt.normalize(), strict=True))].to_numpy()
            bars[PRICES] = bars[PRICES].mul(of_bar, axis=0)
            daily[[*PRICES, "prev_close"]] = daily[[*PRICES, "prev_close"]].mul(daily["factor"], axis=0)
        if self.way not in ("column", "adjusted"):
            daily = daily.drop(columns="factor")
        if self.way != "prev_close":
            daily = daily.drop(columns="prev_close")
        if self.way in ("table", "events"):
            before = factors.groupby("symbol")["factor"].shift()
            changed = factors["factor"] != (before.fillna(1.0) if self.way == "events" else before)
            self.tables["factors"] = factors[changed | (self.way == "table")]
        self.tables |= {"bars": bars, "daily": daily}

    def _lists(self, random: np.random.Generator, daily: pd.DataFrame) -> None:
        days, symbols = self.days, np.array(SYMBOLS)
        shares = [(symbol, days[day], 1e8 + day * 1e5) for symbol in symbols for day in (0, 40, 80, 95)]
        self.tables["float_shares"] = pd.DataFrame(shares, columns=["symbol", "date", "float_shares"])
        names = [(symbol, days[0], f"M{place % 3}") for place, symbol in enumerate(symbols)]
        names += [(symbols[1], days[90], "A0"), (symbols[2], days[101], "N1")]
        self.tables["industry"] = pd.DataFrame(names, columns=["symbol", "date", "industry"])
        dates = days[[5, 30, 60, 85, 100]]
        weights = [(symbol, date, random.integers(1, 9)) for date in dates for symbol in symbols[:6]]
        table = pd.DataFrame(weights, columns=["symbol", "date", "weight"])
        table["weight"] = table["weight"] / table.groupby("date")["weight"].transform("sum") * 100
        self.tables["weights"] = table
        level = np.round(3000 * np.exp(random.normal(0, 0.01, len(days)).cumsum()), 2)
        self.tables["index"] = pd.DataFrame({"index": "000300.SH", "date": days, "close": level})
        self.tables["members"] = pd.DataFrame(
            [(symbol, days[place], days[min(place + 80, N_DAYS - 1)]) for place, symbol in enumerate(symbols[:8])],
            columns=["symbol", "start", "end"],
        )

    def mapping(self, **more: Any) -> IngestMapping:
        """What the files are."""
        content: dict[str, Any] = {
            "bars": {"files": "bars/*.parquet", "freq": "15min", "stamps": "end", "store": ["15min", "60min"]},
            "daily": {"files": "daily/*.csv"},
            "float_shares": "float_shares/*.csv",
            "industry": "industry/*.csv",
            "index": "index/*.csv",
            "members": {"csi300": "members.csv"},
            "weights": {"csi300": {"files": "weights/*.csv", "carry": True}},
            "carry_members": True,
            "max_dropped": 0.5,
            "max_inconsistent": 0.5,
        }
        if self.way in ("table", "events"):
            before = "one" if self.way == "events" else "unknown"
            content["factors"] = {"files": "factors/*.csv", "before_first": before}
        if self.way == "prev_close":
            content["daily"]["factor"] = "from_prev_close"
        if self.way == "adjusted":
            content["daily"]["prices"] = content["bars"]["prices"] = "adjusted"
        return IngestMapping(**(content | more))

    def write(self, folder: Path, since: int, until: int) -> Path:
        """Write what comes on the days from one number to another, excluded: a file a table."""
        first, end = self.days[since], self.days[until - 1] + pd.Timedelta("1D")
        for name, table in self.tables.items():
            if name == "members":
                known = table[table["start"] < end]
                folder.mkdir(parents=True, exist_ok=True)
                known.assign(end=known["end"].where(known["end"] < end)).to_csv(folder / "members.csv", index=False)
                continue
            when = table["datetime" if "datetime" in table else "date"]
            rows = table[(when >= first) & (when < end)]
            if len(rows):
                (folder / name).mkdir(parents=True, exist_ok=True)
                path = folder / name / f"{first:%Y%m%d}"
                if name == "bars":
                    rows.to_parquet(path.with_suffix(".parquet"))
                else:
                    rows.to_csv(path.with_suffix(".csv"), index=False)
        return folder

    def change(self, name: str, symbol: str, day: int, **values: Any) -> None:
        """Change all rows of a stock and day: multiply by a number, or set what is in a list of one."""
        table = self.tables[name]
        when = table["datetime"].dt.normalize() if "datetime" in table else table["date"]
        rows = (table["symbol"] == symbol) & (when == self.days[day])
        for column, value in values.items():
            table.loc[rows, column] = value[0] if isinstance(value, list) else table.loc[rows, column] * value

    def drop(self, name: str, symbol: str, days: Sequence[int]) -> None:
        """Leave rows of a stock out."""
        table = self.tables[name]
        when = table["datetime"].dt.normalize() if "datetime" in table else table["date"]
        self.tables[name] = table[~((table["symbol"] == symbol) & when.isin(self.days[list(days)]))]

    def soil(self, seed: int, n_faults: int = 40) -> None:
        """What vendors get wrong, on days and in stocks at random, most of them late in the history."""
        random = np.random.default_rng(seed)
        scale = 100.0
        for _ in range(n_faults):
            symbol, day = random.choice(SYMBOLS), int(random.integers(55, N_DAYS))
            kind = int(random.integers(9))
            if kind == 0:
                self.change("daily", symbol, day, close=3.0, high=3.0)
            elif kind == 1:
                self.change("daily", symbol, day, volume=scale)
            elif kind == 2:
                self.change("bars", symbol, day, amount=1 / scale)
            elif kind == 3:
                self.drop("daily", symbol, [day])
            elif kind == 4:
                self.drop("bars", symbol, [day])
            elif kind == 5:
                self.change("daily", symbol, day, volume=0.0, amount=0.0)
                self.drop("bars", symbol, [day])
            elif kind == 6:
                self._change_bar(symbol, day, int(random.integers(16)), PRICES, 1.4)
            elif kind == 7:
                self._change_bar(symbol, day, int(random.integers(16)), ["volume", "amount"], 50.0)
            else:
                self.change("daily", symbol, day, amount=[np.nan])

    def _change_bar(self, symbol: str, day: int, slot: int, columns: Sequence[str], by: float) -> None:
        table, stamps = self.tables["bars"], ASHARE.calendar(self.days[[day]], "15min")
        rows = (table["symbol"] == symbol) & (table["datetime"] == stamps[slot])
        table.loc[rows, list(columns)] = table.loc[rows, list(columns)] * by


def _stock(
    random: np.random.Generator, symbol: str, place: int, days: pd.DatetimeIndex
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bars and days of one stock, raw, in shares and yuan: listed late, delisted, suspended, with ex-dates."""
    begins = {3: 40, 7: 79, 8: 103}.get(place, 0)
    ends = {4: 88, 5: 60}.get(place, N_DAYS)
    idle = {2: range(50, 92), 6: range(84, 87), 9: [96]}.get(place, ())
    events = {0: {30: 1.25, 81: 1.1}, 1: {100: 2.0}, 2: {70: 1.5}, 6: {86: 1.2}}.get(place, {})
    live = [day for day in range(begins, ends) if day not in idle]
    stamps = ASHARE.calendar(days[live], "15min")
    moves = random.normal(0, 0.002, len(stamps))
    close = 20 * np.exp(moves.cumsum())
    factor = np.ones(N_DAYS)
    for day, step in events.items():
        factor[day:] *= step
    close = np.round(close / np.repeat(factor[live], 16), 2)
    open_ = np.round(close * (1 + random.normal(0, 0.001, len(close))), 2)
    bars = pd.DataFrame({"symbol": symbol, "datetime": stamps, "open": open_})
    bars["high"] = np.maximum(open_, close) + 0.01
    bars["low"] = np.minimum(open_, close) - 0.01
    bars["close"] = close
    bars["volume"] = random.integers(10, 99, len(close)) * 100.0
    bars["amount"] = np.round(bars["volume"] * (open_ + close) / 2, 2)
    daily = bars.groupby(bars["datetime"].dt.normalize().rename("date")).agg(HOW)
    if place in (2, 6):
        live = sorted([*live, *idle])
        daily = _with_suspended_days(daily, days[live], factor[live])
    daily = daily.reset_index()
    daily.insert(0, "symbol", symbol)
    daily["factor"] = factor[live]
    step = daily["factor"] / daily["factor"].shift().fillna(1.0)
    daily["prev_close"] = (daily["close"].shift() / step).round(2).fillna(daily["open"])
    daily["is_st"] = ((place == 1) & (np.array(live) > 83)).astype(int)
    return bars, daily


def _with_suspended_days(daily: pd.DataFrame, days: pd.DatetimeIndex, factor: np.ndarray) -> pd.DataFrame:
    """Rows of days without trade too: no volume, and the last close, which follows the factor."""
    daily = daily.reindex(days.rename("date"))
    last = ((daily["close"] * factor).ffill() / factor).round(2)
    return daily.fillna({**dict.fromkeys(PRICES, last), "volume": 0.0, "amount": 0.0})


def differences(one: Path, other: Path, ignored: Sequence[str] = ("mfgru.json", "checksums.txt")) -> list[str]:
    """Names of files of two folders that are not the same, state apart."""
    files: list[Mapping[str, Path]] = [
        {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        for folder in (one, other)
    ]
    names = sorted(files[0].keys() | files[1].keys())
    return [
        name
        for name in names
        if name not in ignored
        and not name.startswith("state/")
        and (name not in files[0] or name not in files[1] or files[0][name].read_bytes() != files[1][name].read_bytes())
    ]


def judged(provider: Path) -> tuple[dict[tuple[str, int], tuple[list[int], list[int], int]], dict[str, list[float]]]:
    """What the judge has counted of each stock and kind, and what ex-dates say of each stock."""
    counts = {}
    for file in (provider / "state/rows").glob("*.npz"):
        kept = KeptRows.read(file)
        for row in kept.rows["past"]:
            code, kind = kept.codes[row["stock"]], int(row["kind"])
            counts[code, kind] = row["closed"].tolist(), row["whole"].tolist(), int(row["weight"])
    return counts, json.loads((provider / "state/state.json").read_text())["payouts"]["against"]
