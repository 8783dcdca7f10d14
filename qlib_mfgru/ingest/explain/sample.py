"""Files of one layout, read as the ingest would read them: everything that the rest of the package looks at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.columns import TEXT_FIELDS, VENDOR_NAMES
from qlib_mfgru.ingest.read.files import VendorFile
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.spool import Registry
from qlib_mfgru.ingest.read.stamps import DateOrder
from qlib_mfgru.ingest.report import IngestReport
from qlib_mfgru.provider.boards import board_of
from qlib_mfgru.provider.session import ASHARE, SESSIONS, Session
from qlib_mfgru.provider.symbols import normalise_symbol, symbol_in_name

MAX_ROWS = 2_000_000
"""Rows of a layout that are looked at."""
_ORDER_ROWS = 100_000
"""Rows by which the order of dates is judged."""
ENCODINGS = ("utf-8-sig", "gb18030")
_DATE = re.compile(r"(19|20)\d\d[-/.]?\d\d[-/.]?\d\d.*")
_NAME = "file"
"""What the readers call the input."""
_OTHER_MARKET = SESSIONS["us"]
"""Any whose stocks are named by the vendor."""


@dataclass(frozen=True)
class Sample:
    """Rows of files with the same columns.

    Attributes
    ----------
    paths : list of Path
        All files; the first rows of the first ones are looked at.
    source : RowInput
        How they are read.
    header : list of str
        Their columns.
    columns : dict of str to str
        Field -> column.
    rows : DataFrame
        The fields, numbers as float64; `stock` (number in `codes`, -1 unknown) and `stamp` (``datetime64[s]``).
    codes : list of str
        Stocks as a provider names them.
    session : Session
        A-shares, or another market if the codes are none of theirs.
    remarks : list of str
        What reading them found.
    is_all : bool
        Whether these are all rows.
    """

    paths: list[Path]
    source: RowInput
    header: list[str]
    columns: dict[str, str]
    rows: pd.DataFrame
    codes: list[str]
    session: Session
    remarks: list[str]
    is_all: bool

    @property
    def is_dated(self) -> bool:
        """Whether rows have a date or time at all; a table that has none is a snapshot."""
        return not {"datetime", "date", "time"}.isdisjoint(self.columns)

    @property
    def stamps(self) -> np.ndarray:
        """The stamps that could be read."""
        stamps = self.rows["stamp"].to_numpy()
        return stamps[~np.isnat(stamps)]

    @property
    def unused(self) -> list[str]:
        """Columns that are taken for no field."""
        return [name for name in self.header if name not in self.columns.values()]

    @property
    def boards(self) -> np.ndarray:
        """Each row's board: ``all`` in a market without boards, empty for an unknown stock; shape (n,)."""
        ashare = self.session.codes == "ashare"
        boards = [board_of(code) if ashare else "all" for code in self.codes]
        # an unknown stock has number -1, which picks the last
        return np.array([*boards, ""], dtype=object)[self.rows["stock"].to_numpy()]


def read_sample(paths: Sequence[Path], table: RowInput | None = None, max_rows: int = MAX_ROWS) -> Sample:
    """Read files of one layout, or a database's `table`, in the encoding, order of dates and session that make sense.

    Raises
    ------
    InputError
        If they cannot be read, or have no rows.
    """
    source = table or readable(paths[0])
    try:
        sample = _read(paths, source, ASHARE, max_rows)
    except DateOrder as error:
        source = _ordered(paths, source, error)
        sample = _read(paths, source, ASHARE, max_rows)
    if (sample.rows["stock"] >= 0).mean() < 0.5:
        other = _read(paths, source, _OTHER_MARKET, max_rows)
        if (other.rows["stock"] >= 0).mean() >= 0.5:
            return other
    return sample


def _ordered(paths: Sequence[Path], source: RowInput, refusal: DateOrder) -> RowInput:
    """The source with the order of dates in which more of them can be read; where neither is better, it is refused."""
    orders = {order: source.changed(day_first=order) for order in (True, False)}
    read = {order: len(_read(paths, each, ASHARE, _ORDER_ROWS).stamps) for order, each in orders.items()}
    if read[True] == read[False]:
        raise refusal
    return orders[read[True] > read[False]]


