"""Weights of indices: known on some days, moved with prices in between."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.write.weights import drift_weights, on_calendar

from ..vendor import MEMBERS, csv, run, stored, text, with_inputs


def test_weights_move_with_prices_and_keep_their_total(source: Path, target: Path) -> None:
    csv(source, "w.csv", [
        {"date": 20250303, "con_code": "600000.SH", "weight": 30},
        {"date": 20250303, "con_code": "000001.SZ", "weight": 10},
        {"date": 20250303, "con_code": "600999.SH", "weight": 60},
        {"date": 20250305, "con_code": "600000.SH", "weight": 50},
    ])  # fmt: skip
    run(source, target, with_inputs(weights={"csi300": {"files": "w.csv", "carry": True}}))
    closes = {code: stored(target, code, "close")["2025-03-04"] / stored(target, code, "close")["2025-03-03"]
              for code in ("SH600000", "SZ000001")}  # fmt: skip
    moved = 0.3 * closes["SH600000"], 0.1 * closes["SZ000001"]
    weight = stored(target, "SH600000", "csi300_weight")
    assert weight["2025-03-03"] == pytest.approx(0.3)
    assert weight["2025-03-04"] == pytest.approx(0.4 * moved[0] / sum(moved), rel=1e-6)
    # alone in the provider from the 5th on
    assert weight[["2025-03-05", "2025-03-06"]].tolist() == [0.5, 0.5]
    other = stored(target, "SZ000001", "csi300_weight")
    assert other["2025-03-04"] == pytest.approx(0.4 * moved[1] / sum(moved), rel=1e-6)
    assert other.index[-1] == pd.Timestamp("2025-03-04")


@pytest.mark.parametrize(("keep", "weight"), [("first", 0.3), ("last", 0.6)])
def test_of_weights_that_differ_one_is_kept(source: Path, target: Path, keep: str, weight: float) -> None:
    rows = [{"date": "2025-03-03", "symbol": "600000", "weight": 100 * each} for each in (0.3, 0.6)]
    weights = {"files": csv(source, "w.csv", rows), "keep": keep, "max_dropped": 0.5}
    report = run(source, target, with_inputs(weights={"csi300": weights}))
    assert stored(target, "SH600000", "csi300_weight").tolist() == pytest.approx([weight])
    tally = report.inputs["weights.csi300"].dropped[f"repeated with other values, the {keep} kept"]
    assert (tally.count, tally.examples) == (1, ["SH600000 2025-03-03"])


def test_weights_end_with_what_is_known_unless_carried(source: Path, target: Path) -> None:
    rows = [{"date": day, "symbol": "600000", "weight": 0.5} for day in ("2025-03-03", "2025-03-05")]
    csv(source, "w.csv", rows)
    run(source, target, with_inputs(weights={"csi300": {"files": "w.csv", "unit": "fraction"}}))
    assert stored(target, "SH600000", "csi300_weight").index[-1] == pd.Timestamp("2025-03-05")


def test_a_stock_that_leaves_the_index_loses_its_weight(source: Path, target: Path) -> None:
    csv(source, "w.csv", [{"date": "2025-03-03", "symbol": code, "weight": 50} for code in ("600000", "000001")])
    text(source, "m.txt", "SH600000\t2025-03-03\t2025-03-06\nSZ000001\t2025-03-03\t2025-03-04\n")
    content = with_inputs(weights={"csi300": {"files": "w.csv", "carry": True}}, members={"csi300": MEMBERS})
    run(source, target, content)
    assert stored(target, "SZ000001", "csi300_weight").index[-1] == pd.Timestamp("2025-03-04")
    assert stored(target, "SH600000", "csi300_weight")["2025-03-05":].tolist() == [1, 1]


def test_weights_in_the_wrong_unit_are_an_error(source: Path, target: Path) -> None:
    csv(source, "w.csv", [{"date": "2025-03-03", "symbol": code, "weight": 50} for code in ("600000", "000001")])
    with pytest.raises(InputError, match=r"weights\.csi300: a date's weights add up to 100 with unit: fraction"):
        run(source, target, with_inputs(weights={"csi300": {"files": "w.csv", "unit": "fraction"}}))


def test_a_weight_drifts_with_its_price_against_those_of_the_others() -> None:
    known, close = np.array([[0.2, 0.3, np.nan]]), np.array([[10.0, 10, 10], [20, 10, 10], [20, 20, 10]])
    allowed = np.ones((3, 3), dtype=bool)
    drifted = drift_weights(known, np.array([0]), close, allowed, carry=True)
    np.testing.assert_allclose(drifted[1], [0.5 * 0.4 / 0.7, 0.5 * 0.3 / 0.7, np.nan])
    np.testing.assert_allclose(drifted[2], [0.5 * 0.4 / 1.0, 0.5 * 0.6 / 1.0, np.nan])
    stopped = drift_weights(known, np.array([0]), close, allowed, carry=False)
    np.testing.assert_allclose(stopped[0], known[0])
    assert np.isnan(stopped[1:]).all()


def test_known_weights_hold_from_the_first_trading_day_on_or_after_their_date() -> None:
    table = pd.DataFrame({"SH600000": [1.0, 2, 3, 4]}, index=[9, 12, 13, 99])
    weights, positions = on_calendar(table, np.array([10, 11, 14, 15]))
    assert positions.tolist() == [0, 2]
    assert weights[:, 0].tolist() == [1, 3], "of two dates before one day the later one counts"


@pytest.mark.parametrize(
    ("dates", "stock", "message"),
    [
        (("2025-03-10", "2025-04-10"), "600000",
         r"no weight in w\.csv \(2025-03-10 \.\. 2025-04-10\) is of the calendar, 2025-03-03 \.\. 2025-03-06"),
        (("2025-01-02", "2025-01-30"), "600000",
         r"no weight in w\.csv \(2025-01-02 \.\. 2025-01-30\) is of the calendar, 2025-03-03 \.\. 2025-03-06"),
        (("2025-03-03", "2025-03-05"), "600999",
         r"no stock in w\.csv \(2025-03-03 \.\. 2025-03-05\) has price data \(e\.g\. SH600999\)"),
    ],
)  # fmt: skip
def test_weights_of_no_day_or_no_stock_here_are_an_error(
    source: Path, target: Path, dates: tuple[str, ...], stock: str, message: str
) -> None:
    csv(source, "w.csv", [{"date": date, "symbol": stock, "weight": 100} for date in dates])
    with pytest.raises(InputError, match=rf"^weights\.csi300: {message}$"):
        run(source, target, with_inputs(weights={"csi300": "w.csv"}))
    assert not target.exists()


def test_the_last_weights_of_the_month_before_hold_on_the_first_day(source: Path, target: Path) -> None:
    csv(source, "w.csv", [{"date": "2025-02-28", "symbol": "600000", "weight": 100}])
    run(source, target, with_inputs(weights={"csi300": {"files": "w.csv", "carry": True}}))
    assert stored(target, "SH600000", "csi300_weight").tolist() == [1, 1, 1, 1]


def test_known_weights_of_stocks_that_are_no_members_are_counted(source: Path, target: Path) -> None:
    rows = [
        {"date": day, "symbol": code, "weight": 50} for day in (20250303, 20250305) for code in ("600000", "000001")
    ]
    csv(source, "w.csv", rows)
    text(source, "m.txt", "SH600000\t2025-03-03\t2025-03-06\nSZ000001\t2025-03-03\t2025-03-04\n")
    content = with_inputs(weights={"csi300": {"files": "w.csv", "carry": True}}, members={"csi300": MEMBERS})
    report = run(source, target, content)
    tally = report.warnings[
        "weights.csi300: known weights of stocks that are no members that day, kept on that day only"
    ]
    assert (tally.count, tally.examples) == (1, ["SZ000001 2025-03-05"])
    weight = stored(target, "SZ000001", "csi300_weight")
    assert (weight.index[-1], weight["2025-03-05"]) == (pd.Timestamp("2025-03-05"), 0.5)


def test_members_without_a_weight_since_the_table_ended(source: Path, target: Path) -> None:
    csv(source, "w.csv", [{"date": "2025-03-04", "symbol": "600000", "weight": 100}])
    csv(source, "m.csv", [{"symbol": "600000", "start": "2025-03-03", "end": ""}])
    report = run(source, target, with_inputs(weights={"csi300": "w.csv"}, members={"csi300": "m.csv"}))
    what = "members of the last day without a weight (the table ends on 2025-03-04; carry: true goes on with prices)"
    assert report.warnings[f"weights.csi300: {what}"].examples == ["SH600000"]
