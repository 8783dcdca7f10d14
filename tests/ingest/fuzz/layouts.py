"""A small market as vendors write it: tables, how each is written, and the mapping that reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.feather import write_feather

from ..reference.market import HOW, PRICES
from ..vendor import make_bars

CODES = ("SH600000", "SZ000001", "SZ300750", "SH688001")
DAYS = pd.DatetimeIndex(["2025-02-27", "2025-02-28", "2025-03-03", "2025-03-04", "2025-03-05"])
FACTOR = dict(zip(DAYS, (2.0, 2.0, 2.0, 2.5, 2.5), strict=True))
CHINESE = {
    "symbol": "股票代码", "datetime": "时间", "date": "交易日期", "open": "开盘价", "high": "最高价", "low": "最低价",
    "close": "收盘价", "volume": "成交量", "amount": "成交额", "factor": "后复权因子", "name": "股票名称",
}  # fmt: skip

Tables = dict[str, pd.DataFrame]
Write = Callable[[pd.DataFrame, Path], None]


@dataclass(frozen=True)
class File:
    """How a table is written: `by` gives the file of each row, the columns `drop` are not written."""

    write: Write
    by: Callable[[pd.DataFrame], pd.Series]
    drop: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """One vendor: its mapping, as a mapping file holds it, its tables by name, and how each is written."""

    mapping: dict[str, Any]
    make: Callable[[], Tables]
    files: dict[str, File]

    def tables(self) -> Tables:
        """The tables as they are written, each row under the name of its file."""
        tables = {name: (table, self.files[name]) for name, table in self.make().items()}
        return {
            name: table.drop(columns=list(file.drop)).set_axis(file.by(table).to_numpy())
            for name, (table, file) in tables.items()
        }

    def write(self, tables: Tables, folder: Path) -> list[Path]:
        """Write tables; the files in order."""
        written = []
        for name, table in tables.items():
            for path, rows in table.groupby(level=0):
                file = folder / str(path)
                file.parent.mkdir(parents=True, exist_ok=True)
                self.files[name].write(rows, file)
                written.append(file)
        return written


def truth() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Raw 15-minute bars and daily rows of four stocks on five days, one of them ex-rights; one is suspended once."""
    bars = make_bars(CODES, DAYS)
    suspended = (bars["symbol"] == CODES[2]) & (bars["datetime"].dt.normalize() == DAYS[1])
    bars = bars[~suspended].reset_index(drop=True)
    day = bars["datetime"].dt.normalize().rename("date")
    before = (FACTOR[DAYS[-1]] / day.map(FACTOR)).astype("f8")
    bars[PRICES] = bars[PRICES].mul(before, axis=0).round(2)
    bars["amount"] *= before
    daily = bars.groupby([bars["symbol"], day]).agg(HOW).reset_index()
    return bars, daily.assign(factor=daily["date"].map(FACTOR))


def in_one(name: str) -> Callable[[pd.DataFrame], pd.Series]:
    """All rows in one file."""
    return lambda table: pd.Series(name, table.index)


def dotted(code: str) -> str:
    """``600000.SH``."""
    return f"{code[2:]}.{code[:2]}"


def csv(encoding: str = "utf-8") -> Write:
    """Comma-separated text."""
    return lambda rows, path: rows.to_csv(path, index=False, encoding=encoding, errors="replace")


def parquet(rows: pd.DataFrame, path: Path) -> None:
    """Parquet, by a program that minds no name that comes twice."""
    pq.write_table(_arrow(rows), path)


def feather(rows: pd.DataFrame, path: Path) -> None:
    """Arrow's own format."""
    write_feather(_arrow(rows), str(path))


def _arrow(rows: pd.DataFrame) -> pa.Table:
    """Columns as they are; one with text among its numbers is text."""
    columns = [rows.iloc[:, number] for number in range(rows.shape[1])]
    arrays = [column.map(str) if column.dtype == "object" else column for column in columns]
    return pa.Table.from_arrays([pa.Array.from_pandas(array) for array in arrays], names=[str(name) for name in rows])


def tdx(rows: pd.DataFrame, path: Path) -> None:
    """A title, tabs, and the source in the last line, in gb18030."""
    body = rows.to_csv(sep="\t", index=False, lineterminator="\r\n")
    title, source = f"{path.stem[3:]} 浦发银行 15分钟线 不复权\r\n", "#数据来源:通达信\r\n"
    path.write_bytes((title + body + source).encode("gb18030", errors="replace"))
