"""The checks: each works in a folder that it is given, returns in words what it saw, and raises where that is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from qlib_mfgru.smoke.workflow import PREDICT, WORKFLOW

LIBRARIES = ("pyqlib", "torch", "pandas", "numpy", "mlflow")
SIZES = ("--stocks", "40", "--days", "200", "--intraday-days", "150")


def versions(work: Path) -> str:
    """The versions that are tried."""
    python = ".".join(map(str, sys.version_info[:3]))
    return ", ".join([f"Python {python}", *(f"{name} {version(name)}" for name in ("qlib_mfgru", *LIBRARIES))])


def data(work: Path) -> str:
    """The files that are no code came with the package: mappings, published figures, workflow configs."""
    from qlib_mfgru.ingest.mapping.ready import VENDORS, ready_text
    from qlib_mfgru.report.published import TABLES, published
    from qlib_mfgru.shipped import copy_configs

    _expect(len(VENDORS) > 0 and all(map(ready_text, VENDORS)), "a vendor's mapping is missing or empty")
    figures = sum(len(published(table)) for table in TABLES)
    copies = copy_configs(work / "configs")
    _expect(Path("demo/demo_base.yaml") in copies.made, "the demo's configs are missing")
    return f"{len(VENDORS)} vendors, {figures} rows of published figures, {len(copies.made)} workflow configs"


def kernels(work: Path) -> str:
    """The compiled GRU computes what torch's does."""
    import torch

    from qlib_mfgru import native
    from qlib_mfgru.nn import GRULayer

    if native.library() is None:
        return "none: plain torch and numpy, which are slower"
    torch.manual_seed(0)
    layer, window = GRULayer(6, 30), torch.randn(200, 320, 6)
    outputs = {}
    for implementation in ("compiled", "torch"):
        layer.implementation = implementation
        outputs[implementation] = layer(window).detach()
    apart = float((outputs["compiled"] - outputs["torch"]).abs().max())
    _expect(apart < 1e-5, f"they differ from torch.nn.GRU by {apart:.1e}")
    return f"{native.capability()}, within {apart:.0e} of torch.nn.GRU"


def market(work: Path) -> str:
    """``mfgru demo`` makes a market in which ``mfgru check`` finds no error."""
    mfgru = [sys.executable, "-m", "qlib_mfgru.cli"]
    _run([*mfgru, "demo", "--target", "provider", *SIZES], work)
    _run([*mfgru, "check", "provider", "--quiet"], work)
    n_files = sum(file.is_file() for file in (work / "provider").rglob("*"))
    return f"made and checked, {n_files} files"


def workflow(work: Path) -> str:
    """``qrun`` of a YAML over a shipped base: the incremental model, its factor test, an enhancement and a backtest."""
    import pandas as pd

    (work / "smoke.yaml").write_text(WORKFLOW)
    _run([sys.executable, "-m", "qlib.cli.run", "smoke.yaml"], work)
    (artifacts,) = work.glob("mlruns/*/*/artifacts")
    scores = pd.read_pickle(artifacts / "pred.pkl")["score"]
    days = scores.index.unique("datetime")
    span = str(days[0].date()), str(days[-1].date()), len(days)
    _expect(span == ("2020-09-01", "2020-09-30", 22), f"scores of {span}")
    _expect(bool(scores.notna().all()), "a score is missing")
    tested = pd.read_csv(artifacts / "factor_test/summary.csv")
    _expect(bool(tested["rank_ic_mean"].notna().all()), f"no RankIC:\n{tested}")
    enhanced = pd.read_csv(artifacts / "index_enhancement/performance.csv")
    _expect(enhanced["turnover_limit"].tolist() == ["0.4", "benchmark"], f"other portfolios:\n{enhanced}")
    for plot in ("training_curve.png", "factor_test/layers.png"):
        _expect((artifacts / plot).read_bytes().startswith(b"\x89PNG"), f"{plot} is no picture")
    return f"{len(scores)} scores, {len(list(artifacts.rglob('*.*')))} artifacts"


def reloaded(work: Path) -> str:
    """The saved model predicts, in another process, what it predicted before."""
    (artifacts,) = work.glob("mlruns/*/*/artifacts")
    _run([sys.executable, "-c", PREDICT, "provider", str(artifacts)], work)
    return "the saved model predicts the same, to the bit"


CHECKS: tuple[Callable[[Path], str], ...] = (versions, data, kernels, market, workflow, reloaded)


def _expect(holds: bool, otherwise: str) -> None:
    """An assertion that ``python -O`` does not leave out."""
    if not holds:
        raise RuntimeError(otherwise)


def _run(command: list[str], work: Path) -> None:
    environment = {**os.environ, "MFGRU_CACHE": str(work / "panels"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
