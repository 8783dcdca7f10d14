"""Single values that cannot be, whatever the others say, and what a check must not blame."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from foreign import CODES, Foreign

from qlib_mfgru.provider.check.check import check_provider
from qlib_mfgru.provider.check.table import Row

IMPOSSIBLE = "with a value that cannot be: negative, a price or a vwap on trade of 0, a flag that is not 0 or 1"


@pytest.fixture
def foreign(tmp_path: Path) -> Foreign:
    return Foreign(tmp_path / "cn_data", minutes=True)


def found(path: Path) -> dict[str, Row]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return {row.kind: row for row in check_provider(path, quiet=True)}


@pytest.mark.parametrize(
    ("places", "value", "count"),
    [(slice(None), 0.0, 10), (slice(None), -1.0, 10), (4, 0.0, 1), (slice(2, 8), np.nan, 6)],
)
def test_a_price_without_a_positive_factor_is_an_error(
    foreign: Foreign, places: int | slice, value: float, count: int
) -> None:
    foreign.change("SH600000", "factor", places, value)
    row = found(foreign.path)["days with a price and no positive $factor"]
    assert (row.severity, row.count, row.judged, row.stocks) == ("error", count, 30, 1)


@pytest.mark.parametrize(
    ("field", "value", "freq", "unit"),
    [
        ("volume", -7.0, "day", "days"),
        ("is_st", 7.0, "day", "days"),
        ("market_cap", -1.0, "day", "days"),
        ("vwap", 0.0, "day", "days"),
        ("vwap", -3.0, "60min", "60min bars"),
    ],
)
def test_values_that_cannot_be_are_errors(foreign: Foreign, field: str, value: float, freq: str, unit: str) -> None:
    values = np.full(10 if freq == "day" else 40, {"is_st": 0.0}.get(field, 20.0))
    values[4] = value
    foreign.write("SH600000", field, values, freq)
    row = found(foreign.path)[f"{unit} {IMPOSSIBLE}"]
    day = "2025-03-07" if freq == "day" else "2025-03-04"
    assert (row.severity, row.count, row.cases) == ("error", 1, [f"SH600000 ${field} {day}"])


def test_prices_of_0_on_days_without_trade_are_errors_and_a_vwap_is_said(tmp_path: Path) -> None:
    foreign = Foreign(tmp_path / "cn_data")
    foreign.write("SH600000", "vwap", np.full(10, 20.0))
    for field in ("open", "high", "low", "vwap", "volume"):
        foreign.change("SH600000", field, slice(3, 6), 0.0)
    rows = {row.kind: row for row in check_provider(foreign.path, quiet=True)}
    row, of_vwap = rows[f"days {IMPOSSIBLE}"], rows["days without trade and with a vwap of 0"]
    days = "2025-03-06 .. 2025-03-10"
    assert (row.severity, row.count) == ("error", 9)
    assert row.cases == [f"SH600000 ${field} {days}" for field in ("open", "high", "low")]
    assert (of_vwap.severity, of_vwap.count, of_vwap.judged, of_vwap.cases) == ("warning", 3, 3, [f"SH600000 {days}"])


def test_prices_without_a_volume_are_said(foreign: Foreign) -> None:
    foreign.change("SH600000", "volume", slice(3, 6), np.nan)
    row = found(foreign.path)["days with a price and no $volume"]
    assert (row.severity, row.count, row.judged, row.cases) == ("warning", 3, 30, ["SH600000 2025-03-06 .. 2025-03-10"])


def test_a_stock_without_any_value_is_an_error(foreign: Foreign) -> None:
    for name in ("open", "high", "low", "close", "volume", "factor"):
        foreign.change("SH600000", name, slice(None), np.nan)
    row = found(foreign.path)["stocks whose day files hold no price"]
    assert (row.severity, row.count, row.judged, row.cases) == ("error", 1, 3, ["SH600000"])


@pytest.mark.parametrize(
    ("places", "factor", "kind", "case"),
    [
        (slice(4, 5), 10, "index levels that jump, and come back", "SH000300 2025-03-07"),
        (slice(3, 7), 0.01, "index levels that jump, and come back", "SH000300 2025-03-06 .. 2025-03-11"),
        (slice(6, 10), 10, "index levels that jump, and stay", "SH000300 2025-03-11"),
    ],
)
def test_index_levels_that_jump_are_errors(
    foreign: Foreign, places: slice, factor: float, kind: str, case: str
) -> None:
    levels = np.full(10, 4000.0)
    levels[places] *= factor
    foreign.write("SH000300", "close", levels)
    row = found(foreign.path)[kind]
    assert (row.severity, row.judged, row.cases) == ("error", 10, [case])


def test_an_index_of_another_market_is_judged_as_levels(foreign: Foreign) -> None:
    levels = np.full(10, 4000.0)
    levels[4] *= 10
    foreign.write("^GSPC", "close", levels)
    assert found(foreign.path)["index levels that jump, and come back"].cases == ["^GSPC 2025-03-07"]


def test_days_of_an_index_are_counted_among_days(foreign: Foreign) -> None:
    levels = np.full(10, 4000.0)
    levels[3:6] = np.nan
    foreign.write("SH000300", "close", levels)
    row = found(foreign.path)["days without a level inside an index"]
    assert (row.severity, row.count, row.judged, row.stocks) == ("warning", 3, 10, 1)
    assert row.cause.startswith("the next day with a level takes the whole return in our enhancements")


def test_an_index_of_plain_codes_is_judged_as_levels(provider: Path, tmp_path: Path) -> None:
    """In our own providers of other markets, what no list names are the indices."""
    ours = Path(shutil.copytree(provider, tmp_path / "provider"))
    manifest = ours / "mfgru.json"
    us = '{"session": {"hours": ["09:30-11:30", "13:00-15:00"], "zone": "Asia/Shanghai", "codes": "plain"}}'
    manifest.write_text(us)
    n_days = len((ours / "calendars" / "day.txt").read_text().split())
    folder = ours / "features" / "spx"
    folder.mkdir()
    levels = np.full(n_days, 4000.0)
    levels[3] *= 10
    np.concatenate([[0], levels]).astype("<f4").tofile(folder / "close.day.bin")
    assert found(ours)["index levels that jump, and come back"].stocks == 1


def test_the_bars_amount_beside_the_days_own_volume_is_not_blamed(foreign: Foreign) -> None:
    """An ingest takes the bars' amount for days without one; that the volumes differ is said once."""
    for code in CODES:
        foreign.write(code, "vwap", np.full(10, 20.0))
        foreign.write(code, "amount", np.full(10, 4000.0))
        foreign.write(code, "vwap", np.full(40, 20.0), "60min")
        foreign.write(code, "amount", np.full(40, 1000.0), "60min")
    foreign.change("SH600000", "volume", 4, 100.0)
    rows = found(foreign.path)
    assert rows["days whose bars' volume differs from the daily one by more than 5 %"].count == 1
    assert not any("differs from vwap" in kind for kind in rows)
    foreign.change("SH600000", "volume", 4, 200.0)
    foreign.change("SH600000", "amount", 4, 8000.0)
    assert found(foreign.path)["days whose amount / volume differs from vwap by more than 5 %"].count == 1
