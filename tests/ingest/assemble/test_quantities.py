"""Volumes and amounts that are far off: the wrong one is made from the other, or both stay and are counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.ingest.report import IngestReport

from ..vendor import BARS, DAILY, make_bars, make_daily, run, stored, write

DAYS = pd.bdate_range("2025-03-03", periods=12)
DAY = DAYS[7]
PRICES = ["open", "high", "low", "close"]
VOLUMES = "whose amount / volume is far off: volumes made from amount and price"
AMOUNTS = "whose amount / volume is far off: amounts made from volume and price"
NEITHER = "whose amount / volume is far off: both kept, for nothing says which of the two is wrong"
TOLERANT = {"max_inconsistent": 0.05}
BOTH = TOLERANT | {"bars": BARS, "daily": DAILY}
ONLY_BARS = TOLERANT | {"bars": BARS | {"prices": "unadjusted"}}
ONLY_DAYS = TOLERANT | {"daily": DAILY}


@pytest.fixture
def bars() -> pd.DataFrame:
    return make_bars(("600000", "000001", "300750", "688001"), DAYS).astype({"volume": "f8"})


def days_of(bars: pd.DataFrame) -> pd.DataFrame:
    """Daily rows with the sum of the bars' amounts, and a factor of 1."""
    keys = [bars["symbol"], bars["datetime"].dt.normalize().rename("date")]
    return make_daily(bars, 1.0).merge(bars.groupby(keys)["amount"].sum().reset_index(), on=["symbol", "date"])


def on_day(rows: pd.DataFrame) -> pd.Series:
    """Rows of 000001 on the day."""
    when = rows["datetime"].dt.normalize() if "datetime" in rows else rows["date"]
    return (rows["symbol"] == "000001") & (when == DAY)


def times(rows: pd.DataFrame, field: str, by: float, only: pd.Series | None = None) -> pd.DataFrame:
    """A field of these rows, by a factor."""
    is_one = on_day(rows) if only is None else only
    return rows.assign(**{field: rows[field].where(~is_one, rows[field] * by)})


def quiet(bars: pd.DataFrame) -> pd.DataFrame:
    """The day with a twentieth of its trade."""
    return times(times(bars, "volume", 0.05), "amount", 0.05)


def counted(report: IngestReport) -> dict[str, int]:
    """What the report says of volumes and amounts far off; the day is named each time."""
    found = {what: tally for what, tally in report.warnings.items() if "far off" in what}
    assert all(tally.examples == ["SZ000001 2025-03-12"] for tally in found.values())
    return {what: tally.count for what, tally in found.items()}


def sums(target: Path, freq: str) -> tuple[float, float]:
    """Volume and amount that are stored of the day."""
    volume, amount = (stored(target, "SZ000001", name, freq) for name in ("volume", "amount"))
    is_day = volume.index.normalize() == DAY
    return float(volume[is_day].sum()), float(amount[is_day].sum())


def truth(bars: pd.DataFrame) -> tuple[float, float]:
    return tuple(bars[on_day(bars)][["volume", "amount"]].sum())


@pytest.mark.parametrize(
    ("field", "by", "made"),
    [
        ("volume", 100, VOLUMES), ("volume", 10, VOLUMES), ("volume", 0.01, VOLUMES), ("volume", 3, VOLUMES),
        ("amount", 1000, AMOUNTS), ("amount", 0.1, AMOUNTS),
    ],
)  # fmt: skip
@pytest.mark.parametrize("has_amount", [True, False])
@pytest.mark.parametrize("is_quiet", [True, False])
def test_bars_of_a_day_are_held_against_its_daily_row(
    bars: pd.DataFrame, tmp_path: Path, target: Path, field: str, by: float, made: str, has_amount: bool, is_quiet: bool
) -> None:
    bars = quiet(bars) if is_quiet else bars
    daily = days_of(bars) if has_amount else make_daily(bars, 1.0)
    mapping = BOTH | {"bars": BARS | {"store": ["15min", "60min"]}}
    report = run(write(tmp_path / "in", times(bars, field, by), daily), target, mapping)
    assert counted(report) == {f"bars {made}": 16}
    for freq in ("15min", "60min", "day"):
        np.testing.assert_allclose(sums(target, freq), truth(bars), rtol=2e-3)
    other = "amount" if field == "volume" else "volume"
    given = bars[on_day(bars)].set_index("datetime")
    np.testing.assert_allclose(stored(target, "SZ000001", other, "15min")[given.index], given[other], rtol=1e-6)
    np.testing.assert_allclose(
        stored(target, "SZ000001", "volume", "15min")[given.index],
        given["amount"] / given[PRICES].mean(axis=1) if field == "volume" else given["volume"],
        rtol=1e-6,
    )


