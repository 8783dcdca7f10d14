"""A panel's bars held on a torch device, where windows are gathered and normalised without leaving it.

The definitions are those of `normalize.py`, in torch instead of numpy. Nothing here waits for a value from the device
while a batch is made, so that a GPU works on one batch while the CPU prepares the next.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from qlib.log import get_module_logger
from tqdm.auto import tqdm

from qlib_mfgru.data.normalize import RESOLUTION, Moments, Run, Scaling
from qlib_mfgru.data.panel import BarPanel, check_places
from qlib_mfgru.data.settings import InputSpec
from qlib_mfgru.data.window import WindowSource

RESERVE = 4 * 2**30
"""Bytes of a GPU's memory that bars leave free: for networks, their states and two batches."""
_SAMPLES_PER_PIECE = 1024  # 8 MB of 15-minute windows: a few such arrays fit a large GPU's cache
_BYTES_PER_COPY = 128 * 2**20


class _DeviceMoments(NamedTuple):
    """`Moments` on the device, and the arrays that they were copied from."""

    source: Moments
    mean: torch.Tensor
    inverse_std: torch.Tensor


class ResidentSource:
    """Windows of one frequency from bars on a device; does what a `WindowSource` does, and returns tensors there.

    Parameters
    ----------
    source : WindowSource
    device : torch.device
    """

    def __init__(self, source: WindowSource, device: torch.device) -> None:
        self.spec: InputSpec = source.spec
        self.scaling = source.scaling
        self.clip = source.clip
        self.bars = _copied(source.panel, device)
        self.device = self.bars.device  # with its number: "cuda" alone may be another GPU in another thread
        self._moments: _DeviceMoments | None = None

    @classmethod
    def where_it_fits(cls, source: WindowSource, device: torch.device) -> ResidentSource | None:
        """The source on the device; None, with a warning in the log, if the bars would leave less than `RESERVE`."""
        logger, size = get_module_logger("ResidentSource"), source.panel.bars.nbytes
        name = f"{source.panel.freq} bars ({size / 2**30:.1f} GiB)"
        if device.type == "cuda":
            torch.cuda.empty_cache()  # what torch keeps of tensors that are gone would count as taken
            free = torch.cuda.mem_get_info(device)[0]
            if size > free - RESERVE:
                logger.warning(
                    f"{name} do not fit {device}, {free / 2**30:.1f} GiB of which are free; they stay on the CPU"
                )
                return None
        logger.info(f"{name} are held on {device}")
        return cls(source, device)

    def gather(self, days: torch.Tensor, stocks: torch.Tensor) -> torch.Tensor:
        """Raw windows (n_steps, n_fields, n) of samples given by positions in the panel, as `BarPanel.gather`."""
        _, bars_per_day, n_fields, n_stocks = self.bars.shape
        n_rows = self.spec.days * bars_per_day * n_fields
        places = self.bars.numel() - (n_rows - 1) * n_stocks
        rows = self.bars.as_strided((n_rows, places), (n_stocks, 1))
        first = (days + 1 - self.spec.days) * (bars_per_day * n_fields * n_stocks) + stocks
        return rows.index_select(1, first).view(n_rows // n_fields, n_fields, -1)

    def moments(self, day: int, stocks: np.ndarray) -> Moments:
        """Statistics of one date's cross-section over `stocks`, each of shape (n_steps, n_fields, 1)."""
        days = np.full(len(stocks), day)
        check_places(days, stocks, self.spec.days, self.bars.shape)
        scaled = self.gather(*(torch.from_numpy(axis).to(self.device) for axis in (days, stocks)))
        present = _scale_in_time(scaled, self.scaling)
        mean, inverse_std = _cross_sectional_moments(scaled, present, self.scaling)
        return Moments(mean.cpu().numpy(), inverse_std.cpu().numpy())

    def samples(self, days: np.ndarray, stocks: np.ndarray, moments: Moments, columns: np.ndarray) -> torch.Tensor:
        """Normalised windows (n_steps, n_fields, n) on the device; parameters as in `WindowSource.samples`.

        They are made in pieces, so that hardly more memory is needed than the result itself takes.
        """
        check_places(days, stocks, self.spec.days, self.bars.shape)
        mean, inverse_std = self._on_device(moments)
        places = torch.from_numpy(np.stack([days, stocks, columns])).to(self.device, non_blocking=True)
        windows = torch.empty(*mean.shape[:2], len(days), device=self.device)
        for piece, of_piece in zip(
            windows.split(_SAMPLES_PER_PIECE, dim=2), places.split(_SAMPLES_PER_PIECE, dim=1), strict=True
        ):
            scaled = self.gather(of_piece[0], of_piece[1])
            present = _scale_in_time(scaled, self.scaling)
            scaled -= mean.index_select(2, of_piece[2])
            scaled *= inverse_std.index_select(2, of_piece[2])
            scaled *= present
            piece.copy_(scaled if self.clip is None else scaled.clamp_(-self.clip, self.clip))
        return windows

    def _on_device(self, moments: Moments) -> tuple[torch.Tensor, torch.Tensor]:
        """The moments' tensors; the latest are kept, since all batches of an epoch share them."""
        latest = self._moments
        if latest is None or latest.source is not moments:
            latest = _DeviceMoments(moments, *(torch.from_numpy(array).to(self.device) for array in moments))
            self._moments = latest
        return latest.mean, latest.inverse_std


def _copied(panel: BarPanel, device: torch.device) -> torch.Tensor:
    """The panel's bars on the device, copied some days at a time; there stocks are innermost, as threads read them."""
    bars = torch.empty(panel.bars.shape, dtype=torch.float32, device=device)
    step = max(1, _BYTES_PER_COPY // max(1, panel.bars[0].nbytes))
    starts = range(0, len(bars), step)
    for start in tqdm(starts, f"{panel.freq} bars to {device}", leave=False, delay=1):
        as_they_lie = torch.from_numpy(np.array(panel.bars[start : start + step], order="K"))
        bars[start : start + step] = as_they_lie.to(device)  # turned over on the device
    return bars


def _scale_in_time(window: torch.Tensor, scaling: Scaling) -> torch.Tensor:
    """`normalize.scale_in_time`, in place; returns which series (n_fields, n) are not missing, as bool."""
    present = [_scale_run(window[:, run.fields], run) for run in scaling]
    return present[0] if len(present) == 1 else torch.cat(present)


def _scale_run(window: torch.Tensor, run: Run) -> torch.Tensor:
    """`normalize._scale_run`, without a look at whether anything is missing."""
    begun = ~window[0].isnan() if run.late else None
    if begun is not None:
        window.masked_fill_(~begun, 0.0)
    if run.by == "none":
        return torch.ones_like(window[0], dtype=torch.bool) if begun is None else begun
    denominator = window.mean(dim=0) if run.by == "mean" else window[-1].clone()
    present = denominator > 0
    denominator.masked_fill_(~present, 1.0)
    window -= denominator
    window /= denominator
    if run.by == "mean":
        window -= window.mean(dim=0)
    window *= present
    return present


def _cross_sectional_moments(
    scaled: torch.Tensor, present: torch.Tensor, scaling: Scaling
) -> tuple[torch.Tensor, torch.Tensor]:
    """`normalize.cross_sectional_moments`: mean and inverse standard deviation, each (n_steps, n_fields, 1)."""
    count = present.sum(dim=1, keepdim=True).clamp(min=1)
    mean = scaled.sum(dim=2, keepdim=True) / count
    centred = (scaled - mean).mul_(present)
    std = (centred.square_().sum(dim=2, keepdim=True) / count).sqrt_()
    constant = torch.cat([_is_constant(mean[:, run.fields], std[:, run.fields], run) for run in scaling], dim=1)
    return mean, std.reciprocal().masked_fill_(constant, 0.0)


def _is_constant(mean: torch.Tensor, std: torch.Tensor, run: Run) -> torch.Tensor:
    size = mean.abs()
    return std <= (size * 1e-6 if run.by == "none" else size.clamp(min=1.0) * RESOLUTION)
