"""Stocks named as the vendor does: in upper case, in folders that qlib opens, and refused where they cannot be."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError

from ..vendor import csv, run, spans, stored

DAYS = ["2024-03-11", "2024-03-12"]
DAILY = {"files": "d/*", "prices": "unadjusted"}


def rows(symbol: str | None, close: float) -> list[dict[str, object]]:
    """Two flat days of a stock; without a code the file has no column of it."""
    prices = dict.fromkeys(("open", "high", "low", "close"), close)
    code = {} if symbol is None else {"symbol": symbol}
    return [code | {"date": day, **prices, "volume": 1000, "amount": 1000 * close} for day in DAYS]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "d").mkdir()
    return tmp_path


def test_qlib_opens_what_was_written(folder: Path, target: Path) -> None:
    """``CON`` and ``LPT1`` lie in folders of another name; an index has a code of its own."""
    import qlib
    from qlib.data import D

    from qlib_mfgru.provider import fingerprint, read_series

    closes = {"aapl": 10.0, "BRK.B": 20.0, "con": 30.0, "LPT1": 40.0, "0700.HK": 50.0}
    csv(folder, "d/all.csv", [row for symbol, close in closes.items() for row in rows(symbol, close)])
    index = csv(folder, "i.csv", [{"symbol": "^gspc", "date": day, "close": 5000.0} for day in DAYS])
    run(folder, target, {"session": "us", "daily": DAILY, "index": index})
    assert (target / "features" / "_qlib_con").is_dir()
    assert not (target / "features" / "con").exists()
    qlib.init(provider_uri=str(target), region="us", kernels=1)
    found = D.features(D.instruments("all"), ["$close"])["$close"]
    assert found.groupby("instrument").first().to_dict() == {code.upper(): close for code, close in closes.items()}
    assert D.features(["^GSPC"], ["$close"])["$close"].tolist() == [5000, 5000]
    series = read_series("CON", "close", "day")
    assert series is not None
    np.testing.assert_array_equal(series[1], [30, 30])
    before = fingerprint("day", ["CON"], ("close",))
    np.array([0, 31, 31], "<f4").tofile(target / "features" / "_qlib_con" / "close.day.bin")
    assert fingerprint("day", ["CON"], ("close",)) != before


def test_a_code_that_cannot_be_one_is_a_bad_row(folder: Path, target: Path) -> None:
    good = [row for number in range(9) for row in rows(f"S{number}", 10.0)]
    csv(folder, "d/all.csv", [*good, *rows("../x", 5.0)])
    report = run(folder, target, {"session": "us", "daily": DAILY, "max_dropped": 0.1})
    tally = report.inputs["daily"].dropped["unknown symbol"]
    assert tally.count == 2
    assert tally.examples[0] == "all.csv row 19: ../x 2024-03-11"
    assert [code for code, _, _ in spans(target)] == [f"S{number}" for number in range(9)]


def test_codes_come_from_files_names_and_the_report_says_so(folder: Path, target: Path) -> None:
    csv(folder, "d/brk.b.csv", rows(None, 20.0))
    csv(folder, "d/msft_1d.csv", rows(None, 30.0))
    report = run(folder, target, {"session": "us", "daily": DAILY})
    assert stored(target, "BRK.B", "close").tolist() == [20, 20]
    assert stored(target, "MSFT", "close").tolist() == [30, 30]
    assert "daily: no column of codes: they are taken from the files' names" in report.notes


def test_two_files_of_one_stock_named_in_two_ways(folder: Path, target: Path) -> None:
    csv(folder, "d/aapl.csv", rows(None, 20.0))
    csv(folder, "d/AAPL.csv", rows(None, 30.0))
    with pytest.raises(InputError, match=r"daily: AAPL is written 'AAPL' in AAPL\.csv and 'aapl' in aapl\.csv"):
        run(folder, target, {"session": "us", "daily": DAILY})


def test_a_code_too_long_for_a_folder_is_a_bad_row(folder: Path, target: Path) -> None:
    csv(folder, "d/all.csv", [*rows("A" * 64, 10.0), *rows("A" * 65, 10.0)])
    report = run(folder, target, {"session": "us", "daily": DAILY, "max_dropped": 0.5})
    assert report.inputs["daily"].dropped["unknown symbol"].count == 2
    assert [code for code, _, _ in spans(target)] == ["A" * 64]


def test_members_are_named_alike(folder: Path, target: Path) -> None:
    pd.DataFrame(rows("aapl", 10.0)).to_csv(folder / "d" / "all.csv", index=False)
    members = csv(folder, "m.csv", [{"symbol": "AAPL", "start": "2024-03-12", "end": ""}])
    run(folder, target, {"session": "us", "daily": DAILY, "members": {"sp500": members}})
    assert spans(target, "sp500") == [["AAPL", "2024-03-12", "2024-03-12"]]
