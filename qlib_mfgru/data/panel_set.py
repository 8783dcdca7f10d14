"""``PanelSet``: panels, members and labels of one handler on common axes (day, stock)."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import torch

from qlib_mfgru.data.labels import z_score
from qlib_mfgru.data.normalize import Moments
from qlib_mfgru.data.panel import BarPanel, check_on_axis, day_digests
from qlib_mfgru.data.resident import ResidentSource
from qlib_mfgru.data.settings import HandlerSettings
from qlib_mfgru.data.window import WindowSource
from qlib_mfgru.errors import InputError
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.daily import read_daily
from qlib_mfgru.provider.fill import carried_forward
from qlib_mfgru.threads import in_threads


@dataclass(frozen=True, eq=False)
class PlacedWindows:
    """Windows of one frequency, and where the common axes' days and stocks are on those of its panel.

    Attributes
    ----------
    source : WindowSource
    rows : ndarray of shape (n_days,), int64
        Day of the panel; -1 where it has none.
    columns : ndarray of shape (n_stocks,), int64
        Stock of the panel; -1 where it has none.
    complete : ndarray of shape (n_days, n_stocks), bool
        Which members have a complete window.
    resident : ResidentSource, optional
        The same windows from bars on a device.
    """

    source: WindowSource
    rows: np.ndarray
    columns: np.ndarray
    complete: np.ndarray
    resident: ResidentSource | None = None

    def in_panel(self, days: np.ndarray, stocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Days and stocks of the panel for positions (n,) on the common axes; an IndexError for any beyond these."""
        check_on_axis("days", days, len(self.rows))
        check_on_axis("stocks", stocks, len(self.columns))
        return self.rows[days], self.columns[stocks]


