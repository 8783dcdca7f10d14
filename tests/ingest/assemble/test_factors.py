"""Factors: of previous closes, of tables of events, and what they are before the first one."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.assemble.factors import factor_of_closes, possible_previous
from qlib_mfgru.ingest.mapping import IngestMapping

from ..vendor import BARS, DAILY, DAYS, make_daily, run, stored, with_inputs, write

NAN = np.nan


@pytest.mark.parametrize(
    ("close", "prev_close", "factor"),
    [
        ([10, 11, 5.6, 5.5], [9.9, 10, 5.5, 5.6], [1, 1, 2, 2]),
        ([10, NAN, 5.6, 5.5], [NAN, NAN, 5.0, 5.6], [1, 1, 2, 2]),
        ([NAN, 10, 11, 12], [NAN, 9, 10, NAN], [NAN, 1, 1, 1]),
        ([10.004, 10, 10, 10], [10, 10, 9.99, 10], [1, 1, 10 / 9.99, 10 / 9.99]),
        ([10, NAN, 5, 5], [10, 5, 5, 5], [1, 1, 2, 2]),
        ([10, 0, 5, 2], [10, 10, 5, 2.5], [1, 1, 2, 4]),
    ],
    ids=["split", "split while suspended", "missing", "half a cent", "row without a close", "two events"],
)
def test_the_factor_of_previous_closes(close: list[float], prev_close: list[float], factor: list[float]) -> None:
    np.testing.assert_allclose(factor_of_closes(np.array(close), np.array(prev_close)), factor, rtol=1e-12)


@pytest.mark.parametrize(("board", "after"), [("other", 1 / 0.996), ("main", 1.0), (None, 1.0)])
def test_a_payout_of_less_than_half_a_cent_is_one_of_a_fund(board: str | None, after: float) -> None:
    """A fund's prices are in tenths of a cent; a share's previous close may be rounded to cents."""
    close, prev_close = np.array([1.0, 0.996, 0.996]), np.array([NAN, 0.996, 0.9964])
    np.testing.assert_allclose(factor_of_closes(close, prev_close, board), [1, after, after], rtol=1e-12)


def split(bars: pd.DataFrame) -> pd.DataFrame:
    """Raw bars of a market in which 000001 splits in two on 5 March: half the price, and the amount."""
    late = (bars["symbol"] == "000001") & (bars["datetime"] >= "2025-03-05")
    yuan = ["open", "high", "low", "close", "amount"]
    return bars.assign(**bars[yuan].div(late + 1, axis=0).round(2))


def ex_rights(bars: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Raw bars of the split, and daily rows with previous closes."""
    bars = split(bars)
    daily = make_daily(bars).drop(columns="factor")
    before = daily.groupby("symbol")["close"].shift()
    halved = (daily["symbol"] == "000001") & (daily["date"] == "2025-03-05")
    return bars, daily.assign(prev_close=before.where(~halved, (before / 2).round(2)).fillna(9.99))


