"""``MultiFreqDataset``: segments in time, their samples, and the gaps between them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from qlib.data.dataset import DatasetH
from qlib.log import get_module_logger

from qlib_mfgru.configs import built
from qlib_mfgru.data.handler import MultiFreqHandler
from qlib_mfgru.data.samples import Batch, SampleTable
from qlib_mfgru.data.settings import Bounds, DatasetSettings, SegmentSettings, bounds_of, span
from qlib_mfgru.data.split import split
from qlib_mfgru.errors import InputError
from qlib_mfgru.refusals import within
from qlib_mfgru.settings import Count, Seed, checked, refuse_unknown

BatchBy = Literal["sample", "date"]
REPORT_STEP = 5


class SampleDays(NamedTuple):
    """Dates that samples are taken from, and how many are left out because of their labels.

    Attributes
    ----------
    days : ndarray of int64
        Positions on the calendar, ascending.
    late : int
        Left out because their label ends on or after the first day of a later segment.
    gap : int
        Left out between training and validation, because their label overlaps with one of validation.
    """

    days: np.ndarray
    late: int = 0
    gap: int = 0


class MultiFreqDataset(DatasetH):
    """A qlib DatasetH over a `MultiFreqHandler`.

    `prepare` is qlib's and serves labels; models train on `samples` (or `batches`) and predict `every_day`.

    Parameters
    ----------
    handler : MultiFreqHandler or its config
    segments : mapping of str to (first, last)
        ``train`` and ``test``, and ``valid`` if validation is not to be the last part of ``train``. Both dates are
        included, None is no bound, and no day may be in two segments.
    sample_step : int or mapping of str to int
        One training cross-section every so many trading days of a segment (report: 5). A mapping gives a stage its own,
        named by the last of the frequencies in use: ``{day: 5, 15min: 1}``; what it leaves out takes 5.
    valid_ratio : float
        Share of ``train``'s sample dates that validates when there is no ``valid`` segment (report: 4:1, so 0.2).
    fetch_kwargs : dict, optional
        qlib's: passed to the handler's `fetch` by `prepare`.
    valid_blocks : int
        Into how many blocks through time the share of validation is divided, each at the end of a part of ``train``
        (report: 1). Around each of them as many dates are left out as labels need to be apart.

    Raises
    ------
    InputError
        What is wrong with the settings, in one line; overlapping segments are named with their dates.

    Notes
    -----
    No label of a segment reaches into a later one: samples whose label ends on or after the first date of a
    segment that starts later are left out, and the log says how many.
    """

    handler: MultiFreqHandler
    segments: dict[str, Bounds]
    valid_blocks: int = 1  # of one that was saved before there were blocks

    def __init__(
        self,
        handler: Any,
        segments: Mapping[str, Sequence[Any]],
        sample_step: int | Mapping[str, int] = REPORT_STEP,
        valid_ratio: float = 0.2,
        fetch_kwargs: Mapping[str, Any] | None = None,
        valid_blocks: int = 1,
        **unknown: Any,
    ) -> None:
        settings = DatasetSettings.of(
            segments=segments,
            sample_step=sample_step,
            valid_ratio=valid_ratio,
            valid_blocks=valid_blocks,
            fetch_kwargs={} if fetch_kwargs is None else fetch_kwargs,
            **unknown,
        )
        self.sample_step = settings.sample_step
        self.valid_ratio, self.valid_blocks = settings.valid_ratio, settings.valid_blocks
        super().__init__(built(handler, MultiFreqHandler, "handler"), settings.segments, settings.fetch_kwargs)
        if isinstance(self.sample_step, dict):
            with within("sample_step"):
                self.handler.frequencies(list(self.sample_step))

    def config(self, handler_kwargs: dict[str, Any] | None = None, **kwargs: Any) -> None:
        """As in qlib: change settings of the handler, or the segments; they are checked as in the constructor."""
        refuse_unknown(kwargs, ["segments", "dump_all", "include", "exclude", "recursive"])
        if "segments" in kwargs:
            kwargs["segments"] = SegmentSettings.of(segments=kwargs["segments"]).segments
        super().config(handler_kwargs, **kwargs)

    def setup_data(self, handler_kwargs: dict[str, Any] | None = None, **unknown: Any) -> None:
        """As in qlib: let the handler read its data again."""
        refuse_unknown(unknown, ["handler_kwargs"])
        super().setup_data(handler_kwargs)

    @property
    def params(self) -> dict[str, Any]:
        """`MultiFreqHandler.params`, and how samples are taken from the segments, by name."""
        parts = f"{self.valid_blocks} parts of " if self.valid_blocks > 1 else ""
        valid = {} if "valid" in self.segments else {"valid": f"last {self.valid_ratio:.0%} of {parts}train"}
        spans = {name: span(bounds) for name, bounds in self.segments.items()}
        return {**self.handler.params, "sample_step": self.sample_step, **spans, **valid}

    def __repr__(self) -> str:
        spans = ", ".join(f"{name} {span(bounds)}" for name, bounds in self.segments.items())
        return f"<{type(self).__name__}: {spans}; of {self.handler!r}>"

    def with_segments(self, segments: Mapping[str, Sequence[Any]]) -> MultiFreqDataset:
        """The same data and settings with other segments; the opened data are shared."""
        other = copy.copy(self)
        other.segments = SegmentSettings.of(segments=segments).segments
        return other

    def segment_days(self, segment: str | slice | Sequence[Any]) -> np.ndarray:
        """Positions of all trading days of a segment, given by name or by its dates (both included)."""
        days = self.handler.panels.days
        return np.arange(len(days))[days.slice_indexer(*bounds_of(segment, self.segments))]

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
        in_use = self.handler.frequencies(freqs)
        sampled = self._sampled(segment, in_use)
        table = SampleTable(self.handler.panels, in_use, sampled.days)
        if len(table) == 0:
            source = self._source(segment)
            of = "" if segment == source else f" of {source}"
            raise InputError(
                f"segment {segment!r}{of} ({span(self.segments[source])}) has no sample for {list(in_use)}: its dates "
                "lack complete windows or labels, their labels reach into a later segment, or sample_step, valid_ratio "
                "and valid_blocks leave none"
            )
        _log_samples(segment, table, sampled)
        return table

    def sample_days(self, segment: str, freqs: Sequence[str] | None = None) -> np.ndarray:
        """Positions of the dates that `samples` takes; where ``train`` is split, those that train or that validate."""
        return self._sampled(segment, self.handler.frequencies(freqs)).days

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
        checked(BatchBy, "by", by)
        checked(Count, "batch_size", batch_size)
        checked(Seed, "seed", seed)
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
        in_use = self.handler.frequencies(freqs)
        days = self._with_samples(self.segment_days(segment), in_use)
        if len(days) == 0:
            raise InputError(
                f"no stock has complete windows of {' and '.join(in_use)} on any day of "
                f"{span(bounds_of(segment, self.segments))}; {self._spans_with_samples(in_use)}"
            )
        return SampleTable(self.handler.panels, in_use, days, labelled=False)

    def _source(self, segment: str) -> str:
        """The segment of the config that a segment's samples come from."""
        return "train" if segment == "valid" and "valid" not in self.segments else segment

    def _sampled(self, segment: str, freqs: Sequence[str]) -> SampleDays:
        """Every so many days, if there are samples, less those whose labels reach too far."""
        source = self._source(segment)
        steps = self.sample_step
        step = steps.get(freqs[-1], REPORT_STEP) if isinstance(steps, dict) else steps
        grid = self._with_samples(self.segment_days(source)[::step], freqs)
        days = self._purged(source, grid)
        late = len(grid) - len(days)
        if segment not in ("train", "valid") or "valid" in self.segments:
            return SampleDays(days, late)
        train, valid, gap = split(days, self.valid_ratio, self.valid_blocks, self.handler.horizon)
        return SampleDays(valid, late) if segment == "valid" else SampleDays(train, gap=gap)

    def _with_samples(self, days: np.ndarray, freqs: Sequence[str]) -> np.ndarray:
        """The days on which any stock has complete windows."""
        return days[self.handler.panels.complete(freqs)[days].any(axis=1)]

    def _spans_with_samples(self, freqs: Sequence[str]) -> str:
        """From when to when frequencies have complete windows, in words."""
        words = []
        for freq in freqs:
            days = self.handler.panels.days[np.flatnonzero(self.handler.panels.complete([freq]).any(axis=1))]
            words.append(f"{freq} has some in {span((days[0], days[-1]))}" if len(days) else f"{freq} has none")
        return ", ".join(words)

    def _purged(self, segment: str, days: np.ndarray) -> np.ndarray:
        """Leave out dates whose label ends on or after the start of a segment that starts after them."""
        for name in self.segments.keys() - {segment}:
            other = self.segment_days(name)
            if len(other):
                days = days[(days >= other[0]) | (days + self.handler.horizon < other[0])]
        return days


