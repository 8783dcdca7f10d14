"""Levels of indices."""

import re
from pathlib import Path

import numpy as np
import pytest

from qlib_mfgru.errors import InputError

from ..vendor import csv, run, spans, stored, with_inputs


def test_index_levels_lie_under_their_code_and_not_in_all(source: Path, target: Path) -> None:
    days = ["2025-03-03", "2025-03-04", "2025-03-05", "2025-03-06", "2025-03-07"]
    rows = [
        {"code": "000300", "date": day, "open": 250, "high": 260, "low": 250, "close": 252 + i}
        for i, day in enumerate(days)
    ]
    report = run(source, target, with_inputs(index=csv(source, "i.csv", rows)))
    assert stored(target, "SH000300", "close").tolist() == [252, 253, 254, 255]
    assert stored(target, "SH000300", "factor").tolist() == [1, 1, 1, 1]
    assert [line[0] for line in spans(target)] == ["SH600000", "SZ000001", "SZ300750"]
    assert report.inputs["index"].dropped["not in the stocks' calendar"].count == 1


@pytest.mark.parametrize(("keep", "level"), [("first", 252), ("last", 255)])
def test_of_levels_that_differ_one_is_kept(source: Path, target: Path, keep: str, level: float) -> None:
    rows = [{"code": "000300", "date": "2025-03-03", "close": close} for close in (252, 255, level)]
    index = {"files": csv(source, "i.csv", rows), "keep": keep, "max_dropped": 0.5}
    report = run(source, target, with_inputs(index=index))
    assert stored(target, "SH000300", "close").tolist()[0] == level
    counts = {reason: tally.count for reason, tally in report.inputs["index"].dropped.items()}
    assert counts == {"again with the same numbers": 1, f"repeated with other values, the {keep} kept": 1}


FAR = "open, high or low far from the close"
OUTSIDE = "open or close outside [low, high]"


def day_rows(**closes: float) -> list[dict[str, object]]:
    """A row with a close for each day of March 2025: ``d03=3000``."""
    return [{"code": "000300", "date": f"2025-03-{day[1:]}", "close": close} for day, close in closes.items()]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"open": 0}, "price not positive"),
        ({"open": -5}, "price not positive"),
        ({"close": -5}, "price not positive"),
        ({"close": ""}, "no close"),
        ({"high": 2, "low": 3}, "high < low"),
        ({"close": 3101, "high": 3090}, OUTSIDE),
        ({"open": 2890}, OUTSIDE),
        ({"high": 30010}, FAR),
        ({"low": 300.1}, FAR),
        ({"open": 4600, "high": 4600}, FAR),
        ({"volume": -1}, "negative volume"),
        ({"high": 1e308}, "beyond float32"),
        ({"amount": 1e39}, "beyond float32"),
        ({"close": "inf"}, "text where a number belongs"),
    ],
)
def test_levels_that_are_no_prices_are_refused_like_stocks_rows(
    source: Path, target: Path, fault: dict[str, object], reason: str
) -> None:
    rows = [row | {"high": 3100.0, "low": 2900.0} for row in day_rows(d03=3000, d04=3001, d05=3002, d06=3003)]
    rows[1] |= fault
    with pytest.raises(InputError, match=rf"^index: 25\.0% of 4 rows are bad(.|\n)*{re.escape(reason)}"):
        run(source, target, with_inputs(index=csv(source, "i.csv", rows)))
    report = run(source, target, with_inputs(index="i.csv", max_dropped=0.3))
    assert {what: tally.count for what, tally in report.inputs["index"].dropped.items()} == {reason: 1}
    closes = stored(target, "SH000300", "close").tolist()
    assert (closes[0], closes[2:], np.isnan(closes[1])) == (3000, [3002, 3003], True)


def test_days_without_a_level_are_counted_with_their_dates(source: Path, target: Path) -> None:
    other = [row | {"code": "000905"} for row in day_rows(d04=50, d05=51)]
    report = run(source, target, with_inputs(index=csv(source, "i.csv", day_rows(d03=40, d06=42) + other)))
    counted = {what: (tally.count, tally.examples) for what, tally in report.warnings.items() if "index: " in what}
    assert counted == {
        "index: SH000300: days without a level: the next level's day takes the whole return":
            (2, ["2025-03-04", "2025-03-05"]),
        "index: SH000905: days before the first level: no backtest against it": (1, ["2025-03-03"]),
        "index: SH000905: days after the last level: no backtest against it": (1, ["2025-03-06"]),
    }  # fmt: skip
    assert report.facts["indices"] == "SH000300, SH000905"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("sz000001", r"^index: SZ000001 is a stock, whose prices the levels would overwrite; the index is 000001\.SH$"),
        (
            "000905.SZ",
            r"^index: SZ000905 is a stock, whose prices the levels would overwrite; the index is 000905\.SH$",
        ),
        ("600000.SH", r"^index: SH600000 is a stock, whose .* overwrite: give it in one of the two only$"),
    ],
)
def test_an_index_under_a_stocks_code_is_refused(source: Path, target: Path, code: str, message: str) -> None:
    rows = [row | {"code": code} for row in day_rows(d03=3300, d04=3305)]
    with pytest.raises(InputError, match=message):
        run(source, target, with_inputs(index=csv(source, "i.csv", rows)))
    assert not target.exists()


@pytest.mark.parametrize("factor", [10, 0.01])
def test_levels_that_jump_and_come_back_are_left_out(source: Path, target: Path, factor: float) -> None:
    rows = day_rows(d03=3000, d04=3010 * factor, d05=3020 * factor, d06=3030)
    report = run(source, target, with_inputs(index=csv(source, "i.csv", rows), max_dropped=0.5))
    dropped = report.inputs["index"].dropped["level that jumps and comes back"]
    assert (dropped.count, dropped.examples) == (2, ["SH000300 2025-03-04", "SH000300 2025-03-05"])
    assert report.inputs["index"].kept == 2
    np.testing.assert_array_equal(stored(target, "SH000300", "close"), [3000, np.nan, np.nan, 3030])


def test_levels_that_jump_and_stay_are_an_error(source: Path, target: Path) -> None:
    rows = day_rows(d03=3000, d04=3010, d05=30200, d06=30300)
    message = r"^index: SH000300 jumps from 3010 to 30200 on 2025-03-05 and does not come back"
    with pytest.raises(InputError, match=message):
        run(source, target, with_inputs(index=csv(source, "i.csv", rows)))


def test_steps_that_no_broad_index_makes_are_counted_and_stay(source: Path, target: Path) -> None:
    rows = day_rows(d03=3000, d04=3450, d05=3455, d06=2930) + [
        row | {"code": "399006"} for row in day_rows(d03=2000, d04=2240, d05=2300, d06=2200)
    ]
    report = run(source, target, with_inputs(index=csv(source, "i.csv", rows)))
    assert stored(target, "SH000300", "close").tolist() == [3000, 3450, 3455, 2930]
    counted = {what: (tally.count, tally.examples) for what, tally in report.warnings.items() if "index: " in what}
    what = "index: levels that move more than 13 % in a day, beyond most stocks' limit: kept"
    assert counted == {what: (2, ["SH000300 2025-03-04", "SH000300 2025-03-06"])}
