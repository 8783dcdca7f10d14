"""Windows of one frequency: how long, how scaled, and for which stocks and dates they exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

import numpy as np
import torch

from qlib_mfgru.data.normalize import Moments, Scale, cross_sectional_moments, scale_in_time
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


@dataclass(frozen=True, eq=False)
class WindowSource:
    """Windows of one frequency, gathered from a panel; none is kept.

    Parameters
    ----------
    panel : BarPanel
    spec : InputSpec
    """

    panel: BarPanel
    spec: InputSpec

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

    def scaled(self, days: np.ndarray, stocks: np.ndarray) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Windows of n samples after the first step of the normalisation.

        Parameters
        ----------
        days, stocks : ndarray of int64, shape (n,)
            Positions in the panel; the windows must be complete.

        Returns
        -------
        Tensor of shape (n_steps, 6, n)
        Tensor of shape (6, n), bool, or None
            Which series have a scale, see `scale_in_time`.
        """
        window = self.panel.gather(days, stocks, self.spec.days)
        return window, scale_in_time(window, self.spec.scale)

    def moments(self, day: int, stocks: np.ndarray) -> Moments:
        """Statistics of one date's cross-section over `stocks`, each of shape (n_steps, 6, 1)."""
        return cross_sectional_moments(*self.scaled(np.full(len(stocks), day), stocks))