@pytest.mark.parametrize(
    ("field", "by", "is_quiet", "made"),
    [
        ("volume", 100, False, VOLUMES), ("amount", 1000, False, AMOUNTS), ("volume", 0.01, False, VOLUMES),
        ("volume", 10, False, NEITHER), ("volume", 100, True, NEITHER), ("amount", 100, True, NEITHER),
    ],
)  # fmt: skip
@pytest.mark.parametrize("mapping", [BOTH, ONLY_BARS, ONLY_DAYS])
def test_where_no_other_input_says_more_the_days_around_must_be_decisive(
    bars: pd.DataFrame,
    tmp_path: Path,
    target: Path,
    field: str,
    by: float,
    is_quiet: bool,
    made: str,
    mapping: dict[str, object],
) -> None:
    bars = quiet(bars) if is_quiet else bars
    spoilt, daily = times(bars, field, by), times(days_of(bars), field, by)
    report = run(write(tmp_path / "in", spoilt, daily), target, mapping)
    cases = {"bars": (f"bars {made}", 16), "daily": (f"days {made}", 1)}
    assert counted(report) == dict(case for name, case in cases.items() if name in mapping)
    right = truth(spoilt if made is NEITHER else bars)
    for freq in ["day", *(["15min"] if "bars" in mapping else [])]:
        np.testing.assert_allclose(sums(target, freq), right, rtol=2e-3)
    vwap = stored(target, "SZ000001", "vwap")[DAY]
    assert vwap == pytest.approx(days_of(bars)[on_day(days_of(bars))][PRICES].iloc[0].mean(), rel=1e-6)


@pytest.mark.parametrize(
    ("field", "by", "made"), [("volume", 100, VOLUMES), ("volume", 0.1, VOLUMES), ("amount", 1e-3, AMOUNTS)]
)
def test_a_daily_row_is_held_against_its_bars(
    bars: pd.DataFrame, tmp_path: Path, target: Path, field: str, by: float, made: str
) -> None:
    bars = quiet(bars)
    report = run(write(tmp_path / "in", bars, times(days_of(bars), field, by)), target)
    assert counted(report) == {f"days {made}": 1}
    for freq in ("15min", "day"):
        np.testing.assert_allclose(sums(target, freq), truth(bars), rtol=5e-3)


def test_a_daily_volume_is_kept_where_its_amount_is_that_of_the_few_bars_there_are(
    bars: pd.DataFrame, tmp_path: Path, target: Path
) -> None:
    few = bars[~on_day(bars) | (bars["datetime"].dt.hour < 10)]
    report = run(write(tmp_path / "in", few, make_daily(bars, 1.0)), target)
    assert counted(report) == {f"days {NEITHER}": 1}
    assert sums(target, "day") == pytest.approx((truth(bars)[0], truth(few)[1]), rel=1e-6)


@pytest.mark.parametrize(
    ("field", "share", "mapping", "made"),
    [
        ("volume", 1.0, BOTH, VOLUMES), ("amount", 1.0, BOTH, AMOUNTS),
        ("volume", 0.02, BOTH, VOLUMES), ("amount", 0.02, BOTH, AMOUNTS),
        ("volume", 1.0, ONLY_BARS, VOLUMES), ("amount", 1.0, ONLY_BARS, AMOUNTS),
        ("volume", 0.04, ONLY_BARS, NEITHER), ("amount", 0.04, ONLY_BARS, NEITHER),
    ],
)  # fmt: skip
def test_one_bar_is_held_against_the_day_or_its_other_bars(
    bars: pd.DataFrame, tmp_path: Path, target: Path, field: str, share: float, mapping: dict[str, object], made: str
) -> None:
    """A bar with some share of the trade of its day's median one."""
    one = on_day(bars) & (bars["datetime"].dt.strftime("%H:%M") == "13:30")
    volume = bars["volume"].where(~one, share * bars[on_day(bars)]["volume"].median())
    bars = bars.assign(volume=volume, amount=bars["amount"] / bars["volume"] * volume)
    spoilt = times(bars, field, 100, one)
    report = run(write(tmp_path / "in", spoilt, days_of(bars)), target, mapping)
    assert counted(report) == {f"bars {made}": 1}
    for freq in ("15min", "day"):
        np.testing.assert_allclose(sums(target, freq), truth(spoilt if made is NEITHER else bars), rtol=2e-3)


def test_usual_volumes_are_those_of_the_days_around(tmp_path: Path, target: Path) -> None:
    """A stock that comes to trade 40 times more: early on, what is usual later is far off."""
    days = pd.bdate_range("2025-03-03", periods=120)
    bars = make_bars(("600000", "000001", "300750", "688001"), days).astype({"volume": "f8"})
    rise = pd.Series(np.clip(np.geomspace(1 / 40, 40**3, len(days)), 1, 40), index=days)
    growth = rise[bars["datetime"].dt.normalize()].to_numpy()
    bars = bars.assign(volume=bars["volume"] * growth, amount=bars["amount"] * growth)
    report = run(write(tmp_path / "in", None, times(days_of(bars), "volume", 100)), target, {"daily": DAILY})
    assert counted(report) == {f"days {VOLUMES}": 1}
    np.testing.assert_allclose(sums(target, "day"), truth(bars), rtol=5e-3)
