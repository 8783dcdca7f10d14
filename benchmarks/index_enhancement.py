"""Index enhancement of one index at three turnover limits, beside the same portfolios on qlib's own exchange.

    python benchmarks/index_enhancement.py [--stocks 5000 --days 1534 --stock-limits 0.3 0.4 0.5 --json FILE]

Targets: a rebalance's optimisation under 0.1 s; all three portfolios at least 3 times as fast as three separate runs of
the same strategy on qlib's own Exchange and NumpyQuote; the same accounts to 1e-6.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from measure import MIB, Run, market_options, memory, phase, ready, report, run, table, verdict
from record import keep
from tqdm.auto import tqdm

from qlib_mfgru.provider.manifest import MANIFEST
from qlib_mfgru.provider.writer import new_provider

INDEX, MEMBERS, LIMITS = "csi1000", 1000, (0.3, 0.4, 0.5)
SECONDS, TIMES, SAME = 0.1, 3, 1e-6
_CHILD = "--in-this-process"
_FORMAT = 1  # part of the folder's name: raise it when the numbers change


def main() -> None:
    """Make the provider, run ours and qlib's own exchange in processes of their own, print."""
    parser = market_options(__doc__, stocks=5000, days=1534)
    parser.add_argument(
        "--stock-limits", type=float, nargs="+", default=list(LIMITS), help="run on qlib's own exchange"
    )
    options = parser.parse_args()

    provider = str(make_provider(options.workdir.resolve(), options.stocks, options.days))
    ours = run(Path(__file__), [_CHILD, provider, "ours"])
    theirs = {limit: run(Path(__file__), [_CHILD, provider, str(limit)]) for limit in options.stock_limits}
    rows = []
    for name, child in {"ours": ours, **{f"qlib's own {limit}": child for limit, child in theirs.items()}}.items():
        for step, peak in child.phases.items():
            rows.append([name, step, f"{peak.seconds:.1f}", f"{peak.rss / MIB:.0f}"])
    print(f"{options.stocks} stocks x {options.days} days, {INDEX}")
    print(table(["", "phase", "seconds", "peak MiB"], rows))
    print_targets(ours, theirs)
    sizes = {"size": {"stocks": options.stocks, "days": options.days, "limits": len(LIMITS), "runs": len(theirs)}}
    runs = {str(limit): child.figures for limit, child in theirs.items()}
    keep(options.json, sizes | {"ours": ours.figures, **runs, "compared": compared(ours, theirs)})


def compared(ours: Run, theirs: dict[float, Run]) -> dict[str, float]:
    """Seconds of both, qlib's from as many runs as there are, their ratio, and how far accounts are apart."""
    total = sum(step.seconds for step in ours.phases.values())
    runs = [sum(step.seconds for step in child.phases.values()) for child in theirs.values()]
    stock = len(LIMITS) * sum(runs) / len(runs)
    apart = max(abs(ours.results[str(limit)] / child.results[str(limit)] - 1) for limit, child in theirs.items())
    return {
        "seconds": total,
        "qlib_seconds": stock,
        "times_as_fast": stock / total,
        "largest_relative_difference": apart,
    }


def print_targets(ours: Run, theirs: dict[float, Run]) -> None:
    """Say which targets were met."""
    total, stock, ratio, apart = compared(ours, theirs).values()
    note = "" if len(theirs) == len(LIMITS) else f" (from {len(theirs)} of {len(LIMITS)} runs)"
    mean, largest = ours.results["optimise_mean"], ours.results["optimise_max"]
    for text, is_met in (
        (
            f"one optimisation: {1e3 * mean:.0f} ms on average, {1e3 * largest:.0f} ms at most, target 100",
            mean < SECONDS,
        ),
        (
            f"in total {total:.0f} s, on qlib's own exchange {stock:.0f} s{note}: {ratio:.1f}x, target {TIMES}",
            ratio > TIMES,
        ),
        (f"largest relative difference of the last account: {apart:.1e}, target {SAME}", apart < SAME),
    ):
        print(f"{text}: {verdict(is_met)}")


