"""The report's normalisation: each series by its own scale, then every step across the stocks of the date.

Two steps (REPORT sections 1 and 8; figures 7 and 9):

1. in time: every stock's series of every field is divided by its own mean over the window (``mean``, the report's
   choice for 15-minute bars) or by its own last value (``last``, for daily bars);
2. across stocks: at every step, every field is z-scored (population standard deviation) over the stocks of the date.

Values that have no scale (a series whose mean or last value is 0) are missing: they take no part in the statistics
and become 0, the mean of the cross-section.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch

Scale = Literal["mean", "last"]


class Moments(NamedTuple):
    """Cross-sectional statistics of scaled windows.

    Attributes
    ----------
    mean : Tensor of shape (n_steps, n_fields, n)
    inverse_std : Tensor of shape (n_steps, n_fields, n)
        0 where the standard deviation is 0, so that such a step becomes 0. In both, n is 1 for one date; else there
        is a column a date or a sample.
    """

    mean: torch.Tensor
    inverse_std: torch.Tensor

    @classmethod
    def stack(cls, dates: Sequence[Moments]) -> Moments:
        """Statistics of several dates side by side."""
        return cls(*(torch.cat(parts, dim=2) for parts in zip(*dates, strict=True)))

    def take(self, columns: torch.Tensor) -> Moments:
        """Columns in the given order, e.g. for each sample that of its date."""
        return Moments(self.mean.index_select(2, columns), self.inverse_std.index_select(2, columns))


def scale_in_time(window: torch.Tensor, scale: Scale) -> torch.Tensor | None:
    """Divide each series by its own scale and subtract 1, in place.

    The 1 is subtracted because relative prices lie so close to it that float32 would lose their digits; and it is
    subtracted first, as ``(x - scale) / scale``, where the difference of two neighbours is exact. A mean that float32
    rounds shifts its whole series by up to 6e-8, which the mean of the result shows and takes out again.

    Parameters
    ----------
    window : Tensor of shape (n_steps, n_fields, n_samples)
        Finite raw values; holds the scaled values afterwards, 0 where a series has no scale.
    scale : {"mean", "last"}

    Returns
    -------
    Tensor of shape (n_fields, n_samples), bool, or None
        Which series have a scale; None when all have.
    """
    denominator = window.mean(dim=0) if scale == "mean" else window[-1].clone()
    window.sub_(denominator).div_(denominator)
    if scale == "mean":
        window.sub_(window.mean(dim=0))
    present = denominator > 0
    if bool(present.all()):
        return None
    window.masked_fill_(~present, 0.0)
    return present


def cross_sectional_moments(scaled: torch.Tensor, present: torch.Tensor | None) -> Moments:
    """Mean and inverse standard deviation over the last axis, leaving out series without a scale.

    Parameters
    ----------
    scaled : Tensor of shape (n_steps, n_fields, n_samples)
        As `scale_in_time` leaves it.
    present : Tensor of shape (n_fields, n_samples), bool, or None
        What `scale_in_time` returned.
    """
    if present is None:
        std, mean = torch.std_mean(scaled, dim=2, correction=0, keepdim=True)
    else:
        count = present.sum(dim=1, keepdim=True).clamp_min(1)
        mean = scaled.sum(dim=2, keepdim=True) / count
        centred = (scaled - mean).masked_fill_(~present, 0.0)
        std = (centred.square_().sum(dim=2, keepdim=True) / count).sqrt_()
    # a constant column has a std of rounding errors, not of 0: anything below float32's resolution counts as 0
    constant = std <= mean.abs().clamp_min(1.0) * 1e-7
    return Moments(mean, torch.where(constant, 0.0, 1.0 / std))


def standardise(
    scaled: torch.Tensor, present: torch.Tensor | None, moments: Moments, clip: float | None = None
) -> torch.Tensor:
    """Apply `moments` in place; series without a scale stay 0. Optionally clip to [-clip, clip]."""
    scaled.sub_(moments.mean).mul_(moments.inverse_std)
    if present is not None:
        scaled.masked_fill_(~present, 0.0)
    return scaled if clip is None else scaled.clamp_(-clip, clip)
