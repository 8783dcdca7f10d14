"""``MultiFreqDataset``: segments in time, their samples, and the gaps between them."""

from __future__ import annotations

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
        if segment in ("train", "valid") and "valid" not in self.segments:
            days = self._split(chosen)[segment]
        else:
            days = self._grid(segment, chosen)
        table = SampleTable(self.handler.market, chosen, days)
        if len(table) == 0:
            raise InputError(
                f"segment {segment!r} {self.segments.get(segment, self.segments.get('train'))} has no sample for "
                f"{list(chosen)}: its dates lack complete windows or labels, or reach into a later segment"
            )
        get_module_logger("MultiFreqDataset").info(
            f"{segment} for {'+'.join(chosen)}: {len(table)} samples on {len(days)} dates, "
            f"{table.dates[0]:%Y-%m-%d} .. {table.dates[-1]:%Y-%m-%d}; {table.unlabelled} without a label left out"
        )
        return table

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

    def _grid(self, segment: str, freqs: Sequence[str]) -> np.ndarray:
        """Every `sample_step`-th day of a segment on which there are samples whose labels reach into no later one."""
        return self._purged(segment, self._with_samples(self.segment_days(segment)[:: self.sample_step], freqs))

    def _with_samples(self, days: np.ndarray, freqs: Sequence[str]) -> np.ndarray:
        """The days on which any stock has complete windows."""
        return days[self.handler.market.complete(freqs)[days].any(axis=1)]

    def _split(self, freqs: Sequence[str]) -> dict[str, np.ndarray]:
        """``train``'s sample dates in two parts in time order, with the gap between them."""
        days = self._grid("train", freqs)
        cut = round(len(days) * (1 - self.valid_ratio))
        train, valid = days[:cut], days[cut:]
        if len(valid):
            train = train[train + self.handler.horizon < valid[0]]
        return {"train": train, "valid": valid}

    def _purged(self, segment: str, days: np.ndarray) -> np.ndarray:
        """Leave out dates whose label ends on or after the start of a segment that starts after them."""
        kept = days
        for name in self.segments.keys() - {segment}:
            other = self.segment_days(name)
            if len(other):
                kept = kept[(kept >= other[0]) | (kept + self.handler.horizon < other[0])]
        if len(kept) < len(days):
            get_module_logger("MultiFreqDataset").info(
                f"{segment}: {len(days) - len(kept)} sample dates left out, their labels reach into a later segment"
            )
        return kept
