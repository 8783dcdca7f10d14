"""Units of volume and amount: one for all rows, by board, by file; and volumes that are no trade."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError

from ..vendor import BARS, DAILY, make_bars, make_daily, run, stored, write

STOCKS = ("600000", "000001", "688981", "300750")
CODES = ["SH600000", "SZ000001", "SH688981", "SZ300750"]


@pytest.fixture
def market(tmp_path: Path) -> tuple[pd.DataFrame, pd.DataFrame, Path]:
    """Bars, daily rows with amounts, and the provider that they make when everything is in shares and yuan."""
    bars = make_bars(STOCKS)
    daily = make_daily(bars).merge(
        bars.groupby(["symbol", bars["datetime"].dt.normalize().rename("date")])["amount"].sum().reset_index()
    )
    run(write(tmp_path / "plain", bars, daily), tmp_path / "truth")
    return bars, daily, tmp_path / "truth"


def check(target: Path, truth: Path) -> None:
    for code in CODES:
        for name in ("volume", "amount", "vwap"):
            for freq in ("day", "15min"):
                expected = stored(truth, code, name, freq)
                pd.testing.assert_series_equal(stored(target, code, name, freq), expected, rtol=1e-6)


@pytest.mark.parametrize(
    "volume",
    [
        {"star": "shares", "*": "lots"},
        {"main": "lots", "chinext": "lots", "star": "shares"},
        {"*": "lots", "star": "shares"},
        {"*.*": "lots", "star": "shares"},
    ],
)
def test_units_by_board(
    market: tuple[pd.DataFrame, pd.DataFrame, Path], tmp_path: Path, target: Path, volume: dict[str, str]
) -> None:
    bars, daily, truth = market
    for rows in (bars, daily):
        rows["volume"] = rows["volume"].where(rows["symbol"] == "688981", rows["volume"] / 100)
    source = write(tmp_path / "in", bars, daily)
    run(source, target, {"bars": BARS | {"volume": volume}, "daily": DAILY | {"volume": volume}})
    check(target, truth)


def test_units_by_file(market: tuple[pd.DataFrame, pd.DataFrame, Path], tmp_path: Path, target: Path) -> None:
    bars, daily, truth = market
    source = write(tmp_path / "in", bars, None)
    early = daily["date"] < "2025-03-05"
    daily[~early].to_csv(source / "d2025b.csv", index=False)
    daily[early].assign(volume=daily["volume"] / 100, amount=daily["amount"] / 1e3).to_csv(
        source / "d2025a.csv", index=False
    )
    content = {
        "files": "d*.csv",
        "volume": {"*a.csv": "lots", "*": "shares"},
        "amount": {"*a.csv": "thousand", "*b.csv": "yuan"},
    }
    run(source, target, {"bars": BARS, "daily": content})
    check(target, truth)


@pytest.mark.parametrize("first", ["early.csv", "d2025a.zip"])
def test_units_by_an_archive_or_what_is_in_it(
    market: tuple[pd.DataFrame, pd.DataFrame, Path], tmp_path: Path, target: Path, first: str
) -> None:
    bars, daily, truth = market
    source = write(tmp_path / "in", bars, None)
    early = daily["date"] < "2025-03-05"
    lots = daily[early].assign(volume=daily["volume"] / 100)
    for archive, name, rows in (("d2025a.zip", "early.csv", lots), ("d2025b.zip", "late.csv", daily[~early])):
        with zipfile.ZipFile(source / archive, "w") as file:
            file.writestr(f"days/{name}", rows.to_csv(index=False))
    run(source, target, {"bars": BARS, "daily": {"files": "d*.zip", "volume": {first: "lots", "*": "shares"}}})
    check(target, truth)
    with pytest.raises(InputError, match=r"daily\.volume: 'days\*' is no board and fits no file's name"):
        run(source, target, {"bars": BARS, "daily": {"files": "d*.zip", "volume": {"days*": "lots", "*": "shares"}}})


def test_wide_tables_have_no_units_by_file(
    market: tuple[pd.DataFrame, pd.DataFrame, Path], tmp_path: Path, target: Path
) -> None:
    _, daily, _ = market
    fields = ("open", "high", "low", "close", "volume")
    for name in fields:
        daily.pivot_table(index="date", columns="symbol", values=name).to_csv(tmp_path / f"{name}.csv")
    wide = {name: f"{name}.csv" for name in fields}
    section = {"wide": wide, "prices": "unadjusted", "volume": {"volume.csv": "lots", "*": "shares"}}
    with pytest.raises(InputError, match=r"daily\.volume: 'volume\.csv' is no board, and a row of wide tables is of "):
        run(tmp_path, target, {"daily": section})


@pytest.mark.parametrize(
    ("volume", "message"),
    [
        ({"stars": "shares", "*": "lots"},
         "daily.volume: 'stars' is no board and fits no file's name; did you mean 'star'?"),
        ({"bars*": "lots"},
         "daily.volume: 'bars*' is no board and fits no file's name; known are main, chinext, star, bse, other"),
        ({"star": "shares"}, "daily.volume: none of star fits daily.csv row 1: 000001 2025-03-03; add '*'"),
    ],
)  # fmt: skip
def test_a_part_that_fits_nothing_and_a_row_that_fits_no_part(
    market: tuple[pd.DataFrame, pd.DataFrame, Path], tmp_path: Path, target: Path, volume: dict[str, str], message: str
) -> None:
    bars, daily, _ = market
    source = write(tmp_path / "in", bars, daily)
    with pytest.raises(InputError) as error:
        run(source, target, {"bars": BARS, "daily": DAILY | {"volume": volume}})
    assert str(error.value) == message


def test_boards_are_those_of_a_shares(tmp_path: Path, target: Path) -> None:
    day = {"date": ["2024-03-11"], "open": 10, "high": 10, "low": 10, "close": 10, "volume": 5}
    pd.DataFrame({"symbol": ["AAPL"], **day}).to_csv(tmp_path / "d.csv", index=False)
    content: dict[str, Any] = {"files": "d.csv", "prices": "unadjusted", "volume": {"main": "shares", "*": "shares"}}
    with pytest.raises(InputError, match=r"daily\.volume: 'main' is no board and fits no file's name$"):
        run(tmp_path, target, {"session": "us", "daily": content})


def test_volume_below_one_share_is_no_trade(
    market: tuple[pd.DataFrame, pd.DataFrame, Path], tmp_path: Path, target: Path
) -> None:
    """A suspended day as TDX writes it: one price, volume and amount 5.877e-39."""
    bars, daily, _ = market
    off = (daily["symbol"] == "600000") & (daily["date"] == "2025-03-04")
    daily = daily.astype({"volume": float})
    daily.loc[off, ["volume", "amount"]] = 5.877e-39
    bars = bars[(bars["symbol"] != "600000") | (bars["datetime"].dt.day != 4)]
    report = run(write(tmp_path / "in", bars, daily), target)
    for name in ("close", "vwap", "volume"):
        assert np.isnan(stored(target, "SH600000", name)["2025-03-04"])
    assert report.inputs["daily"].dropped["suspended day"].count == 1
    tally = report.warnings["daily: volume below one share, taken as no trade"]
    assert (tally.count, tally.examples) == (1, ["daily.csv row 10: 600000 2025-03-04"])
