"""Peak memory of one training epoch at a whole market's size, against the target of 4 GiB.

    python benchmarks/epoch_memory.py [--stocks 5000 --days 500 --batches 20 --json FILE]

Each model is fitted for one epoch a stage, with validation, in a fresh process on a synthetic provider: first a
15-minute GRU, then the incremental model's stages. Statistics of all dates, and all of the validation part, are
always computed; of the training batches the first --batches are (0: all). A batch holds the same number of samples
as any other and nothing is kept between them, so the peak is that of the full epoch.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measure import MIB, Run, market_options, phase, ready, report, run, table, verdict
from record import keep
from synthetic import SyntheticMarket

if TYPE_CHECKING:
    from qlib_mfgru.data import MultiFreqDataset, MultiFreqHandler

MODELS = ("GRUModel", "IncrementalGRUModel")
TARGET = 4 * 2**30
_CHILD = "--in-this-process"


def main() -> None:
    """Make the provider and the panels, fit the models, print."""
    parser = market_options(__doc__, stocks=5000, days=500)
    parser.add_argument("--batches", type=int, default=20, help="training batches an epoch and stage, 0 for all")
    parser.add_argument("--sample-step", type=int, default=5)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    options = parser.parse_args()

    market = SyntheticMarket(options.stocks, options.days)
    options.workdir.mkdir(parents=True, exist_ok=True)
    workdir = options.workdir.resolve()
    provider = market.make(workdir)
    print(f"one epoch at {market.stocks} stocks x {market.days} days, a sample date every {options.sample_step} days")
    rows, figures = [], {}
    for name in options.models:
        done = epoch(name, provider, workdir / "cache-epoch", options.batches, options.sample_step)
        rows += _rows(name, done)
        figures[name] = done.figures
    header = ["", "seconds", "batches", "of", "resident MiB", "anonymous MiB", "< 4 GiB"]
    print("peak memory on top of the imports; resident counts the mapped pages of the panel, anonymous does not")
    print(table(header, rows))
    keep(options.json, {"size": {"stocks": market.stocks, "days": market.days}, **figures})


def epoch(model: str, provider: Path, cache: Path, batches: int, sample_step: int) -> Run:
    """A phase each for the panels and labels, for an epoch of every stage, and for a prediction; in its own process."""
    return run(Path(__file__), [_CHILD, model, str(provider), str(cache), str(batches), str(sample_step)])


def _rows(model: str, done: Run) -> list[list[str]]:
    rows = []
    for name, peak in done.phases.items():
        batches = [f"{done.results.get(f'{name}, {what}', '')}" for what in ("batches", "of")]
        # the target is for the process: what the imports hold counts as well
        met = verdict(max(peak.rss, peak.anonymous) + done.results["imports"] < TARGET)
        memory = [f"{peak.rss / MIB:.0f}", f"{peak.anonymous / MIB:.0f}"]
        rows.append([f"{model}: {name}", f"{peak.seconds:.1f}", *batches, *memory, met])
    return rows


def fit(name: str, provider: str, cache: str, batches: int, sample_step: int) -> None:
    """Fit one model for one epoch a stage; runs in a process of its own."""
    import qlib
    from measure import memory

    from qlib_mfgru import model as models
    from qlib_mfgru.data import MultiFreqHandler

    qlib.init(provider_uri=provider, region="cn", kernels=1, logging_level=30)
    model = getattr(models, name)(max_epochs=1, device="cpu")
    ready()
    report(imports=memory("self")["VmRSS"])
    with phase("panels, labels"):
        handler = MultiFreqHandler(cache_dir=cache)
        days = handler.panels.days
    dataset = last_fold(handler, sample_step)
    _limit_batches(batches)
    _meter_stages(model)
    model.fit(dataset)
    with phase("predict"):
        model.predict(dataset, (days[-10], days[-1]))


def last_fold(handler: MultiFreqHandler, sample_step: int) -> MultiFreqDataset:
    """Trained on the first nine tenths of the days, tested on the others."""
    from qlib_mfgru.data import MultiFreqDataset

    days = handler.panels.days
    end = int(len(days) * 0.9)
    return MultiFreqDataset(
        handler, {"train": (days[0], days[end]), "test": (days[end + 1], days[-1])}, sample_step=sample_step
    )


def _limit_batches(count: int) -> None:
    """Let an epoch end after `count` batches."""
    from qlib_mfgru.data import Batch, SampleTable

    whole: Callable[..., Iterator[Batch]] = SampleTable.shuffled

    def first(self: SampleTable, *args: Any, **kwargs: Any) -> Iterator[Batch]:
        return islice(whole(self, *args, **kwargs), count or None)

    SampleTable.shuffled = first  # type: ignore[method-assign]


def _meter_stages(model: Any) -> None:
    """Make each stage of a model a phase of its own."""
    inner = model.run_stage

    def metered(net: Any, data: Any, stage: int, title: str) -> Any:
        size = model.settings.batch_size
        label = f"stage {stage}, {title.split()[-1]}"
        with phase(label):
            result = inner(net, data, stage, title)
        total = -(-len(data.train) // size)
        limit = int(sys.argv[5]) or total
        report(**{f"{label}, batches": min(limit, total), f"{label}, of": total})
        return result

    model.run_stage = metered


if __name__ == "__main__":
    if sys.argv[1:2] == [_CHILD]:
        fit(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]), int(sys.argv[6]))
    else:
        main()
