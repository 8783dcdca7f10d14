"""An account has the same bytes in every run: nothing depends on the order of a set, which PYTHONHASHSEED decides."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import pickle, sys
from pathlib import Path

import numpy as np
import pandas as pd
import qlib
from qlib.backtest import backtest

from qlib_mfgru.portfolio import IndexEnhancementExchange, IndexEnhancementRecord, IndexEnhancementSettings
from qlib_mfgru.portfolio import MarketSnapshot, run_index_enhancement

provider, folder = sys.argv[1], Path(sys.argv[2])
qlib.init(provider_uri=provider, region="cn", kernels=1, logging_level=40)
market = MarketSnapshot.read("csi500")
index = pd.MultiIndex.from_product([market.days, market.stocks], names=["datetime", "instrument"])
scores = pd.Series(np.random.default_rng(2).standard_normal(len(index)), index, name="score")
span = {"start_time": market.days[42], "end_time": market.days[102]}
settings = IndexEnhancementSettings(index="csi500", turnover_limits=[0.4], **span)
enhancement = run_index_enhancement(scores, settings)
IndexEnhancementRecord.outputs.write(enhancement, folder)
for name, series in IndexEnhancementRecord.outputs.series.items():
    (folder / name).write_bytes(pickle.dumps(series(enhancement)))
topk = {"class": "TopkDropoutStrategy", "module_path": "qlib.contrib.strategy"}
day = {"time_per_step": "day", "generate_portfolio_metrics": True}
portfolios, _ = backtest(
    **span,
    strategy={**topk, "kwargs": {"signal": scores, "topk": 20, "n_drop": 2}},
    executor={"class": "SimulatorExecutor", "module_path": "qlib.backtest.executor", "kwargs": day},
    benchmark="SH000905",
    account=1e8,
    exchange_kwargs={"exchange": IndexEnhancementExchange(market, **span)},
    pos_type="qlib_mfgru.portfolio.SortedPosition",
)
report, positions = portfolios["1day"]
report.to_csv(folder / "topk.csv", float_format="%.17g")
"""


def artefacts(provider: Path, folder: Path, seed: int) -> dict[str, bytes]:
    """All files that the record of an enhancement leaves, and the account of another strategy of qlib's."""
    folder.mkdir()
    environment = {**os.environ, "PYTHONHASHSEED": str(seed), "OMP_NUM_THREADS": "1"}
    words = [sys.executable, "-c", PROGRAM, str(provider), str(folder)]
    subprocess.run(words, check=True, capture_output=True, env=environment)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_two_hash_seeds_leave_the_same_bytes(enhancement_provider: Path, tmp_path: Path) -> None:
    first, second = (artefacts(enhancement_provider, tmp_path / str(seed), seed) for seed in (0, 1))
    assert first.keys() == second.keys()
    assert {"performance.csv", "daily.pkl", "positions.pkl", "rebalances.csv", "topk.csv"} < first.keys()
    assert [name for name in first if first[name] != second[name]] == []
