"""A provider as qlib reads it: calendars, stocks, members, stored series, and a fingerprint of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from qlib.config import C
from qlib.data import D
from qlib.data.data import Cal
from qlib.data.storage.file_storage import FileStorageMixin
from qlib.log import get_module_logger

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider.manifest import read_manifest, session_in
from qlib_mfgru.provider.session import ASHARE, FREQS, Session
from qlib_mfgru.provider.storage.files import check_ascending
from qlib_mfgru.provider.symbols import feature_folder, is_index


class ProviderFolder(FileStorageMixin):
    """The frequencies of the initialised provider and where they are, as qlib sees them."""

    storage_name = "calendar"

    def frequencies(self) -> list[str]:
        """Names of the frequencies, e.g. ``["15min", "day"]``."""
        return sorted(str(freq) for freq in self.support_freq)

    def path(self, freq: str) -> Path:
        """Folder of the provider for `freq`."""
        return Path(self.dpm.get_data_uri(freq)).expanduser().resolve()


def provider_path(freq: str) -> Path:
    """Folder that holds `freq`.

    Raises
    ------
    InputError
        If qlib is not initialised, or the provider lacks the frequency; the message names those that it has.
    """
    if not C.registered:
        raise InputError("qlib is not initialised: call qlib.init(provider_uri=...) first")
    folder = ProviderFolder()
    available = folder.frequencies()
    if freq not in available:
        way = _finer(freq, available)
        raise InputError(f"the provider {C.dpm.get_data_uri('day')} has no {freq!r} data; it has {available}{way}")
    return folder.path(freq)


def _finer(freq: str, available: Sequence[str]) -> str:
    """What to do where a provider has only finer bars than those that are asked for."""
    finer = FREQS[FREQS.index(freq) + 1 :] if freq in FREQS else ()
    made_of = [other for other in finer if other in available]
    return f"; an ingest makes it of the {made_of[-1]} bars (mfgru ingest --vendor qlib)" if made_of else ""


def market_session() -> Session:
    """The session of the initialised provider's market; A-shares', said in the log once, where it names none."""
    folder = provider_path("day")
    return session_in(folder) or _assumed_session(folder)


@cache
def _assumed_session(folder: Path) -> Session:
    get_module_logger("mfgru").info(f"the provider {folder} names no session: it is taken for a market of A-shares")
    return ASHARE


def provider_name() -> str:
    """The initialised provider as charts name their source: its folder, and what made it."""
    folder = provider_path("day")
    made_by = read_manifest(folder).get("made_by")
    return f"{folder.name} ({made_by})" if made_by else folder.name


def is_current(freq: str) -> bool:
    """Whether the provider's calendar is still what this session has read: an update may have appended days."""
    lines = (provider_path(freq) / "calendars" / f"{freq}.txt").read_text(encoding="utf-8").split("\n")
    return sum(map(bool, lines)) == len(calendar(freq))


def calendar(freq: str) -> pd.DatetimeIndex:
    """All stamps of a frequency, ascending.

    Raises
    ------
    InputError
        As of `provider_path`; or the calendar is empty, has a line that is no stamp, or does not ascend.
    """
    path = provider_path(freq)
    file = path / "calendars" / f"{freq}.txt"
    try:
        # `D.calendar` begins at the last place where the first stamp stands, and fails on an empty calendar
        stamps = pd.DatetimeIndex(Cal._get_calendar(freq, future=False)[0])
    except ValueError:
        why = "not all of its lines are stamps" if file.is_file() else "there is no such file"
        raise InputError(f"{file}: {why}") from None
    if len(stamps) == 0:
        raise InputError(f"the {freq} calendar of {path} is empty")
    check_ascending(stamps, file)
    return stamps


def markets(freq: str = "day") -> list[str]:
    """Names of the provider's markets, its lists of instruments, ascending."""
    return sorted(file.stem for file in (provider_path(freq) / "instruments").glob("*.txt"))


Spans = dict[str, list[tuple[pd.Timestamp, pd.Timestamp]]]
"""Code -> first and last day of each membership, both included."""


