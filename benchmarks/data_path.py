"""The data path against qlib's own, side by side in one run: time, samples per second, peak memory.

    python benchmarks/data_path.py [--stocks 300 --days 500 --repeat 3 --json FILE]

Every contender runs in a fresh process, all once per round, and the medians over the rounds count. Before that
`agreement.py` asserts that they serve the same numbers. The provider is synthetic and kept in --workdir; all read
it from a warm page cache.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import sys
from pathlib import Path

from contenders import CONTENDERS
from measure import MIB, Run, market_options, median_run, run, table, verdict
from record import keep
from synthetic import SyntheticMarket
from tqdm.auto import tqdm

HERE = Path(__file__).parent
REPORT_STOCKS, REPORT_DAYS = 5000, 2430
LOADERS = ("panel", "features", "features, parallel", "handler, 15:00 row", "handler, resampled", "TSDatasetH")
GATHERERS = ("samples, shuffled", "samples, by date", "TSDatasetH")


def main() -> None:
    """Make the provider, check, measure, print."""
    parser = market_options(__doc__, stocks=300, days=500)
    parser.add_argument("--repeat", type=int, default=3, help="rounds over all contenders")
    parser.add_argument("--batches", type=int, default=12, help="batches of 5000 samples that each gatherer makes")
    parser.add_argument("--kernels", type=int, default=1, help="qlib's worker processes, but for 'features, parallel'")
    parser.add_argument("--only", nargs="+", choices=list(CONTENDERS), help="contenders to run; targets need all")
    options = parser.parse_args()

    market = SyntheticMarket(options.stocks, options.days)
    options.workdir.mkdir(parents=True, exist_ok=True)
    provider = market.make(options.workdir.resolve())
    print(f"{market.stocks} stocks x {market.days} days x 16 bars x 6 fields; {os.cpu_count()} cores, ", end="")
    print(f"load {os.getloadavg()[0]:.1f} at the start; medians of {options.repeat} fresh processes each\n", flush=True)
    checked = run(HERE / "agreement.py", [str(provider), str(_emptied(options.workdir, "agreement"))]).results
    for name, worst in checked.items():
        print(f"agreement: {name}: {worst}")

    runs = measure(options, provider)
    medians = {name: median_run(each) for name, each in runs.items()}
    print("\n" + loading_table(medians) + "\n\n" + gathering_table(medians) + "\n\n" + projection(medians, market))
    if not options.only:
        print("\n" + targets(medians))
    size = {"stocks": market.stocks, "days": market.days, "rounds": options.repeat}
    figures = {name: median.figures for name, median in medians.items()}
    tables = {"loading": loading(medians), "gathering": gathering(medians)}
    keep(options.json, {"size": size, "agreement": checked, "medians": figures, **tables})


def measure(options: argparse.Namespace, provider: Path) -> dict[str, list[Run]]:
    """All rounds over all contenders; what a panel is read from, only `panel` itself has to make."""
    names = options.only or list(CONTENDERS)
    made = _emptied(options.workdir, "made")
    run(HERE / "contenders.py", ["panel", str(provider), str(made), "1", "0"])
    runs: dict[str, list[Run]] = {name: [] for name in names}
    with tqdm(total=len(names) * options.repeat, unit="run", file=sys.stderr) as progress:
        for _ in range(options.repeat):
            for name in names:
                progress.set_postfix_str(name)
                cache = _emptied(options.workdir, "empty") if name == "panel" else made
                arguments = [name, str(provider), str(cache), str(options.kernels), str(options.batches)]
                runs[name].append(run(HERE / "contenders.py", arguments))
                progress.update()
    return runs


def _emptied(workdir: Path, name: str) -> Path:
    folder = workdir.resolve() / f"cache-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def total_seconds(median: Run) -> float:
    """Seconds until the bars can be used: loading, and for TSDatasetH preparing as well."""
    return sum(phase.seconds for name, phase in median.phases.items() if name in ("load", "prepare"))


def peaks(median: Run, phases: tuple[str, ...]) -> tuple[int, int]:
    """Largest resident and anonymous bytes, on top of the imports, over some phases."""
    chosen = [phase for name, phase in median.phases.items() if name in phases]
    return max(phase.rss for phase in chosen), max(phase.anonymous for phase in chosen)


def loading(medians: dict[str, Run]) -> dict[str, dict[str, float]]:
    """From the provider to bars in memory: seconds, against the panel's where it was run, and peak memory."""
    found = {}
    for name in (name for name in LOADERS if name in medians):
        rss, anonymous = peaks(medians[name], ("load", "prepare"))
        seconds = total_seconds(medians[name])
        ratio = seconds / total_seconds(medians["panel"]) if "panel" in medians else math.nan
        found[name] = {
            "seconds": seconds,
            "times_panel": ratio,
            "resident_mib": rss / MIB,
            "anonymous_mib": anonymous / MIB,
        }
    return found


def loading_table(medians: dict[str, Run]) -> str:
    """The same in print."""
    rows = [
        [name, f"{seconds:.3f}", f"{ratio:.1f}x", f"{rss:.0f}", f"{anonymous:.0f}"]
        for name, (seconds, ratio, rss, anonymous) in ((name, each.values()) for name, each in loading(medians).items())
    ]
    if "reopen" in medians:
        again = medians["reopen"].results
        rows.append(["panel, reopened", f"{again['reopen']:.5f}", "", "", ""])
        rows.append(["  of it mapping the files", f"{again['mapping']:.5f}", "", "", ""])
    head = "Loading: seconds, against the panel's, and peak memory on top of the imports (MiB)\n"
    notes = (
        "\nresident counts the pages of the panel's file that are mapped, anonymous does not (they are page cache)."
        "\nthe workers of 'features, parallel' are counted, pages that they share once for each"
    )
    return head + table(["", "seconds", "ratio", "resident", "anonymous"], rows) + notes


