"""The factor test at a whole market's size, and RankIC beside qlib's.

    python benchmarks/factor_test.py [--stocks 5000 --days 1534 --json FILE]

Targets: four pools, weekly, all tables and plots, in under 60 s and 4 GiB; IC and RankIC at least 5 times as fast as
`qlib.contrib.eva.alpha.calc_ic` on the same two series; ours is shown from dense arrays, as the test has them, and with
the conversion of both series. Threads are as many as OMP_NUM_THREADS or the processor says.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from measure import MIB, Phase, market_options, memory, phase, ready, report, run, table, verdict
from record import keep
from tqdm.auto import tqdm

from qlib_mfgru.provider.manifest import MANIFEST
from qlib_mfgru.provider.writer import new_provider

SECONDS, GIB, TIMES = 60, 4, 5
POOLS = {"csi300": slice(0, 300), "csi500": slice(300, 800), "csi1000": slice(800, 1800)}
_CHILD = "--in-this-process"
_FORMAT = 1  # part of the folder's name: raise it when the numbers change


def main() -> None:
    """Make the provider, measure in a fresh process, print."""
    options = market_options(__doc__, stocks=5000, days=1534).parse_args()

    options.workdir.mkdir(parents=True, exist_ok=True)
    provider = make_provider(options.workdir.resolve(), options.stocks, options.days)
    done = run(Path(__file__), [_CHILD, str(provider)])
    rows = []
    for name, peak in done.phases.items():
        rows.append([name, f"{peak.seconds:.1f}", f"{peak.rss / MIB:.0f}", f"{peak.anonymous / MIB:.0f}"])
    print(f"{options.stocks} stocks x {options.days} days")
    print(table(["", "seconds", "resident MiB", "anonymous MiB"], rows))
    print_targets(done.results["imports"], done.phases)
    print(f"largest difference of a RankIC to qlib's: {done.results['difference']:.1e}")
    size = {"stocks": options.stocks, "days": options.days}
    keep(options.json, {"size": size, **done.figures, **compared(done.results["imports"], done.phases)})


def compared(imports: int, phases: dict[str, Phase]) -> dict[str, float]:
    """What the targets are about; the memory target is for the process, so what the imports hold counts as well."""
    weekly = [phases["weekly test"], phases["tables and plots"]]
    theirs, ours, series = (
        phases[name].seconds for name in ("qlib's calc_ic", "our IC and RankIC", "series to arrays")
    )
    return {
        "weekly_seconds": sum(work.seconds for work in weekly),
        "weekly_gib": (max(work.rss for work in weekly) + imports) / 2**30,
        "times_as_fast_from_arrays": theirs / ours,
        "times_as_fast_from_series": theirs / (ours + series),
    }


def print_targets(imports: int, phases: dict[str, Phase]) -> None:
    """Say which targets were met."""
    seconds, gib, arrays, series = compared(imports, phases).values()
    for text, is_met in (
        (f"weekly test with tables and plots: {seconds:.1f} s, target {SECONDS}", seconds < SECONDS),
        (f"its peak memory with imports: {gib:.2f} GiB, target {GIB}", gib < GIB),
        (f"IC and RankIC of arrays: {arrays:.1f} times as fast as qlib, target {TIMES}", arrays >= TIMES),
        (f"the same from series: {series:.1f} times as fast, target {TIMES}", series >= TIMES),
    ):
        print(f"{text}: {verdict(is_met)}")


def make_provider(workdir: Path, stocks: int, days: int) -> Path:
    """A provider of random walks with the fields of a factor test, below `workdir`; made if there is none yet."""
    target = workdir / f"factor-{_FORMAT}-{stocks}x{days}"
    if target.exists():
        return target
    random = np.random.default_rng(0)
    calendar = pd.bdate_range("2017-01-04", periods=days)
    codes = [f"SH{600000 + i}" for i in range(stocks)]
    with new_provider(target, calendar, {}) as writer:
        for code in tqdm(codes, desc="writing the provider", unit="stock"):
            writer.write_features(code, "day", 0, _fields(random, days))
        writer.write_instruments("all", [(code, calendar[0], calendar[-1]) for code in codes])
        for pool, members in POOLS.items():
            writer.write_instruments(pool, [(code, calendar[0], calendar[-1]) for code in codes[members]])
        writer.write_text(MANIFEST, "{}")
    return target


def _fields(random: np.random.Generator, days: int) -> dict[str, np.ndarray]:
    vwap = 10 * np.exp(np.cumsum(0.025 * random.standard_normal(days)))
    dead = random.random(days) < 0.02
    fields = {"vwap": vwap, "open": vwap * (1 + 0.01 * random.standard_normal(days))}
    fields = {name: np.where(dead, np.nan, values) for name, values in fields.items()}
    return fields | {
        "volume": np.where(dead, 0.0, 1e6),
        "limit_up": 1.03 * vwap,
        "is_st": np.full(days, float(random.random() < 0.03)),
        "industry": np.full(days, float(random.integers(1, 32))),
        "market_cap": 1e9 * vwap * np.exp(random.standard_normal()),
    }


def measure(provider: str) -> None:
    """Time the test and both ICs; runs in a process of its own."""
    import qlib
    from qlib.contrib.eva.alpha import calc_ic

    from qlib_mfgru.factor import FactorTestRecord, FactorTestSettings, run_factor_test
    from qlib_mfgru.factor.ic import pearson_ic, rank_ic
    from qlib_mfgru.provider import reader
    from qlib_mfgru.report.scores import as_series, on_axes

    qlib.init(provider_uri=provider, region="cn", kernels=1, logging_level=30)
    days, codes = reader.calendar("day"), list(reader.member_spans("all", "day"))
    random = np.random.default_rng(1)
    index = pd.MultiIndex.from_product([days, codes], names=["datetime", "instrument"])
    scores, label = (pd.Series(random.standard_normal(len(index)), index, name=name) for name in ("score", "label"))
    label += 0.05 * scores
    ready()
    report(imports=memory("self")["VmRSS"])
    with phase("weekly test"):
        test = run_factor_test(scores, FactorTestSettings())
    with phase("tables and plots"), tempfile.TemporaryDirectory() as folder:
        FactorTestRecord(recorder=None).write(test, Path(folder))
    with phase("daily test"):
        run_factor_test(scores, FactorTestSettings(freq="day"))
    with phase("series to arrays"):
        ours = [on_axes(as_series(series), days, codes) for series in (scores, label)]
    with phase("our IC and RankIC"):
        pearson_ic(*ours)
        ranked = rank_ic(*ours)
    with phase("qlib's calc_ic"):
        _, theirs = calc_ic(scores, label)
    report(difference=float(np.abs(ranked - theirs.to_numpy()).max()))


if __name__ == "__main__":
    if sys.argv[1:2] == [_CHILD]:
        measure(sys.argv[2])
    else:
        main()
