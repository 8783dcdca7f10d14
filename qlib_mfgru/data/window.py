"""Windows of one frequency: for which stocks and dates they exist, and how they are gathered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qlib_mfgru import native
from qlib_mfgru.data import compiled
from qlib_mfgru.data.normalize import Moments, Scaling, cross_sectional_moments, scale_in_time, scaling_of, standardise
from qlib_mfgru.data.panel import BarPanel, check_on_axis
from qlib_mfgru.data.settings import InputSpec
from qlib_mfgru.threads import in_threads

_SAMPLES_PER_PIECE = 128  # a megabyte of 15-minute windows, which is gathered and normalised while in the cache


@dataclass(frozen=True, eq=False)
class WindowSource:
    """Windows of one frequency, gathered from a panel whenever they are asked for.

    Parameters
    ----------
    panel : BarPanel
    spec : InputSpec
    clip : float, optional
        Bound on the absolute normalised values.
    """

    panel: BarPanel
    spec: InputSpec
    clip: float | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Steps and fields of a window."""
        return self.spec.days * self.panel.bars_per_day, int(self.panel.bars.shape[2])

    @cached_property
    def scaling(self) -> Scaling:
        """How the panel's fields are scaled."""
        return scaling_of(self.panel.fields, self.spec.scale)

    @cached_property
    def _modes(self) -> np.ndarray:
        return compiled.modes_of(self.scaling)

    def exists(self, min_traded: float) -> np.ndarray:
        """Where a window is complete: (n_days, n_stocks) bool, on the panel's axes.

        The stock traded on the last day, on at least `min_traded` of the window's days, for the first time no later
        than on the window's first day, and has a close from the window's first bar on.
        """
        traded, length = self.panel.traded, self.spec.days
        total = np.cumsum(traded, axis=0, dtype=np.int32)
        within = total.copy()
        within[length:] -= total[:-length]
        listed = np.zeros_like(traded)
        first = slice(len(total) - length + 1)
        listed[length - 1 :] = (total[first] > 0) & self.panel.priced[first]
        return traded & listed & (within >= np.ceil(min_traded * length - 1e-9))

    def moments(self, day: int, stocks: np.ndarray) -> Moments:
        """Statistics of one date's cross-section over `stocks`, each of shape (n_steps, n_fields, 1)."""
        days, library = np.full(len(stocks), day), native.library()
        if library is not None:
            places = self.panel.places(days, stocks, self.spec.days)
            return compiled.moments(library, self.panel, self.spec.days, self._modes, places)
        window = self.panel.gather(days, stocks, self.spec.days)
        return cross_sectional_moments(window, scale_in_time(window, self.scaling), self.scaling)

    def samples(self, days: np.ndarray, stocks: np.ndarray, moments: Moments, columns: np.ndarray) -> np.ndarray:
        """Normalised windows of n samples: (n_steps, n_fields, n), float32.

        Parameters
        ----------
        days, stocks : ndarray of int64, shape (n,)
            Positions in the panel; the windows must be complete.
        moments : Moments
            Statistics of the samples' dates.
        columns : ndarray of int64, shape (n,)
            The column of each sample's date in them.

        Raises
        ------
        IndexError
            As of `BarPanel.places`, or a column that the moments lack.
        """
        steps, fields, n_columns = moments.mean.shape
        check_on_axis("columns of moments", columns, n_columns)
        library = native.library()
        if library is not None:
            places = self.panel.places(days, stocks, self.spec.days)
            return compiled.normalise(library, self.panel, self._modes, places, moments, columns, self.clip)
        windows = np.empty((steps, fields, len(days)), dtype=np.float32)

        def fill(start: int) -> None:
            piece = slice(start, start + _SAMPLES_PER_PIECE)
            scaled = self.panel.gather(days[piece], stocks[piece], self.spec.days)
            present = scale_in_time(scaled, self.scaling)
            windows[:, :, piece] = standardise(scaled, present, moments.take(columns[piece]), self.clip)

        in_threads(fill, range(0, len(days), _SAMPLES_PER_PIECE))
        return windows