def test_a_market_with_previous_closes(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    bars, daily = ex_rights(bars)
    report = run(
        write(tmp_path / "in", bars, daily), target, {"bars": BARS, "daily": DAILY | {"factor": "from_prev_close"}}
    )
    one = daily[daily["symbol"] == "000001"].reset_index(drop=True)
    ratio = one["close"][1] / one["prev_close"][2]
    np.testing.assert_allclose(stored(target, "SZ000001", "factor"), [1, 1, ratio, ratio], rtol=1e-6)
    np.testing.assert_allclose(stored(target, "SZ000001", "close"), one["close"] * [1, 1, ratio, ratio], rtol=1e-6)
    assert stored(target, "SH600000", "factor").tolist() == [1, 1, 1, 1]
    assert "$factor: the running product of close(t-1) / prev_close(t), 1 on a stock's first day" in report.notes
    without = write(tmp_path / "without", bars, daily.drop(columns="prev_close"))
    with pytest.raises(InputError, match="no column for 'prev_close'"):
        run(without, target, {"bars": BARS, "daily": DAILY | {"factor": "from_prev_close"}})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"daily": DAILY | {"factor": "from_prev_close", "prices": "adjusted"}},
         "factor is 'from_prev_close', which is of raw prices, not adjusted"),
        ({"daily": DAILY | {"factor": "from_prev_close"}, "factors": "f.csv"},
         "daily.factor is 'from_prev_close': there are factors already"),
        ({"daily": DAILY | {"volume": {"star": "adjusted", "*": "lots"}}},
         "volume is 'adjusted' for one part only: it holds for all or for none"),
        ({"daily": DAILY | {"volume": "adjusted", "prices": "unadjusted"}},
         "volume is 'adjusted' beside prices: unadjusted"),
    ],
)  # fmt: skip
def test_contradictions_are_refused(content: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        IngestMapping(**content)
    assert message in str(error.value)


EVENTS = {
    "baostock": {"code": "sz.000001", "dividOperateDate": "2025-03-05", "foreAdjustFactor": 1.0,
                 "backAdjustFactor": 2.0, "adjustFactor": 2.0},
    "rqdata": {"order_book_id": "000001.XSHE", "ex_date": "2025-03-05", "ex_factor": 2.0, "ex_cum_factor": 2.0,
               "announcement_date": "2025-02-28", "ex_end_date": ""},
    "akshare": {"symbol": "sz000001", "date": "2025-03-05", "hfq_factor": 2.0},
}  # fmt: skip


@pytest.mark.parametrize("vendor", EVENTS)
def test_before_the_first_event_the_factor_is_one(
    bars: pd.DataFrame, tmp_path: Path, target: Path, vendor: str
) -> None:
    """A new share has no row at all, and is there nevertheless."""
    bars = split(bars)
    source = write(tmp_path / "in", bars, make_daily(bars).drop(columns="factor"))
    pd.DataFrame([EVENTS[vendor]]).to_csv(source / "f.csv", index=False)
    report = run(source, target, with_inputs(factors="f.csv"))
    assert stored(target, "SZ000001", "factor").tolist() == [1, 1, 2, 2]
    assert stored(target, "SH600000", "factor").tolist() == [1, 1, 1, 1]
    said = [note for note in report.notes if note.startswith("factors: the factor is 1 before a stock's first row")]
    assert len(said) == 1


@pytest.mark.parametrize("files", ["f.zip", "f/*.csv"])
def test_events_are_known_in_an_archive_and_behind_an_empty_file(
    bars: pd.DataFrame, tmp_path: Path, target: Path, files: str
) -> None:
    bars = split(bars)
    source = write(tmp_path / "in", bars, make_daily(bars).drop(columns="factor"))
    events = pd.DataFrame([EVENTS["baostock"]])
    (source / "f").mkdir()
    (source / "f" / "0.csv").touch()
    events.to_csv(source / "f" / "1.csv", index=False)
    with zipfile.ZipFile(source / "f.zip", "w") as archive:
        archive.write(source / "f" / "1.csv", "1.csv")
        archive.writestr("2.csv", events.assign(code="sz.300750", backAdjustFactor=1.0).to_csv(index=False))
    report = run(source, target, with_inputs(factors=files))
    assert stored(target, "SZ000001", "factor").tolist() == [1, 1, 2, 2]
    assert stored(target, "SH600000", "factor").tolist() == [1, 1, 1, 1]
    assert any("the factor is 1 before a stock's first row (a table of events)" in note for note in report.notes)


def test_the_mapping_has_the_last_word(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    bars = split(bars)
    source = write(tmp_path / "in", bars, make_daily(bars).drop(columns="factor"))
    pd.DataFrame([EVENTS["baostock"]]).to_csv(source / "f.csv", index=False)
    loose = {"max_dropped": 1}
    run(source, target, with_inputs(factors={"files": "f.csv", "before_first": "unknown"}, **loose))
    assert stored(target, "SZ000001", "factor").tolist() == [2, 2]
    assert not (target / "features" / "sh600000").exists()
    rows = pd.DataFrame({"ts_code": "000001.SZ", "trade_date": ["20250305", "20250306"], "adj_factor": [2.0, 2.0]})
    rows.to_csv(source / "f.csv", index=False)
    report = run(source, target, with_inputs(factors="f.csv", **loose))
    assert any("unknown before a stock's first row" in note for note in report.notes), "a daily table, tushare's"
    assert not (target / "features" / "sh600000").exists()
    run(source, target, with_inputs(factors={"files": "f.csv", "before_first": "one"}))
    assert stored(target, "SZ000001", "factor").tolist() == [1, 1, 2, 2]


def test_a_table_with_few_changing_rows_is_one_of_events(tmp_path: Path, target: Path) -> None:
    days = pd.bdate_range("2024-01-01", periods=60)
    price = np.repeat([30.0, 15.0, 10.0], [10, 40, 10])
    prices = dict.fromkeys(["open", "high", "low", "close"], price)
    daily = pd.DataFrame({"symbol": "600000", "date": days, **prices, "volume": np.arange(100, 160)})
    daily.to_csv(tmp_path / "daily.csv", index=False)
    rows = pd.DataFrame({"symbol": "600000", "date": days[[10, 50]], "factor": [2.0, 3.0]})
    rows.to_csv(tmp_path / "f.csv", index=False)
    run(tmp_path, target, {"daily": DAILY, "factors": "f.csv"})
    assert stored(target, "SH600000", "factor").iloc[[0, 9, 10, 49, 50]].tolist() == [1, 1, 2, 2, 3]
    last_month = pd.DataFrame({"symbol": "600000", "date": days[40:], "factor": np.repeat([2.0, 3.0], 10)})
    last_month.to_csv(tmp_path / "f.csv", index=False)
    run(tmp_path, target, {"daily": DAILY, "factors": "f.csv", "max_dropped": 1})
    assert len(stored(target, "SH600000", "factor")) == 20, "a daily table of the last month says nothing of before"


@pytest.mark.parametrize("column", ["foreAdjustFactor", "qfq_factor", "ex_factor"])
def test_forward_factors_and_single_ratios_are_refused(
    bars: pd.DataFrame, tmp_path: Path, target: Path, column: str
) -> None:
    source = write(tmp_path / "in", bars, make_daily(bars).drop(columns="factor"))
    pd.DataFrame({"symbol": ["000001"], "date": DAYS[0], column: 0.5}).to_csv(source / "f.csv", index=False)
    with pytest.raises(InputError, match="no column for 'factor'"):
        run(source, target, with_inputs(factors="f.csv"))
    with pytest.raises(InputError, match=f"factors.columns.factor is '{column}': neither forward factors"):
        run(source, target, with_inputs(factors={"files": "f.csv", "columns": {"factor": column}}))


def test_days_before_the_first_factor_of_a_table_say_what_would_take_them(
    bars: pd.DataFrame, tmp_path: Path, target: Path
) -> None:
    source = write(tmp_path / "in", bars, make_daily(bars).drop(columns="factor"))
    (source / "f.csv").write_text("symbol,date,factor\n600000,2025-03-05,2\n000001,2025-03-05,2\n")
    with pytest.raises(
        InputError, match=r"no factor yet, before the first of the table .with before_first: one it is 1"
    ):
        run(source, target, with_inputs(factors={"files": "f.csv", "before_first": "unknown"}))


def test_a_previous_close_is_forgotten_where_it_is_far_from_both_closes() -> None:
    """A new share may close at four times its issue price; a relisted one opens far from its last close."""
    close = np.array([40.0, 41.0, 41.0, 10.0, np.nan, 10.0])
    given = np.array([10.0, 400.0, 0.0, 41.0, 10.0, 5.0])
    right = [10.0, np.nan, np.nan, 41.0, 10.0, 5.0]
    np.testing.assert_array_equal(possible_previous(close, given), right)