class PanelSet:
    """Everything that a handler reads, opened once.

    The axes are the provider's daily calendar between ``start_time`` and ``end_time`` and the stocks of its ``all``
    market; each panel keeps its own axes, and positions are translated here.

    Parameters
    ----------
    settings : HandlerSettings

    Attributes
    ----------
    days : DatetimeIndex of length n_days
    instruments : list of str, length n_stocks
    members : ndarray of shape (n_days, n_stocks), bool
        Who belongs to the handler's market, point in time.
    windows : dict of str to PlacedWindows
        By frequency.

    Raises
    ------
    InputError
        Unknown market or stock, a frequency that the provider lacks, too short a calendar, no day in the range.
    """

    def __init__(self, settings: HandlerSettings) -> None:
        for freq in settings.inputs:
            reader.provider_path(freq)
        self.days = _between(reader.calendar("day"), settings.start_time, settings.end_time)
        self.instruments = list(reader.member_spans("all", "day"))
        self.members = reader.member_mask(settings.instruments, self.days, self.instruments)
        self._label, self._neutral = settings.label, settings.label_neutral
        self.windows = {freq: self._placed(freq, settings) for freq in settings.inputs}

    def complete(self, freqs: Sequence[str]) -> np.ndarray:
        """Which members have complete windows in all of `freqs`: (n_days, n_stocks) bool."""
        return np.logical_and.reduce([self.windows[freq].complete for freq in freqs])

    @cached_property
    def labels(self) -> np.ndarray:
        """Labels, NaN where they are not known: (n_days, n_stocks) float32; a prediction never asks for them."""
        return self._label.load(self.days, self.instruments)

    @cached_property
    def label_groups(self) -> np.ndarray | None:
        """By day and stock the group that labels are compared within, of the shape of `labels`; None for one of all.

        It is the last known one, NaN before the first. An `InputError` says that the provider lacks the field.
        """
        if self._neutral is None:
            return None
        fields = read_daily(self.instruments, {self._neutral: "label_neutral"}, lambda _: "leave label_neutral out")
        return carried_forward(fields[self._neutral])[reader.calendar("day").get_indexer(self.days)]

    def label_scores(self, day: int, among: np.ndarray) -> np.ndarray:
        """One day's labels z-scored `among` some stocks, within their groups if there are: (n_stocks,), else NaN."""
        groups = None if self.label_groups is None else self.label_groups[day]
        return z_score(np.where(among, self.labels[day], np.nan), groups)

    @cached_property
    def member_digests(self) -> np.ndarray:
        """By day, which members have a complete window of any input: (n_days, 32) uint8.

        Of the others nothing is read, and one that is suspended may be found to be a member once it trades again.
        """
        complete = np.logical_or.reduce([windows.complete for windows in self.windows.values()])
        return day_digests(self.days, self.instruments, complete)

    @cached_property
    def label_digests(self) -> np.ndarray:
        """By day, the members' labels as far as they are known, and which share a group: (n_days, 32) uint8.

        Not the groups' numbers: an update that brings an industry may number all of them anew.
        """
        labelled = self.members & np.isfinite(self.labels)
        groups = [] if self.label_groups is None else [_partition(self.label_groups, labelled)]
        return day_digests(self.days, self.instruments, labelled, self.labels, *groups)

    def moments(self, freq: str, days: np.ndarray, members: np.ndarray) -> Moments:
        """Statistics of several dates' cross-sections, one column per date.

        Parameters
        ----------
        freq : str
        days : ndarray of int64, shape (n_dates,)
        members : ndarray of shape (n_dates, n_stocks), bool
            Whose windows the statistics are over.
        """
        windows = self.windows[freq]
        source, rows = windows.resident or windows.source, windows.rows[days]

        def of_date(number: int) -> Moments:
            return source.moments(int(rows[number]), windows.columns[np.flatnonzero(members[number])])

        dates = in_threads(of_date, range(len(days)), f"statistics of {freq} windows", unit="date")
        return Moments(*(np.concatenate(arrays, axis=2) for arrays in zip(*dates, strict=True)))

    def samples(
        self, freq: str, days: np.ndarray, stocks: np.ndarray, moments: Moments, columns: np.ndarray
    ) -> np.ndarray:
        """Normalised windows (n_steps, n_fields, n) of samples at positions, each by its date's column of `moments`."""
        windows = self.windows[freq]
        return windows.source.samples(*windows.in_panel(days, stocks), moments, columns)

    def tensor(
        self, freq: str, days: np.ndarray, stocks: np.ndarray, moments: Moments, columns: np.ndarray
    ) -> torch.Tensor:
        """What `samples` gives, as a tensor: on the device that holds the bars, else on the CPU."""
        windows = self.windows[freq]
        if windows.resident is None:
            return torch.from_numpy(self.samples(freq, days, stocks, moments, columns))
        return windows.resident.samples(*windows.in_panel(days, stocks), moments, columns)

    def on_device(self, device: torch.device, freqs: Sequence[str]) -> PanelSet:
        """A copy whose bars of `freqs` are held on a device where they fit it (the log says); all else is shared.

        The device's memory is free again once the copy is no longer referred to.
        """
        moved = copy.copy(self)
        moved.windows = {
            freq: replace(windows, resident=ResidentSource.where_it_fits(windows.source, device))
            if freq in freqs
            else windows
            for freq, windows in self.windows.items()
        }
        return moved

    def _placed(self, freq: str, settings: HandlerSettings) -> PlacedWindows:
        spec = settings.inputs[freq]
        panel = BarPanel.open(freq, settings.cache_dir, settings.panel_fields(freq))
        if len(panel.days) < spec.days:
            raise InputError(
                f"the {freq} calendar has {len(panel.days)} days ({panel.days[0]:%Y-%m-%d} .. "
                f"{panel.days[-1]:%Y-%m-%d}), too few for a window of {spec.days}"
            )
        source = WindowSource(panel, spec, settings.clip)
        rows = panel.days.get_indexer(self.days)
        columns = pd.Index(panel.instruments).get_indexer(pd.Index(self.instruments))
        in_panel = (rows >= 0)[:, None] & (columns >= 0)[None, :]
        complete = source.exists(settings.min_traded)[np.ix_(rows, columns)] & in_panel & self.members
        return PlacedWindows(source, rows, columns, complete)


def _partition(groups: np.ndarray, known: np.ndarray) -> np.ndarray:
    """By day, the groups of the stocks that are `known`, counted as they come; -1 for NaN: (n_days, n_stocks) int64."""
    places = np.full(groups.shape, -1, dtype=np.int64)
    for day, stocks in enumerate(known):
        places[day, stocks] = pd.factorize(groups[day, stocks])[0]
    return places


def _between(days: pd.DatetimeIndex, start_time: Any, end_time: Any) -> pd.DatetimeIndex:
    first, last = days[0] if start_time is None else start_time, days[-1] if end_time is None else end_time
    between = days[(days >= first) & (days <= last)]
    if len(between) == 0:
        raise InputError(
            f"no trading day between {first:%Y-%m-%d} and {last:%Y-%m-%d}; the calendar runs from "
            f"{days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}"
        )
    return between
