"""The stocks that are not complete, in passes over those that are left, on fewer connections from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tqdm.auto import tqdm

from qlib_mfgru.live.collecting.account import Collected
from qlib_mfgru.live.collecting.source import Stock, Unreachable
from qlib_mfgru.live.collecting.stock import Outcome, StockCollector
from qlib_mfgru.processes import Processes

_GONE = 3
"""Stocks without an answer, one after the other on a single connection, after which the server is taken to be gone."""


def collect_stocks(
    collector: StockCollector, stocks: Sequence[Stock], jobs: int, collected: Collected, quiet: bool
) -> None:
    """Collect the stocks that are not complete, on fewer connections where the server does not bear so many.

    A stock that has no answer waits until the others are done. Where it has none on a single connection either, it is
    noted as refused, and asked for again by the next run.

    Raises
    ------
    Unreachable
        No stock has an answer, or none any more.
    """
    pieces = {stock: collector.pieces(stock) for stock in stocks}
    tasks = [stock for stock, number in pieces.items() if number]
    collected.finished = len(stocks) - len(tasks)
    answered, waiting = False, dict[Stock, str]()
    with tqdm(total=sum(pieces.values()), desc="stocks", unit="file", disable=quiet or None, smoothing=0.02) as bar:
        while tasks:
            done, failed = _one_pass(collector, tasks, jobs, collected, pieces, bar)
            answered |= bool(done)
            if not answered:
                raise Unreachable(next(iter(failed.values())))
            if done.intersection(waiting):
                collected.connections = jobs
            waiting = {stock: words for stock, words in (waiting | failed).items() if stock not in done}
            if jobs == 1:
                break
            tasks = [*(stock for stock in tasks if stock not in done and stock not in waiting), *waiting]
            jobs //= 2
    collected.refused |= {stock.code: words for stock, words in waiting.items()}


def _one_pass(
    collector: StockCollector,
    tasks: Sequence[Stock],
    jobs: int,
    collected: Collected,
    pieces: dict[Stock, int],
    bar: Any,
) -> tuple[set[Stock], dict[Stock, str]]:
    """Collect, of several connections until one gets no answer while others do: what is done, and why others are not.

    Raises
    ------
    Unreachable
        No connection gets an answer.
    """
    done, failed, in_a_row = set[Stock](), dict[Stock, str](), 0
    with Processes(jobs) as processes:
        for stock, outcome in zip(tasks, processes.map(collector, tasks), strict=False):
            _count(outcome, collected, bar)
            if outcome.unreachable:
                failed[stock] = outcome.unreachable
                in_a_row += 1
                if in_a_row >= max(jobs, _GONE):
                    raise Unreachable(outcome.unreachable)
            else:
                done.add(stock)
                in_a_row = 0
                bar.update(pieces[stock])
            if jobs > 1 and failed and done:
                break
    return done, failed


def _count(outcome: Outcome, collected: Collected, bar: Any) -> None:
    collected.note(outcome.asked, outcome.retried)
    collected.damaged |= outcome.damaged
    if outcome.retried:
        bar.set_postfix_str(f"asked again {collected.retried.total()}", refresh=False)