def make_provider(workdir: Path, stocks: int, days: int) -> Path:
    """A provider of random walks, one index of which is made of its first stocks; made if there is none yet."""
    target = workdir / f"enhancement-{_FORMAT}-{stocks}x{days}"
    if target.exists():
        return target
    random = np.random.default_rng(0)
    calendar = pd.bdate_range("2017-01-04", periods=days + 2)
    codes = [f"SH{600000 + i}" for i in range(stocks)]
    caps = np.exp(random.standard_normal(stocks))
    members = min(MEMBERS, stocks // 2)
    with new_provider(target, calendar, {}) as writer:
        level = np.zeros(len(calendar))
        for column, code in enumerate(tqdm(codes, desc="writing the provider", unit="stock")):
            fields = _fields(random, len(calendar), caps[column])
            if column < members:
                fields[f"{INDEX}_weight"] = np.full(len(calendar), caps[column] / caps[:members].sum())
                level += fields["market_cap"] / members
            writer.write_features(code, "day", 0, fields)
        writer.write_features("SH000852", "day", 0, {"close": level})
        writer.write_instruments("all", [(code, calendar[0], calendar[-1]) for code in codes])
        writer.write_instruments(INDEX, [(code, calendar[0], calendar[-1]) for code in codes[:members]])
        writer.write_text(MANIFEST, "{}")
    return target


def _fields(random: np.random.Generator, days: int, cap: float) -> dict[str, np.ndarray]:
    close = 10 * np.exp(np.cumsum(0.02 * random.standard_normal(days)))
    dead = random.random(days) < 0.01
    before = np.append(close[0], close[:-1])
    prices = {
        "close": close,
        "open": before * (1 + 0.01 * random.standard_normal(days)),
        "vwap": (before + close) / 2,
        "factor": np.ones(days),
        "limit_up": 1.04 * before,
        "limit_down": 0.96 * before,
    }
    return {name: np.where(dead, np.nan, values) for name, values in prices.items()} | {
        "volume": np.where(dead, 0.0, 1e6),
        "is_st": np.full(days, float(random.random() < 0.02)),
        "industry": np.full(days, float(random.integers(1, 32))),
        "market_cap": 1e9 * cap * close,
    }


def measure(provider: str, contender: str) -> None:
    """Run one contender: ``ours``, or qlib's own exchange with a turnover limit; in a process of its own."""
    import qlib

    from qlib_mfgru.provider import reader

    qlib.init(provider_uri=provider, region="cn", kernels=1, logging_level=40)
    days, codes = reader.calendar("day"), list(reader.member_spans("all", "day"))
    random = np.random.default_rng(1)
    index = pd.MultiIndex.from_product([days[:-2], codes], names=["datetime", "instrument"])
    scores = pd.Series(random.standard_normal(len(index)), index, name="score")
    ready()
    report(imports=memory("self")["VmRSS"])
    if contender == "ours":
        measure_ours(scores)
    else:
        measure_stock(scores, float(contender), days)


def measure_ours(scores: pd.Series) -> None:
    """The record's own way: one snapshot and one exchange for all limits."""
    from qlib_mfgru.portfolio import IndexEnhancementOptimizer, IndexEnhancementSettings, run_index_enhancement

    spent: list[float] = []
    solve = IndexEnhancementOptimizer.solve

    def timed(self: IndexEnhancementOptimizer, decision: Any) -> Any:
        start = time.perf_counter()
        solution = solve(self, decision)
        spent.append(time.perf_counter() - start)
        return solution

    IndexEnhancementOptimizer.solve = timed  # type: ignore[method-assign]
    with phase("three portfolios"):
        result = run_index_enhancement(scores, IndexEnhancementSettings(INDEX, turnover_limits=LIMITS))
    report(
        optimise_mean=float(np.mean(spent)),
        optimise_max=max(spent),
        **{str(run.limit): float(run.report["account"].iloc[-1]) for run in result.runs},
    )


def measure_stock(scores: pd.Series, limit: float, days: pd.DatetimeIndex) -> None:
    """The same strategy on qlib's Exchange, with the same rules for limits written as its expressions."""
    from qlib.backtest import backtest

    from qlib_mfgru.portfolio import IndexEnhancementStrategy
    from qlib_mfgru.portfolio.trade.backtest import DAILY_EXECUTOR
    from qlib_mfgru.provider.daily import AT_LIMIT

    with phase("snapshot"):
        strategy = IndexEnhancementStrategy(signal=scores, turnover_limit=limit, index=INDEX)
    with phase("exchange and loop"):
        portfolios, _ = backtest(
            start_time=days[1],
            end_time=days[-2],
            strategy=strategy,
            executor=DAILY_EXECUTOR,
            benchmark="SH000852",
            account=1e8,
            exchange_kwargs={
                "limit_threshold": (f"$open >= {AT_LIMIT} * $limit_up", f"$open * {AT_LIMIT} <= $limit_down"),
                "deal_price": "vwap",
                "open_cost": 0.002,
                "close_cost": 0.002,
                "min_cost": 0,
            },
        )
    report(**{str(limit): float(portfolios["1day"][0]["account"].iloc[-1])})


if __name__ == "__main__":
    if sys.argv[1:2] == [_CHILD]:
        measure(*sys.argv[2:4])
    else:
        main()
