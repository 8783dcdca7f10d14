"""Factors that are wrong on a single day: the provider is, bit for bit, that of a vendor with the right ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ..reference import MENDED
from ..vendor import BARS, DAILY, DAYS, make_bars, make_daily, run, stored, write

PRICES = ["open", "high", "low", "close"]
EX_RIGHTS = {"2025-03-03": 2.0, "2025-03-04": 2.0, "2025-03-05": 3.0, "2025-03-06": 3.0}


def market(*, ex_rights: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bars and daily rows with a factor of 2; where stocks go ex-rights by a third on the third day, then of 3."""
    bars = make_bars()
    if ex_rights:
        bars.loc[bars["datetime"] >= DAYS[2], [*PRICES, "amount"]] /= 1.5
    return bars, make_daily(bars, EX_RIGHTS if ex_rights else 2.0)


def features(provider: Path) -> dict[str, bytes]:
    return {str(file.relative_to(provider)): file.read_bytes() for file in provider.glob("features/*/*.bin")}


@pytest.mark.parametrize(
    ("ex_rights", "day", "factor"),
    [(True, "2025-03-05", 2.0), (True, "2025-03-04", 3.0), (False, "2025-03-05", 1.0), (False, "2025-03-04", 1e-30)],
    ids=["late", "early", "lost", "absurd"],
)
def test_a_wrong_factor_takes_its_neighbours(
    tmp_path: Path, target: Path, ex_rights: bool, day: str, factor: float
) -> None:
    bars, daily = market(ex_rights=ex_rights)
    right = tmp_path / "right provider"
    assert not run(write(tmp_path / "right", bars, daily), right).warnings
    daily.loc[(daily["symbol"] == "000001") & (daily["date"] == day), "factor"] = factor
    report = run(write(tmp_path / "in", bars, daily), target)
    (what, tally), *others = report.warnings.items()
    assert not others
    assert what.startswith(MENDED)
    assert (tally.count, tally.examples) == (1, [f"SZ000001 {day}"])
    assert features(target) == features(right)


def test_prices_that_came_adjusted_stay_as_they_came(tmp_path: Path, target: Path) -> None:
    """Their factor may be wrong in the same way, and brings them back to raw prices."""
    _, daily = market(ex_rights=True)
    daily[PRICES] = daily[PRICES].mul(daily["factor"], axis=0)
    daily.loc[(daily["symbol"] == "000001") & (daily["date"] == "2025-03-05"), "factor"] = 2.0
    source = write(tmp_path / "in", None, daily)
    report = run(source, target, {"daily": DAILY | {"prices": "adjusted"}, "max_inconsistent": 0.3})
    assert not any(what.startswith(MENDED) for what in report.warnings)
    given = daily[daily["symbol"] == "000001"]["close"].to_numpy()
    np.testing.assert_allclose(stored(target, "SZ000001", "close"), given, rtol=1e-6)


def test_bars_alone_with_a_table_of_factors(tmp_path: Path, target: Path) -> None:
    bars, daily = market(ex_rights=True)
    right = tmp_path / "right provider"
    mapping = {"bars": BARS, "factors": {"files": "factors.csv", "before_first": "unknown"}}
    for folder, provider in (("right", right), ("in", target)):
        source = write(tmp_path / folder, bars)
        daily[["symbol", "date", "factor"]].to_csv(source / "factors.csv", index=False)
        report = run(source, provider, mapping)
        daily.loc[(daily["symbol"] == "000001") & (daily["date"] == "2025-03-05"), "factor"] = 2.0
    assert [tally.count for what, tally in report.warnings.items() if what.startswith(MENDED)] == [1]
    assert features(target) == features(right)
