"""Which dates train and which validate where there is no ``valid`` segment."""

from __future__ import annotations

import numpy as np


def split(days: np.ndarray, valid_ratio: float, n_blocks: int, horizon: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Validation is the last share of each of some parts of the dates, which are equally long.

    Parameters
    ----------
    days : ndarray of int64
        Positions of the sample dates on the calendar, ascending.
    valid_ratio : float
    n_blocks : int
        Parts, and so blocks of validation.
    horizon : int
        Days from a date to the end of its label.

    Returns
    -------
    train, valid : ndarray of int64
        No label of the one overlaps with one of the other, whichever comes first.
    gap : int
        Dates in neither, because their label would.
    """
    parts = np.array_split(days, n_blocks)
    cuts = [round(len(part) * (1 - valid_ratio)) for part in parts]
    valid = np.concatenate([part[cut:] for part, cut in zip(parts, cuts, strict=True)])
    rest = np.concatenate([part[:cut] for part, cut in zip(parts, cuts, strict=True)])
    apart = np.abs(rest[:, None] - valid[None, :]).min(axis=1, initial=horizon + 1) > horizon
    return rest[apart], valid, int((~apart).sum())
