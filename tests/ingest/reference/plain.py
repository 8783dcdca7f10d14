"""Plain vendor files read with pandas alone, for the reference: every row that an ingest has to keep, and no other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from qlib_mfgru.ingest.mapping import BarInput, IngestMapping, RowInput
from qlib_mfgru.ingest.mapping.prices import PriceInput
from qlib_mfgru.ingest.read.columns import VENDOR_NAMES
from qlib_mfgru.provider.session import Session, freq_minutes
from qlib_mfgru.provider.symbols import normalise_symbol, symbol_in_name

from .market import PRICES, Reference

PRICED = (*PRICES, "volume", "amount", "vwap")
NUMBERS = {"bars": PRICED, "daily": (*PRICED, "factor", "prev_close", "limit_up", "limit_down"),
           "factors": ("factor",)}  # fmt: skip
"""Fields that an ingest reads as numbers."""
FLAGS = {"1", "1.0", "true", "t", "yes", "y", "是", "0", "0.0", "false", "f", "no", "n", "否"}
EVENTS = {"backAdjustFactor", "ex_cum_factor", "hfq_factor"}
"""Columns of tables with a row each ex-date."""
RANGE = 1e-3
"""Share of the price by which open and close may lie outside [low, high]."""
MISSING = ("", "--", "-", "停牌", "None", "nan", "null", "N/A", "\\N")
KINDS = (".csv", ".txt", ".parquet")


def market(mapping: IngestMapping, source: Path) -> Reference | None:
    """The market that a mapping and its files describe; None where they need more than pandas to be read."""
    sections = {"bars": mapping.bars, "daily": mapping.daily, "factors": mapping.factors}
    given = {name: section for name, section in sections.items() if section is not None}
    if mapping.renames or not all(_is_plain(section) for section in given.values()):
        return None
    try:
        rows = {name: read(section, NUMBERS[name], source, mapping.session) for name, section in given.items()}
    except (KeyError, ValueError):  # a title before the header, a footer, another encoding
        return None
    prices = {name: section.prices for name, section in given.items() if isinstance(section, PriceInput)}
    has_factor = "factors" in rows or ("daily" in rows and "factor" in rows["daily"])
    adjusted = tuple(name for name, kind in prices.items() if kind == "adjusted")
    if adjusted and not has_factor:
        return None
    return Reference(
        **{name: rows.get(name) for name in sections},
        session=mapping.session,
        stamps=(mapping.bars.stamps if mapping.bars else None) or "end",
        typical=mapping.missing_vwap == "typical",
        adjusted=adjusted,
        volume_adjusted=tuple(name for name in prices if "adjusted" in given[name].volume_units.values()),
        unadjusted="unadjusted" in prices.values(),
        events=_has_events(mapping, source),
    )


def _has_events(mapping: IngestMapping, source: Path) -> bool | None:
    """Whether the factor is 1 before a stock's first, None where only the rows tell."""
    if mapping.factors is None or mapping.factors.before_first:
        return mapping.factors and mapping.factors.before_first == "one"
    columns = {str(column) for path in _files(mapping.factors, source) for column in _frame(path, mapping.factors)}
    return True if EVENTS & columns else None


def _files(section: RowInput, source: Path) -> list[Path]:
    found = (path for pattern in section.files or () for path in sorted(source.glob(pattern)) if path.is_file())
    return list(dict.fromkeys(found))


def read(section: RowInput, numbers: Sequence[str], source: Path, session: Session) -> pd.DataFrame:
    """The good rows of an input, the first (or last) of each stock and time."""
    files = [_rows(path, section, numbers, session) for path in _files(section, source)]
    rows = pd.concat(files, ignore_index=True)
    when = "datetime" if isinstance(section, BarInput) else "date"
    good = rows["symbol"].notna() & rows[when].notna()
    if when == "date":
        rows["date"] = rows["date"].dt.normalize()
    if isinstance(section, BarInput) and "amount" in rows:
        rows = rows.drop(columns="vwap", errors="ignore")
    for name in set(numbers) & set(rows):
        values, words = pd.to_numeric(rows[name], errors="coerce"), rows[name].astype("str").str.strip()
        with np.errstate(over="ignore"):
            rounded = values.astype("f4")
        vanishes = (values != 0) & (values.abs() < np.finfo("f4").tiny) & (name not in ("volume", "amount"))
        good &= ~(np.isinf(rounded) | vanishes | (values.isna() & rows[name].notna() & ~words.isin(MISSING)))
        rows[name] = values
    if "is_st" in rows:
        words = rows["is_st"].astype("str").str.strip()
        good &= words.str.lower().isin(FLAGS) | words.isin(MISSING) | rows["is_st"].isna()
    if isinstance(section, PriceInput):
        good &= _possible(rows, section, session)
    if isinstance(section, BarInput):
        good &= _on_grid(rows["datetime"], section, session)
    return rows[good].drop_duplicates(["symbol", when], keep=section.keep)