def member_spans(instruments: Any, freq: str) -> Spans:
    """Point-in-time members: code -> spans (first, last), both included, in the order of the codes.

    An index, as far as its code tells (`is_index`), is no stock, and is left out: qlib's own data list indices in
    ``all``. The log says so once. Codes that are named one by one are taken as they are.

    Parameters
    ----------
    instruments : str, list of str, or dict
        A market's name, codes, or what ``D.instruments`` returns.
    freq : str
        Frequency whose calendar bounds the spans.

    Raises
    ------
    InputError
        If the market is unknown (the message names those that exist) or has no stock.
    """
    path = provider_path(freq)
    if isinstance(instruments, str):
        known = markets(freq)
        if instruments.lower() not in known:
            raise InputError(f"unknown market {instruments!r}; the provider {path} has {known}")
        instruments = D.instruments(instruments)
    if isinstance(instruments, (list, tuple)):
        days = calendar(freq)
        return {str(code): [(days[0], days[-1])] for code in sorted(instruments)}
    try:
        spans = D.list_instruments(instruments, freq=freq, as_list=False)
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(f"instruments is {instruments!r}: must be a market, codes, or D.instruments(...)") from error
    stocks = _without_indices(spans, instruments["market"], path)
    if not stocks:
        raise InputError(f"the provider {path} has no stock of {instruments}")
    return stocks


def _without_indices(spans: Spans, market: str, path: Path) -> Spans:
    """The members that are stocks, in the order of their codes."""
    codes = (session_in(path) or ASHARE).codes
    indices = tuple(sorted(code for code in spans if is_index(code, codes)))
    if indices:
        _say_left_out(indices, market, path)
    return {str(code): spans[code] for code in sorted(spans.keys() - set(indices))}


@cache
def _say_left_out(indices: tuple[str, ...], market: str, path: Path) -> None:
    get_module_logger("mfgru").info(
        f"{len(indices)} indices in the market {market} of {path} are no stocks and left out, the first is {indices[0]}"
    )


def member_mask(instruments: Any, days: pd.DatetimeIndex, stocks: Sequence[str]) -> np.ndarray:
    """Point-in-time members on given axes; those that are not among `stocks` are counted in a warning.

    Parameters
    ----------
    instruments : str, list of str, or dict
        As in `member_spans`.
    days : DatetimeIndex of length n_days
        Days of the daily calendar, ascending.
    stocks : sequence of str, length n_stocks
        The provider's ``all`` market.

    Returns
    -------
    ndarray of shape (n_days, n_stocks), bool

    Raises
    ------
    InputError
        The market is unknown; a code that was asked for, or every member, is unknown; there is no member on any day.
    """
    spans = member_spans(instruments, "day")
    position = {code: i for i, code in enumerate(stocks)}
    unknown = [code for code in spans if code not in position]
    if unknown and (isinstance(instruments, (list, tuple)) or len(unknown) == len(spans)):
        hint = "; an index is no stock" if any(map(is_index, unknown)) else ""
        raise InputError(f"{len(unknown)} stocks are not in the provider's `all` market: {unknown[:5]} ...{hint}")
    if unknown:
        get_module_logger("mfgru").warning(
            f"{len(unknown)} members of {instruments} are not in the provider: {unknown[:5]} ..."
        )
    mask = np.zeros((len(days), len(stocks)), dtype=bool)
    for code in spans.keys() - set(unknown):
        for first, last in spans[code]:
            begin, end = days.searchsorted(first.normalize()), days.searchsorted(last, side="right")
            mask[begin:end, position[code]] = True
    if not mask.any():
        raise InputError(f"no stock of {instruments} is a member between {days[0]:%Y-%m-%d} and {days[-1]:%Y-%m-%d}")
    return mask


def fingerprint(freq: str, codes: list[str], fields: tuple[str, ...]) -> str:
    """Hash of everything that a `SeriesReader` would read: it differs as soon as the provider does.

    It covers the calendar, as this session has it, the stock list, and the size and modification time of every series,
    so that a file rewritten in place counts as a change.
    """
    path = provider_path(freq)
    digest = hashlib.sha256(f"{path}|{freq}|{fields}|{codes}".encode())
    digest.update(calendar(freq).to_numpy(dtype="datetime64[ns]").tobytes())  # of the file qlib read it once
    features = os.path.join(path, "features")
    for code in codes:
        folder = feature_folder(code)
        for field in fields:
            try:
                status = os.stat(f"{features}/{folder}/{field}.{freq}.bin")
            except FileNotFoundError:
                continue
            digest.update(b"%d,%d;" % (status.st_size, status.st_mtime_ns))
        digest.update(b"|")
    return digest.hexdigest()[:32]
