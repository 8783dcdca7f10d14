"""``MultiFreqDataset``: segments in time, their samples, and the gaps between them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from qlib.data.dataset import DatasetH
from qlib.log import get_module_logger

from qlib_mfgru.data.handler import MultiFreqHandler
from qlib_mfgru.data.samples import Batch, SampleTable
from qlib_mfgru.errors import InputError

BatchBy = Literal["sample", "date"]


class MultiFreqDataset(DatasetH):
    """A qlib DatasetH over a `MultiFreqHandler`.

    `prepare` is qlib's and serves labels; models train on `samples` (or `batches`) and predict `every_day`.

    Parameters
    ----------
    handler : MultiFreqHandler or its config
    segments : mapping of str to (first, last)
        ``train`` and ``test``, and ``valid`` if validation is not to be the last part of ``train``.
    sample_step : int
        One training cross-section every so many trading days of a segment (report: 5).
    valid_ratio : float
        Share of ``train``'s sample dates that validates when there is no ``valid`` segment (report: 4:1, so 0.2).

    Notes
    -----
    No label of a segment reaches into a later one: samples whose label ends on or after the first date of a
    segment that starts later are left out, and the log says how many.
    """

    handler: MultiFreqHandler

    def __init__(
        self,
        handler: Any,
        segments: Mapping[str, Sequence[Any]],
        sample_step: int = 5,
        valid_ratio: float = 0.2,
        **kwargs: Any,
    ) -> None:
        if sample_step < 1 or not 0 < valid_ratio < 1:
            raise InputError(f"sample_step={sample_step} must be 1 or more, valid_ratio={valid_ratio} within (0, 1)")
        self.sample_step, self.valid_ratio = sample_step, valid_ratio
        super().__init__(handler, dict(segments), **kwargs)

    def with_segments(self, segments: Mapping[str, Sequence[Any]]) -> MultiFreqDataset:
        """The same data and settings with other segments; the opened data are shared."""
        other = copy.copy(self)
        other.segments = dict(segments)
        return other

    def segment_days(self, segment: str | slice | Sequence[Any]) -> np.ndarray:
        """Positions of all trading days of a segment, given by name or by its dates (both included)."""
        bounds: Any = self.segments.get(segment) if isinstance(segment, str) else segment
        if bounds is None:
            raise InputError(f"no segment {segment!r}; the dataset has {list(self.segments)}")
        first, last = (bounds.start, bounds.stop) if isinstance(bounds, slice) else bounds
        days = self.handler.market.days
        begin = 0 if first is None else days.searchsorted(pd.Timestamp(first))
        end = len(days) if last is None else days.searchsorted(pd.Timestamp(last), side="right")
        return np.arange(begin, end)

    def samples(self, segment: str, freqs: Sequence[str] | None = None) -> SampleTable:
        """Training samples of ``train``, ``valid`` or any other segment, purged of labels that reach into a later one.

        Parameters
        ----------
        segment : str
        freqs : sequence of str, optional
            Frequencies in use; every date on which they have samples counts, so that a stage that uses daily bars
            alone trains on all of the daily history. By default all of the handler's.

        Raises
        ------
        InputError
            If nothing is left.
        """
        chosen = self.handler.frequencies(freqs)
        table = SampleTable(self.handler.market, chosen, self.sample_days(segment, chosen))
        if len(table) == 0:
            raise InputError(
                f"segment {segment!r} {self.segments.get(segment, self.segments.get('train'))} has no sample for "
                f"{list(chosen)}: its dates lack complete windows or labels, or reach into a later segment"
            )
        self._log_samples(segment, table)
        return table

    def sample_days(self, segment: str, freqs: Sequence[str] | None = None) -> np.ndarray:
        """Positions of the dates that `samples` takes; where ``train`` is split, its first or its last part."""
        chosen, source = self.handler.frequencies(freqs), self._source(segment)
        days = self._purged(source, self._grid(source, chosen))
        if segment not in ("train", "valid") or "valid" in self.segments:
            return days
        cut = round(len(days) * (1 - self.valid_ratio))
        train, valid = days[:cut], days[cut:]
        if segment == "train" and len(valid):
            return train[train + self.handler.horizon < valid[0]]
        return train if segment == "train" else valid

    def batches(
        self,
        segment: str,
        batch_size: int = 5000,
        by: BatchBy = "sample",
        seed: int = 0,
        epoch: int = 0,
        freqs: Sequence[str] | None = None,
    ) -> Iterator[Batch]:
        """One epoch of training batches.

        Parameters
        ----------
        segment : str
        batch_size : int
            Largest number of samples in a batch when shuffling samples.
        by : {"sample", "date"}
            ``sample``: samples shuffled across dates (the report's batches); ``date``: whole cross-sections, dates
            shuffled.
        seed, epoch : int
            The order depends on these alone.
        freqs : sequence of str, optional
        """
        table = self.samples(segment, freqs)
        return table.by_date(seed, epoch) if by == "date" else table.shuffled(batch_size, seed, epoch)

    def every_day(
        self, segment: str | slice | Sequence[Any] = "test", freqs: Sequence[str] | None = None
    ) -> SampleTable:
        """Samples of every trading day of a segment, whether their labels are known or not: what is predicted.

        Raises
        ------
        InputError
            If no stock has complete windows on any of the days.
        """
        chosen = self.handler.frequencies(freqs)
        days = self._with_samples(self.segment_days(segment), chosen)
        if len(days) == 0:
            raise InputError(f"segment {segment!r} has no date on which any stock has complete windows in {chosen}")
        return SampleTable(self.handler.market, chosen, days, labelled=False)

    def _source(self, segment: str) -> str:
        """The segment of the config that a segment's samples come from."""
        return "train" if segment == "valid" and "valid" not in self.segments else segment

    def _grid(self, segment: str, freqs: Sequence[str]) -> np.ndarray:
        """Every `sample_step`-th day of a segment on which there are samples."""
        return self._with_samples(self.segment_days(segment)[:: self.sample_step], freqs)

    def _with_samples(self, days: np.ndarray, freqs: Sequence[str]) -> np.ndarray:
        """The days on which any stock has complete windows."""
        return days[self.handler.market.complete(freqs)[days].any(axis=1)]

    def _purged(self, segment: str, days: np.ndarray) -> np.ndarray:
        """Leave out dates whose label ends on or after the start of a segment that starts after them."""
        for name in self.segments.keys() - {segment}:
            other = self.segment_days(name)
            if len(other):
                days = days[(days >= other[0]) | (days + self.handler.horizon < other[0])]
        return days

    def _log_samples(self, segment: str, table: SampleTable) -> None:
        log, grid = get_module_logger("MultiFreqDataset"), self._grid(self._source(segment), table.freqs)
        late = len(grid) - len(self._purged(self._source(segment), grid))
        if late:
            log.info(f"{segment}: {late} sample dates left out, their labels reach into a later segment")
        log.info(
            f"{segment} for {'+'.join(table.freqs)}: {len(table)} samples on {len(table.days)} dates, "
            f"{table.dates[0]:%Y-%m-%d} .. {table.dates[-1]:%Y-%m-%d}; {table.unlabelled} without a label left out"
        )
