"""The side of `same_bits.py` that computes: runs one market through the package that it imports and keeps every number.

python benchmarks/bits_probe.py demo --tree DIR
python benchmarks/bits_probe.py astock --tree DIR --source DIR

Uses public names only, so that it runs on revisions whose files lie elsewhere. Results go to the working directory:
``artefacts.json`` (seconds of each step, a digest of each artefact) and the artefacts themselves as pickles.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Keep = Callable[[str, Any], None]
INDEX = "artefacts.json"
PROVIDER = Path("provider")
NOT_COMPARED = {"mfgru.json"}  # says in words what made the provider
SAMPLE_DAYS = (-1, -21, -100, -250)  # of those with 15-minute bars
SCORED = slice(-255, -5)  # days of the score that portfolios are made of
REVERSAL = "Ref($close, 20) / $close - 1"

NETWORK = {"class": "GRUModel", "module_path": "qlib_mfgru.model"}
DAILY, MINUTE = ({**NETWORK, "kwargs": {"freq": freq}} for freq in ("day", "15min"))
PLAIN = {"gru": "plain", "freq": "day"}  # of few steps: its threads wait for each other where the cores are shared
ROLLING = {"module_path": "qlib_mfgru.rolling", "model": MINUTE, "retrain": "3M", "seeds": [0, 1], "n_jobs": 2}
MODELS: dict[str, dict[str, Any]] = {
    "GRUModel": {},
    "GRUModel-day": {"freq": "day"},
    "AttentionGRUModel": {},
    "AttentionGRUModel-literal": {"attention": "literal"},
    "MixedGRUModel": {},
    "IncrementalGRUModel": {},
    "MeanModel": {"members": [DAILY, MINUTE]},
    "GRUModel-plain": PLAIN,
    "AttentionGRUModel-plain": PLAIN,
    "IncrementalGRUModel-plain": {"gru": "plain", "stages": ["day"]},
    "RollingEnsembleModel": ROLLING,
}
"""Keyword arguments of each model beside ``max_epochs``: all else is the default. Its class comes before the dash."""


def main() -> None:
    """Probe one market."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("market", choices=["demo", "astock"])
    parser.add_argument("--tree", type=Path, required=True, help="where the package must come from")
    parser.add_argument("--source", type=Path, help="folder of the vendor's files of astock")
    options = parser.parse_args()
    import qlib_mfgru

    assert Path(qlib_mfgru.__file__).is_relative_to(options.tree), f"{qlib_mfgru.__file__} is not in {options.tree}"
    artefacts = Artefacts(options.market)
    if options.market == "demo":
        probe_demo(artefacts)
    else:
        probe_astock(artefacts, options.tree, options.source)
    artefacts.write()


class Artefacts:
    """What a run left: values on disk, their digests, and the seconds of the steps that made them."""

    def __init__(self, market: str) -> None:
        self.market = market
        self.seconds: dict[str, float] = {}
        self.digests: dict[str, str] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[Keep]:
        """Time a step; it is handed a function that keeps an artefact under a name."""
        step = f"{self.market}/{name}"

        def keep(what: str, value: Any) -> None:
            self.digests[f"{step}/{what}"] = digest(value)
            pd.to_pickle(value, pickle_of(Path(), f"{step}/{what}"))

        start = time.perf_counter()
        yield keep
        self.seconds[step] = time.perf_counter() - start
        print(f"{step}: {self.seconds[step]:.1f} s", file=sys.stderr, flush=True)

    def write(self) -> None:
        """Write the index; it is there when everything is."""
        Path(INDEX).write_text(json.dumps({"seconds": self.seconds, "digests": self.digests}, indent=1))


def pickle_of(folder: Path, name: str) -> Path:
    """Where an artefact's value lies."""
    return folder / f"{name.replace('/', '--')}.pickle"


def arrays(value: Any) -> list[tuple[str, np.ndarray]]:
    """All that an array, a Series or a frame is made of, by name: its index levels, then its columns."""
    if isinstance(value, np.ndarray):
        return [("values", value)]
    frame = value.to_frame() if isinstance(value, pd.Series) else value
    levels = [(f"index {name}", frame.index.get_level_values(i)) for i, name in enumerate(frame.index.names)]
    columns = [(str(name), frame.iloc[:, i]) for i, name in enumerate(frame.columns)]
    return [(name, part.to_numpy()) for name, part in (*levels, *columns)]


def digest(value: Any) -> str:
    """sha256 over names, types, shapes and bits of the arrays of a value; objects count as they print."""
    sha = hashlib.sha256()
    for name, array in arrays(value):
        sha.update(f"{name} {array.dtype} {array.shape} ".encode())
        printed = array.dtype == object
        sha.update("\0".join(map(str, array.ravel())).encode() if printed else np.ascontiguousarray(array).tobytes())
    return sha.hexdigest()


def probe_demo(artefacts: Artefacts) -> None:
    """The default demo market, as the demo configs cut it."""
    with artefacts.step("provider") as keep:
        mfgru("demo", "--target", str(PROVIDER))
        keep_provider(keep)
    dataset = start({"train": ("2020-01-01", "2023-06-30"), "test": ("2023-07-03", "2023-12-15")})
    keep_tensors(artefacts, dataset)
    for name, settings in MODELS.items():
        keep_model(artefacts, dataset, name, {"max_epochs": 3, **settings})
    keep_records(artefacts, ["csi300", "csi1000"])


