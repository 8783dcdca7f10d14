"""``MarketData``: panels, members and labels of one handler on common axes (day, stock)."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from qlib_mfgru.data.labels import Label
from qlib_mfgru.data.normalize import Moments
from qlib_mfgru.data.panel import BarPanel
from qlib_mfgru.data.resident import ResidentSource
from qlib_mfgru.data.window import InputSpec, WindowSource
from qlib_mfgru.errors import InputError
from qlib_mfgru.provider import reader
from qlib_mfgru.threads import in_threads


class MarketData:
    """Everything that a handler reads, opened once.

    The axes are the provider's daily calendar between `start_time` and `end_time` and the stocks of its ``all``
    market; each panel keeps its own axes, and positions are translated here.

    Parameters
    ----------
    instruments : str, list of str, or dict
        Market, codes, or what ``D.instruments`` returns; members are taken point in time.
    start_time, end_time : stamp or None
        First and last date that may have a sample. Windows reach back before `start_time`.
    inputs : mapping of str to InputSpec
    label : Label
    min_traded : float
        Share of a window's days on which the stock must have traded.
    clip : float or None
    cache_dir : path or None

    Raises
    ------
    InputError
        Unknown market or stock, a frequency that the provider lacks, too short a calendar, no day in the range.
    """

    def __init__(
        self,
        instruments: Any,
        start_time: Any,
        end_time: Any,
        inputs: Mapping[str, InputSpec],
        label: Label,
        min_traded: float,
        clip: float | None,
        cache_dir: Path | str | None,
    ) -> None:
        for freq in inputs:
            reader.provider_path(freq)
        self.days = _between(reader.calendar("day"), start_time, end_time)
        self.instruments = list(reader.member_spans("all", "day"))
        self.members = reader.member_mask(instruments, self.days, self.instruments)
        self.labels = label.load(self.days, self.instruments)
        self.sources: dict[str, WindowSource] = {}
        self.resident: dict[str, ResidentSource] = {}
        self.valid: dict[str, np.ndarray] = {}
        self._rows: dict[str, np.ndarray] = {}
        self._columns: dict[str, np.ndarray] = {}
        for freq, spec in inputs.items():
            panel = BarPanel.open(freq, cache_dir)
            if len(panel.days) < spec.days:
                raise InputError(
                    f"the {freq} calendar has {len(panel.days)} days ({panel.days[0]:%Y-%m-%d} .. "
                    f"{panel.days[-1]:%Y-%m-%d}), too few for a window of {spec.days}"
                )
            self.sources[freq] = WindowSource(panel, spec, clip)
            self._rows[freq] = panel.days.get_indexer(self.days)
            self._columns[freq] = pd.Index(panel.instruments).get_indexer(pd.Index(self.instruments))
            self.valid[freq] = self._on_common_axes(freq, self.sources[freq].exists(min_traded)) & self.members

    def complete(self, freqs: Sequence[str]) -> np.ndarray:
        """Which members have complete windows in all of `freqs`: (n_days, n_stocks) bool."""
        return np.logical_and.reduce([self.valid[freq] for freq in freqs])

    def moments(self, freq: str, days: np.ndarray, members: np.ndarray) -> Moments:
        """Statistics of several dates' cross-sections, a column a date.

        Parameters
        ----------
        freq : str
        days : ndarray of int64, shape (n_dates,)
        members : ndarray of shape (n_dates, n_stocks), bool
            Whose windows the statistics are over.
        """
        source_ = self.resident.get(freq, self.sources[freq])
        rows, columns = self._rows[freq][days], self._columns[freq]

        def of_date(number: int) -> Moments:
            return source_.moments(int(rows[number]), columns[np.flatnonzero(members[number])])

        dates = in_threads(of_date, range(len(days)), f"statistics of {freq} windows", unit="date")
        return Moments(*(np.concatenate(parts, axis=2) for parts in zip(*dates, strict=True)))

    def samples(
        self, freq: str, days: np.ndarray, stocks: np.ndarray, moments: Moments, columns: np.ndarray
    ) -> np.ndarray:
        """Normalised windows (n_steps, 6, n) of samples given by positions, each by its date's column of `moments`."""
        return self.sources[freq].samples(self._rows[freq][days], self._columns[freq][stocks], moments, columns)

    def tensor(
        self, freq: str, days: np.ndarray, stocks: np.ndarray, moments: Moments, columns: np.ndarray
    ) -> torch.Tensor:
        """What `samples` gives, as a tensor: on the device that holds the bars, else on the CPU."""
        if freq not in self.resident:
            return torch.from_numpy(self.samples(freq, days, stocks, moments, columns))
        return self.resident[freq].samples(self._rows[freq][days], self._columns[freq][stocks], moments, columns)

    def on_device(self, device: torch.device, freqs: Sequence[str]) -> MarketData:
        """A copy whose bars of `freqs` are held on a device where they fit it (the log says); all else is shared.

        The device's memory is free again when the copy is let go of.
        """
        moved = copy.copy(self)
        found = {freq: ResidentSource.where_it_fits(self.sources[freq], device) for freq in freqs}
        moved.resident = {freq: source_ for freq, source_ in found.items() if source_ is not None}
        return moved

    def _on_common_axes(self, freq: str, mask: np.ndarray) -> np.ndarray:
        """Take a panel's (day, stock) mask to the common axes; False where the panel has no such day or stock."""
        rows, columns = self._rows[freq], self._columns[freq]
        return mask[np.ix_(rows, columns)] & (rows >= 0)[:, None] & (columns >= 0)[None, :]


def _between(days: pd.DatetimeIndex, start_time: Any, end_time: Any) -> pd.DatetimeIndex:
    first = days[0] if start_time is None else pd.Timestamp(start_time)
    last = days[-1] if end_time is None else pd.Timestamp(end_time)
    chosen = days[(days >= first) & (days <= last)]
    if len(chosen) == 0:
        raise InputError(
            f"no trading day between {start_time} and {end_time}; the calendar runs from "
            f"{days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}"
        )
    return chosen