def _is_plain(section: RowInput) -> bool:
    origin = section.files is not None and not section.where and not section.skip_rows
    kinds = origin and all(Path(pattern).suffix in (*KINDS, "") for pattern in section.files or ())
    if not isinstance(section, PriceInput):
        return kinds
    whole = set(section.volume_units) == {"*"} == set(section.amount)
    known = section.prices != "adjusted" or section.volume is not None
    return kinds and whole and known and getattr(section, "factor", None) is None


def _rows(path: Path, section: RowInput, numbers: Sequence[str], session: Session) -> pd.DataFrame:
    """All rows of a file under our names; the symbol as the provider writes it, the stamp in the session's zone."""
    frame = _frame(path, section)
    spelling = {str(name).strip().lower(): name for name in reversed(list(frame.columns))}
    columns = {}
    for field in ("symbol", "datetime", "date", "time", "is_st", *numbers):
        names = [section.columns[field]] if field in section.columns else VENDOR_NAMES[field]
        column = next((spelling[name.lower()] for name in names if name.lower() in spelling), None)
        if column is not None:
            columns[field] = frame[column]
    rows = pd.DataFrame(columns)
    codes = rows["symbol"] if "symbol" in rows else symbol_in_name(path.stem, session.codes)
    rows["symbol"] = [_code(code, session) for code in pd.Series(codes, index=rows.index)]
    stamps = _stamps(rows, path.stem)
    moments = pd.Series([_moment(stamp, session.zone) for stamp in stamps], rows.index, dtype="datetime64[ns]")
    return rows.assign(datetime=moments, date=moments)


def _stamps(rows: pd.DataFrame, stem: str) -> pd.Series:
    stamps = rows["datetime"] if "datetime" in rows else rows["date"] if "date" in rows else rows["time"]
    if "date" in rows and "time" in rows and "datetime" not in rows:
        return _joined(rows["date"], rows["time"])
    if len(stamps) and re.fullmatch(r"\d{1,2}:\d\d.*|\d{1,6}", str(stamps.iloc[0]).strip()):
        if "date" in rows and not rows["date"].equals(stamps):
            return _joined(rows["date"], stamps)
        found = re.search(r"(?<!\d)((?:19|20)\d\d)-?(\d\d)-?(\d\d)(?!\d)", stem)
        if found is None:
            raise ValueError(f"{stem}: no date")
        return _joined(pd.Series("-".join(found.groups()), rows.index), stamps)
    return stamps


def _frame(path: Path, section: RowInput) -> pd.DataFrame:
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
        return frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index()
    sep = section.sep or ("," if path.suffix == ".csv" else "\t")
    names = list(section.names) if section.names else None
    header = None if names else 0
    return pd.read_csv(path, sep=sep, encoding=section.encoding, names=names, header=header, dtype="str")


def _joined(date: pd.Series, time: pd.Series) -> pd.Series:
    time = time.astype("str").str.strip()
    # 945, 0945 and 94500, 094500
    bare = time.map(lambda clock: clock.zfill(4) if len(clock) <= 4 else clock.zfill(6))
    clock = bare.str.replace(r"^(\d\d)(\d\d)(\d\d)?$", r"\1:\2:\3", regex=True).str.removesuffix(":")
    return (date.astype("str").str[:10] + " " + clock).where(time.str.len() < 12, time)


def _code(text: object, session: Session) -> str | None:
    try:
        return normalise_symbol(str(text), session.codes)
    except ValueError:
        return None


