"""Assert that all contenders of `data_path.py` serve the same bars and windows.

python benchmarks/agreement.py PROVIDER CACHE
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import qlib
from handlers import BARS_PER_DAY, FIELDS, frame_handler
from measure import ready, report
from qlib.data import D
from qlib.data.dataset import TSDataSampler

from qlib_mfgru.data import BarPanel, MultiFreqHandler, SampleTable
from qlib_mfgru.provider.session import ASHARE

STEPS, LEAD = 320, 320  # bars of a window, and bars before it that a suspended day's close may come from
TOLERANCE = 2e-5
VOLUME = FIELDS.index("volume")


def compare_panel(panel: BarPanel) -> int:
    """Every traded bar of ``D.features`` is in the panel, bit by bit; how many values were compared."""
    frame = D.features(D.instruments("all"), [f"${field}" for field in FIELDS], freq="15min").dropna()
    stamps = pd.DatetimeIndex(frame.index.get_level_values("datetime"))
    minutes = stamps.hour.to_numpy() * 60 + stamps.minute.to_numpy()
    days, bars = panel.days.get_indexer(stamps.normalize()), np.searchsorted(ASHARE.bar_ends("15min"), minutes)
    stocks = pd.Index(panel.instruments).get_indexer(frame.index.get_level_values("instrument"))
    ours = panel.bars[days, bars, :, stocks]
    assert np.array_equal(ours, frame.to_numpy(np.float32)), "the panel differs from D.features"
    return int(ours.size)


def compare_windows(cache: Path, panel: BarPanel) -> float:
    """Our normalised cross-section of the last day against TSDataSampler's raw windows; largest difference."""
    panels = MultiFreqHandler(inputs={"15min": {"days": 20, "scale": "mean"}}, cache_dir=cache).panels
    table = SampleTable(panels, ("15min",), np.array([len(panels.days) - 1]), labelled=False)
    batch = next(table.by_date())
    reach = (STEPS + LEAD) // BARS_PER_DAY
    stamps = D.calendar(freq="15min")
    frame = frame_handler(panel.days[-reach], stamps[-1]).fetch()
    sampler = TSDataSampler(frame, stamps[-BARS_PER_DAY], stamps[-1], step_len=STEPS + LEAD)
    raw = np.stack([sampler[stamps[-1], code] for code in batch.instruments])
    expected = normalise(fill(raw)[:, -STEPS:].astype(np.float64))
    worst = float(np.abs(batch.features["15min"].numpy() - expected).max())
    assert worst < TOLERANCE, f"normalised windows differ from TSDataSampler's by {worst}"
    return worst


def fill(raw: np.ndarray) -> np.ndarray:
    """Carry closes forward over missing bars, (n, steps, 6); volumes of missing bars are 0."""
    windows = pd.DataFrame(raw[:, :, FIELDS.index("close")].T).ffill().to_numpy().T
    filled = np.where(np.isnan(raw), windows[:, :, None], raw)
    filled[:, :, VOLUME] = np.nan_to_num(raw[:, :, VOLUME])
    return filled


def normalise(windows: np.ndarray) -> np.ndarray:
    """The report's two steps in float64, written out: by each series' mean, then across the stocks of the date."""
    scaled = windows / windows.mean(axis=1, keepdims=True)
    return (scaled - scaled.mean(axis=0)) / scaled.std(axis=0)


def main() -> None:
    """Run both comparisons."""
    provider, cache = sys.argv[1:]
    qlib.init(provider_uri=provider, region="cn", kernels=1, logging_level=30)
    ready()
    panel = BarPanel.open("15min", cache)
    values = compare_panel(panel)
    worst = compare_windows(Path(cache), panel)
    report(
        **{
            "panel equals D.features, bit by bit": f"{values:,} traded values",
            "normalised windows equal TSDataSampler's raw ones, normalised in float64": f"within {worst:.1e}",
        }
    )


if __name__ == "__main__":
    main()
