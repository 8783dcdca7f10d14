"""Digests of days: of everything that is known on a day, and of nothing else."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from field_market import store
from small_market import BARS, CODES, DAYS, DELISTED, FIRST_BAR_DAY, LISTED_LATE, use

from qlib_mfgru.data import BarPanel
from qlib_mfgru.data.panel import day_digests

N_DAYS, N_STOCKS = 6, 5
RANDOM = np.random.default_rng(0)
DATES = pd.bdate_range("2024-01-02", periods=N_DAYS)
NAMES = ["A", "B", "C", "D", "E"]
VALUES = RANDOM.standard_normal((N_DAYS, 3, 2, N_STOCKS)).astype(np.float32)
FLAGS = RANDOM.random((N_DAYS, N_STOCKS)) < 0.5
KNOWN = np.arange(N_DAYS)[:, None] >= np.array([0, 0, 2, 4, 9])
"""C is known from the third day on, D from the fifth, E never."""


def days_that_differ(one: np.ndarray, other: np.ndarray) -> list[int]:
    return [int(day) for day in np.flatnonzero((one != other).any(axis=1))]


def test_against_a_slow_reference() -> None:
    digests = day_digests(DATES, NAMES, KNOWN, FLAGS, VALUES)
    assert (digests.shape, digests.dtype) == ((N_DAYS, 32), np.uint8)
    for day in range(N_DAYS):
        stocks = [stock for stock in range(N_STOCKS) if KNOWN[day, stock]]
        text = "\n".join([f"{DATES[day]:%Y-%m-%d}", *(NAMES[stock] for stock in stocks)]).encode()
        flags = b"".join(FLAGS[day, stock].tobytes() for stock in stocks)
        values = b"".join(
            VALUES[day, bar, field, stock].tobytes() for bar in range(3) for field in range(2) for stock in stocks
        )
        assert bytes(digests[day]) == hashlib.sha256(text + flags + values).digest()


def test_a_stock_counts_from_the_day_on_which_it_is_known() -> None:
    whole = day_digests(DATES, NAMES, KNOWN, FLAGS, VALUES)
    for left_out, first in ((4, N_DAYS), (3, 4), (2, 2)):
        rest = [stock for stock in range(N_STOCKS) if stock != left_out]
        names = [NAMES[stock] for stock in rest]
        without = day_digests(DATES, names, KNOWN[:, rest], FLAGS[:, rest], VALUES[..., rest])
        assert days_that_differ(whole, without) == list(range(first, N_DAYS))


def test_every_known_value_counts_on_its_day_alone() -> None:
    whole = day_digests(DATES, NAMES, KNOWN, VALUES)
    for day, stock in np.ndindex(N_DAYS, N_STOCKS):
        changed = VALUES.copy()
        changed[day, 1, 1, stock] += 1
        expected = [day] if KNOWN[day, stock] else []
        assert days_that_differ(whole, day_digests(DATES, NAMES, KNOWN, changed)) == expected


def test_names_and_dates_count() -> None:
    whole = day_digests(DATES, NAMES, KNOWN, VALUES)
    assert days_that_differ(whole, day_digests(DATES, ["A", "B", "C", "DD", "E"], KNOWN, VALUES)) == [4, 5]
    assert days_that_differ(whole, day_digests(DATES + pd.Timedelta(days=7), NAMES, KNOWN, VALUES)) == [*range(6)]


def test_of_a_panel(provider: Path, tmp_path: Path) -> None:
    """A volume counts on its day; a price until there is another; who came late only since then."""
    copy = Path(shutil.copytree(provider, tmp_path / "copy"))
    use(copy)
    before = BarPanel.open("15min", tmp_path / "panels")
    again = BarPanel.open("15min", tmp_path / "others")
    np.testing.assert_array_equal(before.digests, again.digests)
    n = (len(DAYS) - FIRST_BAR_DAY) * BARS

    def differ(code: str, name: str, day: int, by: float) -> list[int]:
        path = copy / "features" / code.lower() / f"{name}.15min.bin"
        kept = path.read_bytes()
        values = np.fromfile(path, "<f4")[1:].astype(np.float64)
        values[(day - FIRST_BAR_DAY) * BARS : (day + 1 - FIRST_BAR_DAY) * BARS] *= by
        assert len(values) == n
        store(copy, code, "15min", {name: values})
        changed = BarPanel.open("15min", tmp_path / "panels")
        path.write_bytes(kept)
        return [FIRST_BAR_DAY + day for day in days_that_differ(before.digests, changed.digests)]

    assert differ(CODES[9], "volume", 40, 2.0) == [40]
    assert differ(DELISTED, "close", 60, 2.0) == list(range(60, 80))
    assert differ(LISTED_LATE, "volume", 45, 0.0) == [45]
    assert differ(LISTED_LATE, "close", 45, np.nan) == [45]
