"""What keeps a second stage from harming when its history is short: settings compared on held-back validation dates.

    python benchmarks/second_stage.py [--out runs/second_stage] [--seeds 0 1 2] [--start 2013-01-01] [--only NAME ...]

`IncrementalGRUModel` as ``workflow_configs/astock/incremental.yaml`` has it, with one setting changed at a time for its
second stage. Trained and stopped on the train segment up to 2025-08-15; judged by the RankIC of every day from
2025-08-18 to 2025-10-31 whose label ends before the test segment, which is not read. Variants of a seed share their
first stage. Scores are kept in OUT: what is there of the same settings, provider and commit is not trained again.

The table has the mean RankIC over days and seeds, and its differences to the first stage alone (`daily`) and to the
model without the setting (`default`): paired by seed, with the standard error over seeds.
"""

from __future__ import annotations

import argparse
import copy
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import qlib
import record
from qlib.utils import init_instance_by_config
from real_data import load_config

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.model import IncrementalGRUModel
from qlib_mfgru.model.training import StageData, StageResult
from qlib_mfgru.nn import ScoringNet

HELD_BACK = ("2025-08-18", "2025-10-31")
TRAIN_END = "2025-08-15"
FREQS = ("day", "15min")


@dataclass(frozen=True)
class Variant:
    """Settings of the second stage, of the model, and blocks of validation."""

    training: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    blocks: int = 1

    @property
    def kwargs(self) -> dict[str, Any]:
        """Keyword arguments of the model."""
        return {"stages": ["day", {"freq": "15min", "training": self.training}], **self.model}


VARIANTS = {
    "daily": Variant(model={"stages": ["day"]}),
    "default": Variant(),
    "weight_decay 1": Variant({"weight_decay": 1.0}),
    "weight_decay 10": Variant({"weight_decay": 10.0}),
    "stop_on t": Variant({"stop_on": "t"}),
    "smooth_epochs 3": Variant({"smooth_epochs": 3}),
    "average_epochs 5": Variant({"average_epochs": 5}),
    "max_epochs 10": Variant({"max_epochs": 10}),
    "validated": Variant(model={"stage_weight": "validated"}),
    "validated, average 5": Variant({"average_epochs": 5}, {"stage_weight": "validated"}),
    "valid_blocks 2": Variant(blocks=2),
}
"""The first is the first stage alone, the second the model without any of the settings."""

Stages = dict[tuple[int, int], tuple[dict[str, Any], StageResult]]


class SharedFirstStage(IncrementalGRUModel):
    """Takes its first stage from `known`, by seed and blocks of validation, where another model has trained it."""

    known: Stages
    blocks = 1

    def run_stage(self, net: ScoringNet, data: StageData, stage: int, title: str) -> StageResult:
        if stage > 1:
            return super().run_stage(net, data, stage, title)
        key = (self.settings.seed, self.blocks)
        if key not in self.known:
            result = super().run_stage(net, data, stage, title)
            self.known[key] = copy.deepcopy(net.state_dict()), result
        state, result = self.known[key]
        net.load_state_dict(state)
        return result


def datasets(start: str) -> dict[int, MultiFreqDataset]:
    """Blocks of validation -> the dataset, whose last segment is there to be kept away from."""
    config = load_config("incremental")["task"]["dataset"]
    segments = {"train": (start, TRAIN_END), "held_back": HELD_BACK, "test": config["kwargs"]["segments"]["test"]}
    handler = init_instance_by_config(config["kwargs"]["handler"])
    blocks = {variant.blocks for variant in VARIANTS.values()}
    return {number: MultiFreqDataset(handler, segments, valid_blocks=number) for number in blocks}


def fitted(name: str, seed: int, of_blocks: dict[int, MultiFreqDataset], known: Stages) -> tuple[pd.Series, str]:
    """Scores of the held-back days, and what training says about the last stage."""
    variant, shared = VARIANTS[name], load_config("incremental")["task"]["model"]["kwargs"]
    model, dataset = SharedFirstStage(**shared | variant.kwargs | {"seed": seed}), of_blocks[variant.blocks]
    model.known, model.blocks = known, variant.blocks
    model.fit(dataset)
    return model.predict(dataset, HELD_BACK), str(model.trained[-1])


def kept(name: str, seed: int, folder: Path, start: str, *args: Any) -> pd.Series:
    """The scores of `fitted`, or what OUT has of them; training's words are printed."""
    config = load_config("incremental")
    provider = record.made_on(config["qlib_init"]["provider_uri"])
    made_of = record.digest(VARIANTS[name], start, config, provider, record.commit())
    path = folder / f"{name.replace(' ', '_')}-{seed}-{made_of}.pkl"
    if not path.exists():
        scores, said = fitted(name, seed, *args)
        path.with_suffix(".json").write_text(json.dumps(said))
        scores.to_pickle(path.with_suffix(".partial"))
        path.with_suffix(".partial").rename(path)
    print(f"{name}, seed {seed}: {json.loads(path.with_suffix('.json').read_text())}", flush=True)
    return pd.read_pickle(path)


def labels(dataset: MultiFreqDataset) -> pd.Series:
    """Labels of all held-back samples of both frequencies, every day, none of which ends in the test segment."""
    every_day = MultiFreqDataset(dataset.handler, dataset.segments, sample_step=1)
    table = every_day.samples("held_back", FREQS)
    index = pd.MultiIndex.from_arrays([table.sample_dates, table.sample_codes], names=["datetime", "instrument"])
    return pd.Series(table.labels.numpy(), index=index)


def rank_ic(scores: pd.Series, label: pd.Series) -> float:
    """Mean over days of the RankIC on the samples that have a label."""
    frame = pd.concat([scores, label], axis=1, keys=["score", "label"]).loc[label.index]
    by_date = frame.groupby(level="datetime").apply(lambda part: part["score"].corr(part["label"], method="spearman"))
    return float(by_date.mean())


def compared(values: pd.DataFrame) -> pd.DataFrame:
    """Seeds in rows, variants in columns -> a row a variant: means, and differences with their standard errors."""
    rows = {"rank_ic": values.mean()}
    for reference in ("daily", "default"):
        lead = values.sub(values[reference], axis=0)
        rows |= {f"less_{reference}": lead.mean(), f"error_{reference}": lead.sem()}
    return pd.DataFrame(rows)


def main() -> None:
    """Train what is missing, print the table, and record it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/second_stage"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--start", default="2013-01-01", help="first day of the daily history")
    parser.add_argument("--only", nargs="+", default=list(VARIANTS), choices=VARIANTS)
    record.add_options(parser)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    qlib.init(**load_config("incremental")["qlib_init"])
    of_blocks: dict[int, MultiFreqDataset] = datasets(options.start)
    known: Stages = {}
    label = labels(of_blocks[1])
    names = dict.fromkeys(["daily", "default", *options.only])
    values = {
        name: {
            seed: rank_ic(kept(name, seed, options.out, options.start, of_blocks, known), label)
            for seed in options.seeds
        }
        for name in names
    }
    by_seed = pd.DataFrame(values)
    table, judged = compared(by_seed), record.spanned(label.index.unique("datetime"), "date")
    print({"samples": len(label), **judged})
    print(by_seed.T.round(4).to_string())
    print(table.round(4).to_string())
    figures = {"seeds": options.seeds, "start": options.start, "samples": len(label), **judged}
    record.keep(options.json, figures | {"compared": table.to_dict("index"), "each": by_seed.to_dict("index")})


if __name__ == "__main__":
    main()