def readable(path: Path) -> RowInput:
    """How a file is read, by the first table in it: its encoding, and names of its columns if it has none.

    Raises
    ------
    InputError
        If it is in none of the usual encodings.
    """
    refusal = None
    for encoding in ENCODINGS:
        source = RowInput(files=(path.name,), encoding=encoding)
        try:
            header = VendorFile.all_in(path, source)[0].header()
            names = _without_header(header)
            return source.changed(names=names) if names else source
        except InputError as error:
            refusal = refusal or error
    raise refusal or InputError(f"{path}: cannot be read")


def _without_header(header: Sequence[str]) -> tuple[str, ...] | None:
    """Names for the columns of a file whose first line is a row: a code, and one date or two."""
    kinds = ["symbol" if _is_code(cell) else "date" if _DATE.fullmatch(cell) else "" for cell in header]
    if "symbol" not in kinds or "date" not in kinds:
        return None
    dates = iter(("start", "end") if kinds.count("date") == 2 else ("date",))
    return tuple(next(dates, f"column{n}") if kind == "date" else kind or f"column{n}" for n, kind in enumerate(kinds))


def _is_code(cell: str) -> bool:
    try:
        return bool(normalise_symbol(cell)) and any(letter.isdigit() for letter in cell)
    except ValueError:
        return False


def _read(paths: Sequence[Path], source: RowInput, session: Session, max_rows: int) -> Sample:
    report, registry = IngestReport(), Registry(session.codes)
    table = VendorInput(_NAME, source, list(paths), registry, report, 100_000, True, session)
    first = next(table.tables())
    header, columns = first.header(), _once_each(first.columns((), tuple(VENDOR_NAMES)))
    frames: list[pd.DataFrame] = []
    n_rows = 0
    index = not {"symbol", "index"} & columns.keys() and _are_named_as_indices(paths, source, session)
    for piece in table.slices((), [field for field in columns if field != "symbol"], index=index):
        fields = set(map(str, piece.frame))
        numbers, _ = piece.numbers(sorted(fields - TEXT_FIELDS))
        texts = {name: piece.frame[name].to_numpy(dtype=object) for name in fields & TEXT_FIELDS}
        undated = np.full(len(piece.stock), np.datetime64("NaT", "s"))
        stamps = piece.stamps() if piece.has_stamps else undated
        frames.append(pd.DataFrame({**texts, **numbers, "stock": piece.stock, "stamp": stamps}))
        n_rows += len(stamps)
        if n_rows >= max_rows:
            break
    rows, is_all = pd.concat(frames, ignore_index=True), n_rows < max_rows
    if "datetime" in columns and "datetime" not in rows and "time" in rows:
        columns["time"] = columns.pop("datetime")  # times of day, beside a date
    if "index" in rows and _names_stocks(rows, registry.codes):
        rows = rows.drop(columns="index")
        del columns["index"]
    remarks = _remarks(report)
    return Sample(list(paths), source, header, columns, rows, registry.codes, session, remarks, is_all)


def _are_named_as_indices(paths: Sequence[Path], source: RowInput, session: Session) -> bool:
    """Whether all files are named by codes that an index can have, and some by codes that no stock has: ``399006``."""
    stems = [VendorFile(path, source).stems[0] for path in paths]
    named_stocks, named_any = (
        {stem for stem in stems if symbol_in_name(stem, session.codes, index=index)} for index in (False, True)
    )
    return named_stocks < named_any == set(stems)


def _names_stocks(rows: pd.DataFrame, codes: Sequence[str]) -> bool:
    """Whether what may be the index's code is the row's own stock in another spelling: tushare's ts_code and symbol."""
    pairs = rows.loc[rows["stock"] >= 0, ["index", "stock"]].drop_duplicates()
    return all(_is_of(str(text), codes[stock]) for text, stock in zip(pairs["index"], pairs["stock"], strict=True))


def _is_of(text: str, code: str) -> bool:
    try:
        return normalise_symbol(text) == code
    except ValueError:
        return False


def _remarks(report: IngestReport) -> list[str]:
    """What reading found, without the name of the input."""
    counted = [f"{what} ({tally.count}, e.g. {'; '.join(tally.examples)})" for what, tally in report.warnings.items()]
    return [remark.removeprefix(f"{_NAME}: ") for remark in (*report.notes, *counted)]


def _once_each(columns: dict[str, str]) -> dict[str, str]:
    """Each column under the first field that it may be."""
    fields: dict[str, str] = {}
    for field, column in columns.items():
        fields.setdefault(column, field)
    return {field: column for column, field in fields.items()}