def probe_astock(artefacts: Artefacts, tree: Path, source: Path) -> None:
    """Real bars, ingested with the tree's own mapping and cut as the configs for them cut it."""
    (mapping,) = (path for path in (tree / "workflow_configs").rglob("*mapping.yaml") if "astock" in str(path))
    with artefacts.step("provider") as keep:
        mfgru("ingest", str(mapping), "--source", str(source), "--target", str(PROVIDER), "--quiet")
        keep_provider(keep)
    dataset = start({"train": ("2013-01-01", "2025-10-31"), "test": ("2025-11-03", "2026-03-31")})
    keep_tensors(artefacts, dataset)
    keep_model(artefacts, dataset, "GRUModel-day", {"freq": "day", "max_epochs": 1})
    keep_records(artefacts, ["csi300"])


def mfgru(*arguments: str) -> None:
    """Run a command of the package; what it prints goes to stderr."""
    subprocess.run([sys.executable, "-m", "qlib_mfgru.cli", *arguments], stdout=sys.stderr, check=True)


def keep_provider(keep: Keep) -> None:
    """A digest of every file of the provider, by kind of file."""
    groups: dict[str, dict[str, str]] = {}
    for file in sorted(PROVIDER.rglob("*")):
        path = file.relative_to(PROVIDER)
        if file.is_file() and path.name not in NOT_COMPARED:
            kind = f"{path.parts[0]}-{file.name.split('.')[-2]}" if path.parts[0] == "features" else path.parts[0]
            groups.setdefault(kind, {})[str(path)] = hashlib.sha256(file.read_bytes()).hexdigest()
    for kind, files in groups.items():
        keep(kind, pd.Series(files, name="sha256"))


def start(segments: Mapping[str, tuple[str, str]]) -> Any:
    """Start qlib on the provider with an empty store, and make the default dataset."""
    import qlib

    from qlib_mfgru.data import MultiFreqDataset, MultiFreqHandler

    store = {"uri": "sqlite:///mlruns.db", "default_exp_name": "bits"}
    manager = {"class": "MLflowExpManager", "module_path": "qlib.workflow.expm", "kwargs": store}
    qlib.init(provider_uri=str(PROVIDER.resolve()), region="cn", kernels=1, exp_manager=manager, logging_level=30)
    return MultiFreqDataset(MultiFreqHandler(), segments)


def keep_tensors(artefacts: Artefacts, dataset: Any) -> None:
    """Cross-sections of a few dates, and one epoch's batches: the first as it is, all of them as digests."""
    from qlib.data import D

    with artefacts.step("tensors") as keep:
        days = pd.DatetimeIndex(D.calendar(freq="15min")).normalize().unique()
        for date in days[list(SAMPLE_DAYS)]:
            section = dataset.handler.cross_section(date)
            values = {"instruments": section.instruments, "label": section.label, "raw_label": section.raw_label}
            for what, value in (values | section.features).items():
                keep(f"{date:%Y-%m-%d}/{what}", value)
        rows = []
        for number, batch in enumerate(dataset.batches("train", batch_size=1000, seed=0, epoch=1)):
            values = {"dates": batch.dates, "instruments": batch.instruments, "label": batch.label.numpy()}
            values |= {freq: window.numpy() for freq, window in batch.features.items()}
            rows.append({what: digest(value) for what, value in values.items()})
            for what, value in values.items() if number == 0 else ():
                keep(f"batch-0/{what}", value)
        keep("batches", pd.DataFrame(rows))


def keep_model(artefacts: Artefacts, dataset: Any, name: str, settings: Mapping[str, Any]) -> None:
    """Fit a model; its prediction of the test, and the ICs of its training where it has them."""
    from qlib.utils import init_instance_by_config

    kwargs = dict(settings)
    config = {"class": name.split("-")[0], "module_path": kwargs.pop("module_path", "qlib_mfgru.model")}
    with artefacts.step(f"model/{name}") as keep:
        model = init_instance_by_config({**config, "kwargs": kwargs})
        model.fit(dataset)
        keep("score", model.predict(dataset))
        if hasattr(model, "history"):
            keep("history", pd.DataFrame(model.history).drop(columns="seconds"))


def keep_records(artefacts: Artefacts, indices: list[str]) -> None:
    """Factor test and index enhancement of a score that needs no training: minus the return of 20 days."""
    from qlib.data import D

    from qlib_mfgru.factor import FactorTestRecord
    from qlib_mfgru.portfolio import IndexEnhancementRecord

    frame = D.features(D.instruments("all"), [REVERSAL], freq="day")
    scores = frame.set_axis(["score"], axis=1).dropna().swaplevel().sort_index()
    keep_record(artefacts, "factor_test", FactorTestRecord, scores)
    keep_record(artefacts, "factor_test-raw-month", FactorTestRecord, scores, neutralize=[], freq="month")
    days = scores.index.unique("datetime")[SCORED]
    for index in indices:
        recent = scores.loc[days[0] : days[-1]]
        keep_record(artefacts, f"index_enhancement-{index}", IndexEnhancementRecord, recent, index=index)


def keep_record(artefacts: Artefacts, name: str, kind: Any, scores: pd.DataFrame, **settings: Any) -> None:
    """Run a qlib record on a recorder that holds a prediction: its tables, which have all metrics, and pickles."""
    from qlib.workflow import R

    with artefacts.step(name) as keep:
        with R.start(experiment_name="bits", recorder_name="score"):
            R.save_objects(**{"pred.pkl": scores})
            recorder = R.get_recorder()
            kind(recorder, **settings).generate()
        folder = Path(recorder.artifact_uri.removeprefix("file://"), kind.artifact_path)
        for file in sorted(folder.iterdir()):
            if file.suffix == ".csv":
                keep(file.name, pd.read_csv(file, float_precision="round_trip"))
            elif file.suffix == ".pkl":
                keep(file.name, pd.read_pickle(file))


if __name__ == "__main__":
    main()
