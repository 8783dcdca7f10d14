"""Stocks without an answer: they wait until the others are done, and a server that is gone ends the run."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from pathlib import Path

import pytest

from qlib_mfgru.live.collecting import passes
from qlib_mfgru.live.collecting.account import Collected
from qlib_mfgru.live.collecting.source import Stock, Unreachable
from qlib_mfgru.live.collecting.stock import Outcome

CODES = [f"SH60000{number}" for number in range(9)]
ALL = range(99)


class InThisProcess:
    """Stands for `Processes`."""

    def __init__(self, jobs: int) -> None: ...

    def __enter__(self) -> InThisProcess:
        return self

    def __exit__(self, *_: object) -> None: ...

    def map(self, function: Callable[[Stock], Outcome], tasks: Sequence[Stock]) -> Iterator[Outcome]:
        return map(function, tasks)


class Collector:
    """Notes who is asked for; `silent` stocks have no answer, nor has anybody outside of the `answered` questions."""

    def __init__(self, *silent: str, answered: Container[int] = ALL) -> None:
        self.asked: list[str] = []
        self._silent, self._answered = silent, answered

    def pieces(self, stock: Stock) -> int:
        return 1

    def __call__(self, stock: Stock) -> Outcome:
        self.asked.append(stock.code)
        silent = stock.code in self._silent or len(self.asked) - 1 not in self._answered
        return Outcome(0, unreachable="no answer within 60 s") if silent else Outcome(1)


@pytest.fixture(autouse=True)
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "Processes", InThisProcess)


def collected(collector: Collector, jobs: int, codes: Sequence[str] = CODES) -> Collected:
    account = Collected("baostock", Path("out"), "15min", "2020-01-02", "2020-01-03", 2, len(codes))
    stocks = [Stock(code, "", "2010-01-04", "") for code in codes]
    passes.collect_stocks(collector, stocks, jobs, account, quiet=True)  # type: ignore[arg-type]
    return account


@pytest.mark.parametrize("jobs", [1, 2, 4])
@pytest.mark.parametrize("silent", [CODES[:1], CODES[3:4], CODES[-1:], CODES[2:4]])
def test_stocks_that_have_no_answer_are_noted_when_the_others_are_done(silent: list[str], jobs: int) -> None:
    collector = Collector(*silent)
    account = collected(collector, jobs)
    assert account.refused == dict.fromkeys(silent, "no answer within 60 s")
    assert account.connections == 0, "fewer of them helped nobody"
    assert set(collector.asked) == set(CODES)
    if jobs > 1:
        assert collector.asked[-1] in silent


def test_a_stock_that_fewer_connections_help_was_not_silent() -> None:
    account = collected(Collector(answered=[0, *range(2, 99)]), 4)
    assert (account.refused, account.connections) == ({}, 2)


@pytest.mark.parametrize(("jobs", "asked"), [(1, 5 + 3), (4, 6 + 3)])
def test_a_server_that_is_gone_ends_the_run(jobs: int, asked: int) -> None:
    """With a single connection after three stocks; with more, which are halved first, as well."""
    collector = Collector(answered=range(5))
    with pytest.raises(Unreachable, match="no answer within 60 s"):
        collected(collector, jobs)
    assert len(collector.asked) == asked


@pytest.mark.parametrize("jobs", [1, 4])
@pytest.mark.parametrize("n_stocks", [1, 2, 9])
def test_no_answer_at_all_ends_the_run(n_stocks: int, jobs: int) -> None:
    with pytest.raises(Unreachable, match="no answer within 60 s"):
        collected(Collector(answered=()), jobs, CODES[:n_stocks])
