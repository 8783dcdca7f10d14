"""What is disturbed: functions that run in a process of their own."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

SLICE_ROWS = 2000
"""So few that a small market is read and written in several pieces, by several processes if it may be."""


def limited(n_bytes: int, work: Callable[..., int | None], *arguments: Any) -> int | None:
    """Any work with files of so many bytes at the most."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))
    return work(*arguments)


def ingest(source: Path, target: Path, jobs: int = 1) -> int:
    """``mfgru ingest`` in small pieces."""
    from qlib_mfgru.cli import main
    from qlib_mfgru.ingest import pipeline

    assert pipeline.ingest.__kwdefaults__ is not None
    pipeline.ingest.__kwdefaults__["slice_rows"] = SLICE_ROWS
    words = ["ingest", source / "mapping.yaml", "--source", source, "--target", target, "--jobs", jobs, "--quiet"]
    return main([str(word) for word in words])


def update(source: Path, target: Path) -> int:
    """``mfgru update``."""
    from qlib_mfgru.cli import main

    return main(["update", str(target), "--source", str(source), "--quiet"])


def demo(target: Path, seed: int = 0) -> int:
    """``mfgru demo``, small."""
    from qlib_mfgru.cli import main

    sizes = ["--stocks", "40", "--days", "120", "--intraday-days", "60", "--seed", str(seed)]
    return main(["demo", "--target", str(target), *sizes])


def panel(provider: Path, cache: Path) -> None:
    """A panel of the provider's bars, made or opened."""
    from qlib_mfgru.data import BarPanel

    start_qlib(provider)
    BarPanel.open("15min", cache)


def rolling(provider: Path, folder: Path, n_jobs: int = 1) -> None:
    """Fit a small rolling model with its panels and units in a folder, and keep what it predicts in ``scores.npy``."""
    import numpy as np
    import tiny_world
    import torch
    from rolling.rolling_world import SEGMENTS
    from tiny_world import FAST

    from qlib_mfgru.rolling import RollingEnsembleModel

    torch.set_num_threads(1)
    start_qlib(provider)
    config = {"class": "GRUModel", "module_path": "qlib_mfgru.model", "kwargs": {"freq": "day"}}
    places = {"units_dir": str(folder / "units"), "n_jobs": n_jobs}
    model = RollingEnsembleModel(config, retrain="1M", seeds=[0, 1], **places, **FAST)
    dataset = tiny_world.dataset(folder / "panels", segments=SEGMENTS, inputs={"day": tiny_world.INPUTS["day"]})
    model.fit(dataset)
    np.save(folder / "scores.npy", model.predict(dataset).to_numpy())


def qrun(folder: Path) -> None:
    """``qrun small.yaml`` in a folder."""
    from qlib.cli.run import workflow

    os.chdir(folder)
    workflow("small.yaml")


def start_qlib(provider: Path) -> None:
    """qlib on a provider; warnings are shown."""
    import qlib

    qlib.init(provider_uri=str(provider), region="cn", kernels=1, logging_level=30)


def check(provider: Path) -> int:
    """``mfgru check``."""
    from qlib_mfgru.cli import main

    return main(["check", str(provider)])
