"""Two codes with identical days; the ones that merely look alike, and more days than are remembered."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from qlib_mfgru.ingest.assemble.codes import Twins
from qlib_mfgru.ingest.assemble.codes import twins as module
from qlib_mfgru.ingest.read.spool import PRICES


def stock(code: str, days: np.ndarray, seed: int) -> Any:
    values = np.random.default_rng(seed).integers(500, 2000, (len(days), 5)).astype(float)
    daily = dict(zip((*PRICES, "volume"), values.T, strict=True))
    return SimpleNamespace(code=code, daily=daily, live=np.ones(len(days), bool), calendars=SimpleNamespace(days=days))


DAYS = np.arange(20000, 20010)


@pytest.mark.parametrize(("n_same", "expected"), [(2, []), (3, ["A and B, 2024-10-04 .. 2024-10-06"])])
def test_three_identical_days_make_a_pair(n_same: int, expected: list[str]) -> None:
    one, other = stock("A", DAYS, 1), stock("B", DAYS, 2)
    for name, values in other.daily.items():
        values[:n_same] = one.daily[name][:n_same]
    twins = Twins()
    for each in (one, other, stock("C", DAYS, 3)):
        twins.add(each)
    assert list(twins.pairs()) == expected


def test_the_same_values_on_other_days_are_no_pair_and_neither_is_nothing() -> None:
    twins = Twins()
    assert list(twins.pairs()) == []
    twins.add(stock("A", DAYS, 1))
    twins.add(stock("B", DAYS + 20, 1))
    assert list(twins.pairs()) == []


def test_memory_is_bounded_and_long_histories_are_still_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_HELD", 1000)
    twins, days = Twins(), np.arange(10000, 12000)
    for number in range(10):
        twins.add(stock(f"S{number}", days, number))
    twins.add(stock("TWIN", days, 4))
    assert twins._n_held <= 1000
    assert [pair.split(",")[0] for pair in twins.pairs()] == ["S4 and TWIN"]