def gathering(medians: dict[str, Run]) -> dict[str, dict[str, float]]:
    """Windows of 320 steps a second, in batches of what size, seconds before the first, peak memory of it all."""
    found = {}
    for name in (name for name in GATHERERS if name in medians):
        rss, anonymous = peaks(medians[name], ("load", "prepare", "gather"))
        found[name] = {
            "batch": medians[name].results["batch"],
            "samples_per_second": medians[name].results["rate"],
            "set_up_seconds": total_seconds(medians[name]),
            "resident_mib": rss / MIB,
            "anonymous_mib": anonymous / MIB,
        }
    return found


def gathering_table(medians: dict[str, Run]) -> str:
    """The same in print."""
    rows = []
    for name, each in gathering(medians).items():
        batch, rate, seconds, rss, anonymous = each.values()
        normalised = "no" if name == "TSDatasetH" else "yes"
        rows.append(
            [name, normalised, f"{batch:.0f}", f"{rate:,.0f}", f"{seconds:.2f}", f"{rss:.0f}", f"{anonymous:.0f}"]
        )
    head = "Windows of 320 steps x 6 fields: samples a second, seconds before the first, peak memory of it all (MiB)\n"
    return head + table(["", "normalised", "batch", "samples/s", "set-up", "resident", "anonymous"], rows)


def projection(medians: dict[str, Run], market: SyntheticMarket) -> str:
    """The loading table at the report's scale; nothing of it is measured."""
    days = REPORT_DAYS / market.days
    factor = days * REPORT_STOCKS / market.stocks
    rows = []
    for name in (name for name in LOADERS if name in medians):
        rss, anonymous = peaks(medians[name], ("load", "prepare"))
        # the panel is made a block of stocks at a time: what it holds beside the file grows with the days alone
        held = anonymous * (days if name == "panel" else factor)
        total = held + (rss - anonymous) * factor
        minutes = total_seconds(medians[name]) * factor / 60
        rows.append([name, f"{minutes:.1f}", f"{total / 2**30:.1f}", f"{held / 2**30:.1f}"])
    head = (
        f"PROJECTION to {REPORT_STOCKS} stocks x {REPORT_DAYS} days by linear scaling (x {factor:.0f}), not measured\n"
    )
    return head + table(["", "minutes", "resident GiB", "anonymous GiB"], rows)


def targets(medians: dict[str, Run]) -> str:
    """Each target, its figure, and whether it is met; of two forms of a rival the faster or leaner counts."""
    seconds = {name: total_seconds(medians[name]) for name in LOADERS}
    gathered = min(medians[name].results["rate"] for name in ("samples, shuffled", "samples, by date"))
    rss, anonymous = peaks(medians["panel"], ("load",))
    rivals = {name: peaks(medians[name], ("load", "prepare")) for name in LOADERS if name != "panel"}
    path = max(peaks(medians[name], ("load", "prepare", "gather"))[1] for name in GATHERERS[:2])
    rival_path = peaks(medians["TSDatasetH"], ("load", "prepare", "gather"))[1]
    rate = medians["TSDatasetH"].results["rate"]
    figures = [
        ("panel vs D.features", min(seconds["features"], seconds["features, parallel"]) / seconds["panel"], 3, "x"),
        ("panel vs the handler, 15:00 row", seconds["handler, 15:00 row"] / seconds["panel"], 6, "x"),
        ("panel vs the handler, resampled", seconds["handler, resampled"] / seconds["panel"], 6, "x"),
        ("shuffled samples vs TSDatasetH's gather", medians["samples, shuffled"].results["rate"] / rate, 1, "x"),
        ("slower of shuffled and by date vs the same", gathered / rate, 1, "x"),
        ("anonymous memory, D.features vs panel", rivals["features"][1] / max(anonymous, 1), 10, "x"),
        ("anonymous memory, handler vs panel", rivals["handler, 15:00 row"][1] / max(anonymous, 1), 10, "x"),
        ("anonymous memory, TSDatasetH vs panel", rivals["TSDatasetH"][1] / max(anonymous, 1), 10, "x"),
        ("resident memory, TSDatasetH vs panel", rivals["TSDatasetH"][0] / max(rss, 1), 10, "x"),
        ("anonymous memory, TSDatasetH vs ours, with the gather", rival_path / max(path, 1), 10, "x"),
    ]
    rows = [[what, f"{value:.2f}{unit}", f">= {goal}", verdict(value >= goal)] for what, value, goal, unit in figures]
    again = medians["reopen"].results
    mapping = again["mapping"] * 1e3
    rows.append(["panel mapped again", f"{mapping:.2f} ms", "<= 2 ms", verdict(mapping <= 2)])
    rows.append(["  after looking at every file of the provider", f"{again['reopen'] * 1e3:.2f} ms", "", ""])
    return "Targets\n" + table(["", "measured", "target", ""], rows)


if __name__ == "__main__":
    main()
