"""Training samples of a segment and the batches made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
import torch

from qlib_mfgru.data.normalize import Moments
from qlib_mfgru.data.panel_set import PanelSet


@dataclass(frozen=True, eq=False)
class Batch:
    """Samples that are trained on together.

    Attributes
    ----------
    features : dict of str to Tensor of shape (n, n_steps, n_fields), float32
        Normalised windows by frequency; views of time-major memory (n_steps, n_fields, n).
    rows : ndarray of shape (n,), int64
        The samples' positions in their `SampleTable`, ascending (dates in order, stocks in order).
    table : SampleTable
        All samples that these are some of.
    """

    features: dict[str, torch.Tensor]
    rows: np.ndarray
    table: SampleTable = field(repr=False)

    @cached_property
    def dates(self) -> np.ndarray:
        """(n,) datetime64."""
        return self.table.dates.to_numpy()[self.table.places(self.rows)[0]]

    @cached_property
    def instruments(self) -> np.ndarray:
        """(n,) str as object."""
        return np.array(self.table.panels.instruments, dtype=object)[self.table.places(self.rows)[1]]

    @cached_property
    def label(self) -> torch.Tensor:
        """(n,) float32, z-scored per date over the stocks with a sample; never NaN in training batches."""
        return self.table.labels[torch.from_numpy(self.rows)]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, eq=False)
class SampleTable:
    """All samples of some dates for the frequencies in use; knows how to gather any of them.

    Parameters
    ----------
    panels : PanelSet
    freqs : tuple of str
        Frequencies in use: a stock has a sample where its windows in all of them are complete.
    days : ndarray of int
        Positions of the sample dates on the calendar of `panels`, ascending.
    labelled : bool
        Leave out samples without a label (for training). Inputs are normalised across all stocks of a date in
        either case.
    """

    panels: PanelSet
    freqs: tuple[str, ...]
    days: np.ndarray
    labelled: bool = True
    _moments: dict[str, Moments] = field(default_factory=dict, repr=False)  # 8 bytes a date, step and field

    @cached_property
    def _complete(self) -> np.ndarray:
        return self.panels.complete(self.freqs)[self.days]

    @cached_property
    def _index(self) -> tuple[np.ndarray, np.ndarray]:
        """Position in `days` and stock of every sample, by date and then stock."""
        exists = self._complete
        if self.labelled:
            exists = exists & np.isfinite(self.panels.labels[self.days])
        days, stocks = np.nonzero(exists)
        return days.astype(np.int32), stocks.astype(np.int32)  # tens of millions at the report's scale

    @cached_property
    def _starts(self) -> np.ndarray:
        """First sample of each date, and the total: (len(days) + 1,)."""
        return np.searchsorted(self._index[0], np.arange(len(self.days) + 1))

    @cached_property
    def labels(self) -> torch.Tensor:
        """z-scored label of every sample, (len(self),) float32."""
        scored = [self.panels.label_scores(day, row) for row, day in zip(self._complete, self.days, strict=True)]
        return torch.from_numpy(np.stack(scored)[self._index]) if scored else torch.empty(0)

    def __len__(self) -> int:
        return len(self._index[0])

    def over(self, panels: PanelSet) -> SampleTable:
        """The same samples gathered from a copy of the panels, e.g. one on a GPU that several tables share."""
        return replace(self, panels=panels, _moments={})

    @property
    def dates(self) -> pd.DatetimeIndex:
        """The sample dates."""
        return self.panels.days[self.days]

    @property
    def sample_dates(self) -> np.ndarray:
        """Date of every sample: (len(self),) datetime64."""
        return self.dates.to_numpy()[self._index[0]]

    @property
    def sample_codes(self) -> np.ndarray:
        """Stock of every sample: (len(self),) str as object."""
        return np.array(self.panels.instruments, dtype=object)[self._index[1]]

    @property
    def unlabelled(self) -> int:
        """How many samples of these dates are left out because they have no label."""
        return int(self._complete.sum()) - len(self)

    def rows_by_date(self) -> list[slice]:
        """The samples of each date that has any, in time order."""
        return [slice(a, b) for a, b in zip(self._starts[:-1], self._starts[1:], strict=True) if a < b]

    def shuffled(self, batch_size: int, seed: int, epoch: int, inputs: Sequence[str] | None = None) -> Iterator[Batch]:
        """All samples once, shuffled across dates; the order depends on seed and epoch alone.

        The samples are spread evenly over as few batches as `batch_size` allows: a small last batch would have an IC
        that is mostly noise. `inputs` are the frequencies to gather; by default all that are in use.
        """
        order = np.random.default_rng([seed, epoch]).permutation(len(self))
        for rows in np.array_split(order, max(1, -(-len(self) // batch_size))):
            yield self.batch(np.sort(rows), inputs)

    def by_date(self, seed: int | None = None, epoch: int = 0, inputs: Sequence[str] | None = None) -> Iterator[Batch]:
        """Whole cross-sections, one date per batch; in shuffled order if there is a seed, else in time order."""
        groups = self.rows_by_date()
        order = range(len(groups)) if seed is None else np.random.default_rng([seed, epoch]).permutation(len(groups))
        for group in order:
            yield self.batch(np.arange(groups[group].start, groups[group].stop), inputs)

    def batch(self, rows: np.ndarray, inputs: Sequence[str] | None = None) -> Batch:
        """Gather the samples `rows` (ascending) in the frequencies `inputs`."""
        days, stocks = self.places(rows)
        features = {freq: self._gather(freq, days, stocks).permute(2, 0, 1) for freq in inputs or self.freqs}
        return Batch(features, rows, self)

    def places(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of the samples `rows` the date, as a position in `days`, and the stock."""
        days, stocks = self._index
        return days[rows], stocks[rows]

    def _gather(self, freq: str, days: np.ndarray, stocks: np.ndarray) -> torch.Tensor:
        """Windows (n_steps, n_fields, n) of samples, each standardised by the whole cross-section of its date."""
        if freq not in self._moments:
            self._moments[freq] = self.panels.moments(freq, self.days, self._complete)
        return self.panels.tensor(freq, self.days[days], stocks, self._moments[freq], days)
