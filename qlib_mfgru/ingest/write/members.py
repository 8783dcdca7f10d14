"""Point-in-time members of indices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.assemble.calendar import runs, when_text
from qlib_mfgru.ingest.mapping import FileInput
from qlib_mfgru.ingest.read.intake import span_days
from qlib_mfgru.ingest.read.slices import iter_slices
from qlib_mfgru.ingest.read.spool import Registry
from qlib_mfgru.ingest.report import Account
from qlib_mfgru.provider.writer import Span


def member_masks(
    market: str,
    source: FileInput,
    paths: Sequence[Path],
    lives: Mapping[str, tuple[int, int]],
    days: np.ndarray,
    *,
    carry: bool,
    registry: Registry,
    account: Account,
) -> dict[str, np.ndarray]:
    """On which days each stock was a member, within its own life; spans that touch or overlap melt together.

    Parameters
    ----------
    lives : mapping of str to (int, int)
        First and last position in the calendar of each stock of the provider.
    days : ndarray of shape (n_days,)
        The calendar, in days since 1970.
    carry : bool
        Let the spans that end on the list's last day run on to the calendar's end.

    Returns
    -------
    dict of str to ndarray of shape (n_days,)
        Only stocks that have been members on some day of the calendar.
    """
    name = f"members.{market}"
    spans = _read_spans(name, source, paths, registry, account)
    if not len(spans):
        raise InputError(f"{name}: no usable span in {', '.join(path.name for path in paths)}")
    end = int(spans["last"].max())
    if end < days[-1]:
        last = when_text(end)
        if carry:
            spans.loc[spans["last"] == end, "last"] = days[-1]
        verb = "carried forward unchanged to" if carry else "not carried forward (carry_members) to"
        account.note(f"{name}: the list ends on {last}; {verb} {np.datetime64(int(days[-1]), 'D')}")
    masks: dict[str, np.ndarray] = {}
    absent = set()
    spans = spans[(spans["last"] >= days[0]) & (spans["first"] <= days[-1])]
    for number, first, last in spans.itertuples(index=False):
        code = registry.codes[number]
        if code not in lives:
            absent.add(code)
            continue
        mask = masks.setdefault(code, np.zeros(len(days), dtype=bool))
        mask[np.searchsorted(days, first) : np.searchsorted(days, last, side="right")] = True
    for code, mask in masks.items():
        born, dead = lives[code]
        mask[:born] = mask[dead + 1 :] = False
    account.warn(f"{name}: members left out, because there are no data of them", len(absent), sorted(absent))
    return {code: mask for code, mask in masks.items() if mask.any()}


def member_spans(masks: Mapping[str, np.ndarray], days: pd.DatetimeIndex) -> Iterator[Span]:
    """The masks as spans, by stock and time."""
    for code in sorted(masks):
        for first, last in runs(masks[code]):
            yield code, days[first], days[last]


def _read_spans(
    name: str, source: FileInput, paths: Sequence[Path], registry: Registry, account: Account
) -> pd.DataFrame:
    frames = [pd.DataFrame({"code": [], "first": [], "last": []}, dtype="i8")]
    part_account = account.input(name)
    # qlib's own instrument files have no header
    for part in iter_slices(
        paths, source, ("start",), ("end",), owner=name, registry=registry, account=part_account
    ):  # fmt: skip
        first, last, checks = span_days(part)
        good = part.drop(part_account, checks)
        part_account.kept += int(good.sum())
        frames.append(pd.DataFrame({"code": part.code[good], "first": first[good], "last": last[good]}, dtype="i8"))
    return pd.concat(frames, ignore_index=True)