def multi_freq(dataset: Any, reader: str) -> MultiFreqDataset:
    """`dataset` if it serves windows.

    Raises
    ------
    InputError
        It is another one, such as qlib's own DatasetH over Alpha158; the message begins with `reader`, who would read
        it, and names the class that it needs.
    """
    if isinstance(dataset, MultiFreqDataset):
        return dataset
    handler = getattr(dataset, "handler", None)
    over = "" if handler is None else f" over {type(handler).__name__}"
    raise InputError(
        f"{reader} reads windows of bars from a MultiFreqDataset over a MultiFreqHandler (module_path: "
        f"qlib_mfgru.data), and the dataset is a {type(dataset).__name__}{over}"
    )


def _log_samples(segment: str, table: SampleTable, sampled: SampleDays) -> None:
    log = get_module_logger("MultiFreqDataset")
    if sampled.late:
        log.info(f"{segment}: {sampled.late} sample dates left out because their label reaches into a later segment")
    if sampled.gap:
        log.info(f"{segment}: {sampled.gap} sample dates left out because their label overlaps with one of validation")
    log.info(
        f"{segment} for {'+'.join(table.freqs)}: {len(table)} samples on {len(table.days)} dates, "
        f"{table.dates[0]:%Y-%m-%d} .. {table.dates[-1]:%Y-%m-%d}; {table.unlabelled} without a label left out"
    )
