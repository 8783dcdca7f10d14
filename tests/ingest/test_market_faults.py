"""Faults that no single number shows: only the market as a whole, in an ingest and in a check of a provider."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.provider.check.check import check_provider

from .vendor import BARS, DAILY, make_bars, make_daily, refused, run, text, write

STOCKS = [f"{600000 + number}" for number in range(32)]
DAYS = pd.bdate_range("2025-03-03", periods=130)
BOTH = {"bars": BARS, "daily": DAILY}


@pytest.fixture(scope="module")
def daily() -> pd.DataFrame:
    """32 stocks that go with one market, and half of them with an index each."""
    generator = np.random.default_rng(5)
    common, own = generator.normal(0, 0.012, (len(DAYS), 1)), generator.normal(0, 0.006, (len(DAYS), 2))
    moves = common + np.repeat(own, 16, axis=1) + generator.normal(0, 0.01, (len(DAYS), len(STOCKS)))
    close = (20 * np.exp(np.cumsum(np.clip(moves, -0.09, 0.09), axis=0))).round(2)
    rows = pd.DataFrame(close, DAYS, STOCKS).rename_axis("date").melt(ignore_index=False, var_name="symbol")
    rows = rows.reset_index().rename(columns={"value": "close"}).assign(volume=100_000, factor=1.0)
    return rows.assign(open=rows["close"], high=rows["close"] + 0.01, low=rows["close"] - 0.01).round(2)


def index(daily: pd.DataFrame, *, days: int = 0, swapped: bool = False) -> pd.DataFrame:
    """Levels of two indices, of 16 stocks each."""
    wide = np.log(daily.pivot_table("close", "date", "symbol"))
    codes = ["000905.SH", "000300.SH"] if swapped else ["000300.SH", "000905.SH"]
    tables = [
        (3000 * np.exp(wide[half].mean(axis=1) - 3)).shift(days).rename("close").reset_index().assign(code=code)
        for code, half in zip(codes, (STOCKS[:16], STOCKS[16:]), strict=True)
    ]
    return pd.concat(tables).dropna()


def ingested(folder: Path, target: Path, daily: pd.DataFrame, levels: pd.DataFrame) -> dict[str, list[str]]:
    """Examples of what is counted of indices."""
    source = write(folder, None, daily)
    levels.to_csv(source / "index.csv", index=False)
    halves = {"csi300": STOCKS[:16], "csi500": STOCKS[16:]}
    members = {
        name: {"files": text(source, f"{name}.txt", "".join(f"SH{code}\t2025-03-01\t2026-01-01\n" for code in half)),
               "names": ["symbol", "start", "end"]}
        for name, half in halves.items()
    }  # fmt: skip
    report = run(source, target, {"daily": DAILY, "index": {"files": "index.csv"}, "members": members})
    return {what.split(",")[0]: tally.examples for what, tally in report.warnings.items() if "index: " in what}


def checked(target: Path) -> dict[str, tuple[str, list[str]]]:
    return {
        row.kind: (row.severity, row.cases) for row in check_provider(target, quiet=True) if "whose returns" in row.kind
    }


def test_levels_that_are_a_day_late_or_swapped_are_said(daily: pd.DataFrame, tmp_path: Path) -> None:
    assert ingested(tmp_path / "right", tmp_path / "0", daily, index(daily)) == {}
    assert checked(tmp_path / "0") == {}
    late = ingested(tmp_path / "late", tmp_path / "1", daily, index(daily, days=1))
    cases = ["SH000300 a day late", "SH000905 a day late"]
    kind = "indices whose returns go with the stocks' of the day before or after"
    assert sorted(late[f"index: {kind}"]) == cases
    assert checked(tmp_path / "1") == {kind: ("error", cases)}
    swapped = ingested(tmp_path / "swapped", tmp_path / "2", daily, index(daily, swapped=True))
    kind = "pairs of indices whose returns go with each other's members rather than with their own"
    assert swapped == {f"index: {kind}": ["SH000300 and SH000905"]}
    assert checked(tmp_path / "2") == {kind: ("error", ["SH000300 and SH000905"])}


def test_volumes_in_ten_thousands_are_told_without_any_amount(
    daily: pd.DataFrame, tmp_path: Path, target: Path
) -> None:
    source = write(tmp_path / "in", None, daily.assign(volume=daily["volume"] / 1e4))
    message = refused(source, target, {"daily": DAILY})
    assert "the volume is in a larger unit than said: write volume: ten_thousand, or scale them" in message
    run(source, target, {"daily": DAILY | {"volume": "ten_thousand"}})


def test_prices_in_fen_are_told_without_any_amount(daily: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    prices = ["open", "high", "low", "close"]
    fen = daily.assign(**{name: (daily[name] * 100).round() for name in prices})
    message = refused(write(tmp_path / "in", None, fen), target, {"daily": DAILY})
    assert "days whose four prices are all whole yuan: prices are in fen, 100 times too large" in message


def test_a_date_on_which_most_stocks_are_empty_is_found_in_a_provider(
    daily: pd.DataFrame, tmp_path: Path, target: Path
) -> None:
    gone = (daily["date"] == DAYS[60]) & (daily["symbol"] >= "600010")
    run(write(tmp_path / "in", None, daily[~gone]), target, {"daily": DAILY})
    kind = "days on which less than half as many stocks have a price as on the 20 days before: are rows missing?"
    (row,) = [row for row in check_provider(target, quiet=True) if row.kind == kind]
    assert (row.severity, row.count, row.judged, row.cases) == ("error", 1, 130, ["2025-05-26: 10"])


def test_a_date_on_which_most_stocks_have_no_bars_is_counted(tmp_path: Path, target: Path) -> None:
    bars = make_bars(STOCKS[:8], DAYS[:25])
    gone = (bars["datetime"].dt.normalize() == DAYS[22]) & (bars["symbol"] >= "600003")
    report = run(write(tmp_path / "in", bars[~gone], make_daily(bars)), target, BOTH)
    what = "days on which less than half as many stocks have bars as on the 20 days before: are rows missing?"
    assert (report.warnings[what].count, report.warnings[what].examples) == (1, ["2025-04-02: 3"])
    kind = "days on which less than half as many stocks have a 15min bar as on the 20 days before: are rows missing?"
    assert [row.cases for row in check_provider(target, quiet=True) if row.kind == kind] == [["2025-04-02: 3"]]


@pytest.mark.parametrize(
    ("share", "what"),
    [
        (0.0, "bars of the session that no stock ever has"),
        (0.3, "bars of the session that most stocks lack on most days"),
    ],
)
def test_a_bar_that_most_stocks_lack_is_named(tmp_path: Path, target: Path, share: float, what: str) -> None:
    bars = make_bars(STOCKS[:4], DAYS[:8])
    at = bars["datetime"].dt.strftime("%H:%M") == "11:30"
    kept = ~at | (np.random.default_rng(0).random(len(bars)) < share)
    message = refused(write(tmp_path / "in", bars[kept], make_daily(bars)), target, BOTH)
    assert what in message
    assert "(11:30: " in message


def test_bars_that_miss_a_share_of_every_day_are_said(tmp_path: Path, target: Path) -> None:
    bars = make_bars(STOCKS[:4], DAYS[:8])
    daily = make_daily(bars)
    less = bars.assign(volume=bars["volume"] * 24 // 25, amount=bars["amount"] * 0.96)
    report = run(write(tmp_path / "in", less, daily), target, BOTH)
    (tally,) = [tally for what, tally in report.warnings.items() if what.startswith("days whose bars' volume is less")]
    assert tally.count == 32
    assert [row.severity for row in check_provider(target, quiet=True) if "volume is less" in row.kind] == ["warning"]
