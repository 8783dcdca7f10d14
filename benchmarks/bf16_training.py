"""What ``precision: bf16`` trains: RankIC and time beside float32, seed by seed, on the demo and on the whole market.

    python benchmarks/bf16_training.py [--seeds 0 1 2 3 4] [--markets demo ashare_daily] [--record]

The demo market's 15-minute model as ``workflow_configs/demo/gru.yaml`` has it, and the daily model of
``workflow_configs/ashare_daily/study.yaml`` (``MFGRU_ASHARE_DAILY_PROVIDER``), trained up to the end of 2014 and judged
on the first half of 2015, two years before the study's test. RankIC is the mean over the days of the test segment, of
all samples with a label. Needs a processor with AVX-512 BF16. Fits of both precisions alternate.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd
import qlib
import record
from demo_results import DEMO
from qlib.utils import init_instance_by_config
from real_data import load_config
from second_stage import rank_ic
from tqdm.auto import tqdm

from qlib_mfgru import native
from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.demo import make_demo_market
from qlib_mfgru.study.source import StudySource

STUDY = record.ROOT / "workflow_configs/ashare_daily/study.yaml"
SEGMENTS = {"train": ("2012-09-03", "2014-12-31"), "test": ("2015-01-05", "2015-06-12")}
PRECISIONS = ("float32", "bf16")


def configured(market: str, folder: Path) -> dict[str, Any]:
    """Settings of qlib, and a task with model and dataset; the demo market is made in `folder`."""
    if market == "demo":
        config = load_config("gru", DEMO)
        make_demo_market(folder / "market")
        return config | {"qlib_init": config["qlib_init"] | {"provider_uri": str(folder / "market")}}
    content: dict[str, Any] = StudySource.read(STUDY).content
    content["task"]["dataset"]["kwargs"]["segments"] = SEGMENTS
    return content


def labels(dataset: MultiFreqDataset, freqs: tuple[str, ...]) -> pd.Series:
    """Labels of all samples of the test segment, every day."""
    every_day = MultiFreqDataset(dataset.handler, dataset.segments, sample_step=1)
    table = every_day.samples("test", freqs)
    index = pd.MultiIndex.from_arrays([table.sample_dates, table.sample_codes], names=["datetime", "instrument"])
    return pd.Series(table.labels.numpy(), index=index)


def fitted(config: dict[str, Any], dataset: MultiFreqDataset, precision: str, seed: int) -> dict[str, Any]:
    """RankIC of one fit, how long it took, and its epochs."""
    settings = config["task"]["model"]["kwargs"] | {"precision": precision, "seed": seed}
    model = init_instance_by_config(config["task"]["model"] | {"kwargs": settings})
    start = time.perf_counter()
    model.fit(dataset)
    seconds, epochs = time.perf_counter() - start, len(model.history)
    value = rank_ic(model.predict(dataset), labels(dataset, model.net.freqs))
    return {
        "seed": seed,
        "precision": precision,
        "rank_ic": value,
        "epochs": epochs,
        "seconds": seconds,
        "seconds_an_epoch": seconds / epochs,
    }


def compared(rows: pd.DataFrame) -> dict[str, Any]:
    """Means by precision, and differences paired by seed with their standard error."""
    by_seed = rows.pivot_table(index="seed", columns="precision", values=["rank_ic", "epochs", "seconds_an_epoch"])
    lead = by_seed["rank_ic"]["bf16"] - by_seed["rank_ic"]["float32"]
    return {
        "means": {name: by_seed.xs(name, axis=1, level=1).mean().to_dict() for name in PRECISIONS},
        "rank_ic_lead": lead.mean(),
        "rank_ic_error": lead.sem(),
        "times_as_fast_an_epoch": (by_seed["seconds_an_epoch"]["float32"] / by_seed["seconds_an_epoch"]["bf16"]).mean(),
        "each": record.plain(rows),
    }


def main() -> None:
    """Train, compare, record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--markets", nargs="+", default=["demo", "ashare_daily"], choices=["demo", "ashare_daily"])
    record.add_options(parser)
    options = parser.parse_args()
    if native.library("bf16") is None:
        parser.error("this processor has no AVX-512 BF16, or the kernels were not built for it")
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for market in options.markets:
            config = configured(market, Path(folder))
            qlib.init(**{name: value for name, value in config["qlib_init"].items() if name != "exp_manager"})
            dataset = init_instance_by_config(config["task"]["dataset"])
            fits = [(precision, seed) for seed in options.seeds for precision in PRECISIONS]
            rows = [fitted(config, dataset, *fit) for fit in tqdm(fits, market)]
            print(pd.DataFrame(rows).to_string())
            figures[market] = compared(pd.DataFrame(rows))
            print({name: value for name, value in figures[market].items() if name != "each"}, flush=True)
    record.keep(options.json, {"seeds": options.seeds, "markets": figures})


if __name__ == "__main__":
    main()
