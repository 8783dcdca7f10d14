"""Two codes with identical days; the ones that merely look alike, and more days than are remembered."""

import numpy as np
import pytest

from qlib_mfgru.provider.judge.market import twins as module
from qlib_mfgru.provider.judge.market.twins import Twins


def values(n_days: int, seed: int) -> np.ndarray:
    """Prices and volume, shape (5, n_days)."""
    return np.random.default_rng(seed).integers(500, 2000, (n_days, 5)).astype(float).T


DAYS = np.arange(20000, 20010)


@pytest.mark.parametrize(("n_same", "expected"), [(2, []), (3, ["A and B, 2024-10-04 .. 2024-10-06"])])
def test_three_identical_days_make_a_pair(n_same: int, expected: list[str]) -> None:
    assert list(alike(n_same).pairs()) == expected


def alike(n_same: int) -> Twins:
    """Three stocks, of which A and B are the same on their first days."""
    one, other = values(10, 1), values(10, 2)
    other[:, :n_same] = one[:, :n_same]
    twins = Twins()
    for code, each in (("A", one), ("B", other), ("C", values(10, 3))):
        twins.add(code, DAYS, list(each))
    return twins


@pytest.mark.parametrize(("n_known", "new", "is_told"), [(2, "-", True), (3, "-", False), (5, "B", True)])
def test_what_was_known_before_is_not_told_again(n_known: int, new: str, is_told: bool) -> None:
    assert bool(list(alike(5).pairs(20000 + n_known, {new}))) == is_told


def test_days_without_a_volume_are_none() -> None:
    twins, still = Twins(), values(10, 1)
    still[-1] = 0
    for code in "AB":
        twins.add(code, DAYS, list(still))
    assert list(twins.pairs()) == []


def test_the_same_values_on_other_days_are_no_pair_and_neither_is_nothing() -> None:
    twins = Twins()
    assert list(twins.pairs()) == []
    twins.add("A", DAYS, list(values(10, 1)))
    twins.add("B", DAYS + 20, list(values(10, 1)))
    assert list(twins.pairs()) == []


def test_memory_is_bounded_and_long_histories_are_still_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_HELD", 1000)
    twins, days = Twins(), np.arange(10000, 12000)
    for number in range(10):
        twins.add(f"S{number}", days, list(values(2000, number)))
    twins.add("TWIN", days, list(values(2000, 4)))
    assert twins._n_held <= 1000
    assert [pair.split(",")[0] for pair in twins.pairs()] == ["S4 and TWIN"]
