"""Windows of one frequency: how long, how scaled, and for which stocks and dates they exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast, get_args

import numpy as np
import torch

from qlib_mfgru.data.normalize import Moments, Scale, cross_sectional_moments, scale_in_time, standardise
from qlib_mfgru.data.panel import BarPanel
from qlib_mfgru.errors import InputError

REPORT_INPUTS: dict[str, dict[str, Any]] = {
    "day": {"days": 40, "scale": "last"},
    "15min": {"days": 20, "scale": "mean"},
}
"""The report's windows (figures 7 and 9)."""


@dataclass(frozen=True)
class InputSpec:
    """One input of the networks.

    Attributes
    ----------
    days : int
        Length of the window in trading days.
    scale : {"mean", "last"}
        What each series is divided by.
    """

    days: int
    scale: Scale

    @classmethod
    def parse(cls, inputs: Mapping[str, Mapping[str, Any]]) -> dict[str, InputSpec]:
        """Check the `inputs` of a config; frequency -> spec, in the order given."""
        specs = {}
        for freq, given in inputs.items():
            if set(given) != {"days", "scale"} or given["scale"] not in get_args(Scale) or int(given["days"]) < 1:
                raise InputError(f"inputs[{freq!r}] must be {{days: n >= 1, scale: mean | last}}, not {dict(given)}")
            specs[freq] = cls(int(given["days"]), cast(Scale, given["scale"]))
        if not specs:
            raise InputError("inputs names no frequency")
        return specs


@dataclass(eq=False)
class WindowSource:
    """Normalised windows of one frequency, gathered from a panel; none is kept.

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
    _moments: dict[tuple[int, str], Moments] = field(default_factory=dict, repr=False)

    def exists(self, min_traded: float) -> np.ndarray:
        """Where a window is complete: (n_days, n_stocks) bool, on the panel's axes.

        The stock traded on the last day, on at least `min_traded` of the window's days, and for the first time
        no later than on the window's first day (REPORT section 8).
        """
        traded, length = self.panel.traded, self.spec.days
        total = np.cumsum(traded, axis=0, dtype=np.int32)
        within = total.copy()
        within[length:] -= total[:-length]
        listed = np.zeros_like(traded)
        listed[length - 1 :] = total[: len(total) - length + 1] > 0
        return traded & listed & (within >= np.ceil(min_traded * length - 1e-9))

    def cross_section(self, day: int, stocks: torch.Tensor) -> torch.Tensor:
        """Normalised window of one date; (n_steps, 6, n_stocks_of_date), across exactly `stocks`.

        Parameters
        ----------
        day : int
            Position of the date in the panel.
        stocks : Tensor of int64
            Columns of the panel; all of them must have a complete window.
        """
        scaled, present = self._scaled(day, stocks)
        return standardise(scaled, present, cross_sectional_moments(scaled, present), self.clip)

    def moments(self, day: int, stocks: torch.Tensor, universe: str) -> Moments:
        """Statistics of a date's cross-section; kept (8 bytes a step and field), under the universe's name."""
        if (day, universe) not in self._moments:
            self._moments[day, universe] = cross_sectional_moments(*self._scaled(day, stocks))
        return self._moments[day, universe]

    def samples(self, day: int, stocks: torch.Tensor, moments: Moments) -> torch.Tensor:
        """Normalised windows of some stocks of a date, (n_steps, 6, n), by the whole cross-section's `moments`."""
        scaled, present = self._scaled(day, stocks)
        return standardise(scaled, present, moments, self.clip)

    def _scaled(self, day: int, stocks: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        window = self.panel.window(day, self.spec.days).index_select(2, stocks)
        return window, scale_in_time(window, self.spec.scale)
