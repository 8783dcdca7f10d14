"""A panel of a provider that was updated: the days that did not change from the panel before, the others read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from qlib.log import get_module_logger

from qlib_mfgru.data.panel.build import DESCRIPTION, described, filled, read_blocks, write_rest
from qlib_mfgru.data.panel.fields import Field, stored_names
from qlib_mfgru.data.panel.grid import read_grid
from qlib_mfgru.data.panel.layout import BARS, mapped, read
from qlib_mfgru.folders import Sums
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.storage.stored import SeriesReader
from qlib_mfgru.provider.storage.updates import changed_since
from qlib_mfgru.provider.symbols import feature_folder

_DAYS_AT_ONCE = 16
_STOCKS_AT_ONCE = 256


def extend(folder: Path, old: Path, freq: str, codes: list[str], fields: Sequence[Field]) -> dict[str, Any] | None:
    """Write all files of a panel to an empty folder, as `build.write` does, from an earlier one that is whole.

    Parameters
    ----------
    old : Path
        The earlier panel's folder.

    Returns
    -------
    dict or None
        What the description says; None, and nothing written, where the earlier panel is not one of the same fields and
        provider, what has changed since is not known, as of series that are not the provider's own, there is no later
        day, or its bars are damaged.
    """
    now = described(freq, codes, fields, ())  # first: what changes from here on is a change since
    start, log = _unchanged_days(old, now, fields), get_module_logger("BarPanel")
    days, bars_per_day = read_grid(freq)
    if not 0 < start < len(days):
        return None
    sums = Sums.read(old)
    if fault := next(sums.damaged(old, [BARS]), "") if sums else "":  # opening looks at its size alone
        log.warning(f"{fault}: all days of {freq} bars are read from the provider")
        return None
    before: dict[str, Any] = json.loads((old / DESCRIPTION).read_text())
    shape = (len(days), bars_per_day, len(fields), len(codes))
    ours = np.flatnonzero(np.isin(codes, before["codes"]))
    theirs = np.searchsorted(before["codes"], np.array(codes)[ours])
    bars, earlier = mapped(folder, shape), read(old)
    traded, priced = np.zeros((2, len(days), len(codes)), dtype=bool)
    for name, mask in (("traded", traded), ("priced", priced)):
        mask[:start, ours] = np.load(old / f"{name}.npy")[:start, theirs]
    _copy_days(bars, earlier, start, ours, theirs)
    for first in range(0, len(ours), _STOCKS_AT_ONCE):
        some = slice(first, first + _STOCKS_AT_ONCE)
        block = _ends(
            freq,
            [codes[place] for place in ours[some]],
            fields,
            earlier[start - 1, -1][:, theirs[some]],
            start * bars_per_day,
        )
        live, known = filled(block, fields)
        values, live, known = block[1:, : len(fields)], live[1:], known[1:]
        n_days = len(days) - start
        bars[start:, ..., ours[some]] = values.reshape(n_days, bars_per_day, len(fields), -1)
        traded[start:, ours[some]] = live.reshape(n_days, bars_per_day, -1).any(axis=1)
        priced[start:, ours[some]] = known.reshape(n_days, bars_per_day, -1)[:, 0]
    new = np.setdiff1d(np.arange(len(codes)), ours)
    stand_ins: Counter[str] = Counter()
    others = [codes[place] for place in new]
    for columns, block in read_blocks(freq, others, fields, len(days) * bars_per_day, stand_ins, Counter(), set()):
        live, known = filled(block, fields)
        bars[..., new[columns]] = block[:, : len(fields)].reshape(*shape[:3], -1)
        traded[:, new[columns]] = live.reshape(*shape[:2], -1).any(axis=1)
        priced[:, new[columns]] = known.reshape(*shape[:2], -1)[:, 0]
    is_same_before = len(ours) == len(before["codes"]) and not priced[:start, new].any()
    digests = np.load(old / "digests.npy")[:start] if is_same_before else None
    description = {**now, "shape": shape, "stand_ins": stand_ins}
    write_rest(folder, description, days, codes, bars, traded, priced, digests)
    log.info(f"{len(days) - start} days of {freq} bars read, {start} taken from {old}")
    return description


def _unchanged_days(old: Path, now: Mapping[str, Any], fields: Sequence[Field]) -> int:
    """Days of an earlier panel that are as they were; 0 where it is of no use."""
    description = json.loads((old / DESCRIPTION).read_text())
    provider, freq = Path(now["provider"]), now["freq"]
    is_same = all(description.get(name) == now[name] for name in ("provider", "fields"))
    has_close = "close" in [field.name for field in fields if field.kind != "quantity"]  # what prices carry
    if not (is_same and has_close and description.get("made_from") and now["made_from"]) or description["stand_ins"]:
        return 0
    changed = changed_since(provider, description["made_from"], freq)
    if changed is None or _has_others(provider, freq, now["codes"], fields):
        return 0
    n_days, bars_per_day = description["shape"][:2]
    return min(changed // bars_per_day, n_days)


def _has_others(provider: Path, freq: str, codes: Sequence[str], fields: Sequence[Field]) -> bool:
    """Whether there are series beside the provider's own, such as a user's field: of their changes nothing is noted."""
    try:
        sums = Sums.read(provider)
    except ValueError:  # it is damaged, which `mfgru check` says
        sums = None
    own = sums.files if sums else {}
    names = (f"features/{feature_folder(code)}/{name}.{freq}.bin" for code in codes for name in stored_names(fields))
    return any(name not in own and (provider / name).exists() for name in names)


def _copy_days(bars: np.ndarray, earlier: np.ndarray, n_days: int, ours: np.ndarray, theirs: np.ndarray) -> None:
    """Take the first days of an earlier panel, some at a time; stocks may have other places."""
    is_same = len(ours) == bars.shape[-1] == earlier.shape[-1]
    for first in range(0, n_days, _DAYS_AT_ONCE):
        some = slice(first, min(first + _DAYS_AT_ONCE, n_days))
        if is_same:
            bars[some] = earlier[some]
        else:
            bars[some][..., ours] = earlier[some][..., theirs]


def _ends(freq: str, codes: Sequence[str], fields: Sequence[Field], last: np.ndarray, position: int) -> np.ndarray:
    """Series of `stored_names` from a position on, after one more stamp that holds what is carried over it.

    Parameters
    ----------
    last : ndarray of shape (n_fields, n_codes)
        The panel's last bar before.

    Returns
    -------
    ndarray of shape (1 + n_stamps, n_names, n_codes), float32
    """
    names, n_stamps, stored = stored_names(fields), len(reader.calendar(freq)) - position, SeriesReader(freq)
    block = np.full((len(codes), len(names), 1 + n_stamps), np.nan, dtype=np.float32)
    for row, field in enumerate(fields):
        if field.name == "close" or field.kind == "level":
            block[:, names.index(field.name), 0] = last[row]
    for row, code in enumerate(codes):
        for column, name in enumerate(names):
            values = stored.end(code, name, position)
            if values is not None:
                first = values[0] - position
                end = values[1][: max(n_stamps - first, 0)]  # an update may have come since qlib read the calendar
                block[row, column, 1 + first : 1 + first + len(end)] = end
    return np.ascontiguousarray(block.transpose(2, 1, 0))