def _moment(stamp: object, zone: str) -> pd.Timestamp:
    text = str(stamp).strip()
    if text.isdigit():
        if len(text) in (10, 13, 16, 19):
            return pd.Timestamp(int(text[:10]), unit="s", tz=zone).tz_localize(None)
        if len(text) not in (8, 12, 14, 17):
            return pd.NaT
        text = f"{text[:8]} {text[8:10] or '00'}:{text[10:12] or '00'}:{text[12:14] or '00'}"
    next_day = text[11:16] == "24:00"
    text = text[:11] + "00" + text[13:] if next_day else text
    try:
        moment = pd.Timestamp(text) + pd.Timedelta(days=int(next_day))
    except ValueError:
        return pd.NaT
    return moment if moment.tzinfo is None else moment.tz_convert(zone).tz_localize(None)


def _possible(rows: pd.DataFrame, section: PriceInput, session: Session) -> pd.Series:
    """Rows whose numbers can be true; brings them to shares and yuan."""
    (volume_unit,), (amount_unit,) = section.volume_units.values(), section.amount.values()
    rows["volume"] = rows["volume"] * {"lots": session.lot or 1, "ten_thousand": 1e4}.get(volume_unit, 1)
    if "amount" in rows:
        rows["amount"] = rows["amount"] * {"yuan": 1, "thousand": 1e3, "ten_thousand": 1e4}[amount_unit]
    elif isinstance(section, BarInput) and "vwap" in rows and section.prices != "adjusted":
        rows["amount"] = rows["vwap"] * rows["volume"]
    priced = (rows[PRICES] > 0).all(axis=1)
    wrong = (
        _made_volumes(rows, section, priced)
        | (rows["volume"] < 0)
        | ((rows["volume"] > 0) & ~priced)
        | (priced & _outside(rows))
    )
    within = pd.Timedelta("1s" if getattr(section, "stamps", None) == "end" else "0s")
    weekend = (rows["datetime"] - within).dt.dayofweek >= 5
    return ~wrong & ~(rows.get("amount", 0) < 0) & (session.weekends | ~weekend)


def _made_volumes(rows: pd.DataFrame, section: PriceInput, priced: pd.Series) -> pd.Series:
    """Make volumes that are empty or 0 from amounts that buy a share; rows where nobody knows the scale are wrong."""
    price, amount = rows[PRICES].mean(axis=1), rows.get("amount", pd.Series(np.nan, rows.index))
    lacking = priced & (rows["volume"].fillna(0) == 0)
    if (section.prices == "adjusted") == section.volume_adjusted:
        rows["volume"] = rows["volume"].where(~(lacking & (amount >= price)), amount / price)
    return lacking & ~(rows["volume"] > 0) & (amount >= rows["high"])


def _outside(rows: pd.DataFrame) -> pd.Series:
    """Rows with high < low, or an open or close out of their range."""
    wrong = rows["high"] < rows["low"]
    for name in ("open", "close"):
        wrong |= (rows[name] < rows["low"] * (1 - RANGE)) | (rows[name] > rows["high"] * (1 + RANGE))
    return wrong


def _on_grid(stamps: pd.Series, section: BarInput, session: Session) -> pd.Series:
    """Stamps of a bar of the vendor's frequency, of an auction, or of the last trades of a part of the day."""
    minute = stamps.dt.hour * 60 + stamps.dt.minute
    ends, starts = session.bar_ends(section.freq) % 1440, session.bar_starts(section.freq)
    known = {*starts} if section.stamps == "start" else {session.opening, *ends}
    if session.calls:
        closing = range(session.call_spans[-1][0], session.spans[-1][1] + 1)
        if section.stamps == "end":
            _no_doubt(minute, known, closing, session)
        known |= {*range(session.call_spans[0][1], session.opening + 1), *closing}
        known |= {end for _, end in session.spans if section.stamps == "start"}
    before = minute - (0 if section.stamps == "start" else freq_minutes(section.freq))
    auction = pd.Series(False, stamps.index)
    for first, last in session.auction_spans:
        auction |= (before >= first) & (before < last)
    return minute.isin(known) & (stamps.dt.second == 0) & ~auction


def _no_doubt(minute: pd.Series, bars: set[int], closing: range, session: Session) -> None:
    """Raise a ValueError where the stamp of the pause may be late, or prints of the closing call stand beside bars."""
    pause, afternoon = session.spans[0][1], session.spans[1][0]
    if minute.isin(set(closing) - bars).any() or (minute.eq(afternoon).any() and not minute.eq(pause).any()):
        raise ValueError("more than pandas can tell")
