"""Whole ingests of files as vendors' programs export them."""

import gzip
from pathlib import Path

import pandas as pd
import pytest

from qlib_mfgru.errors import InputError

from ..vendor import BARS, DAILY, make_bars, make_daily, run, stored, with_inputs, write


@pytest.mark.parametrize("word", ["--", "停牌", ""])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_daily_row_of_words_is_a_suspended_day(tmp_path: Path, target: Path, word: str, suffix: str) -> None:
    bars = make_bars()
    bars = bars[~((bars["symbol"] == "600000") & (bars["datetime"].dt.day == 4))]
    daily = make_daily(make_bars()).astype(dict.fromkeys(("open", "high", "low", "close", "volume"), "str"))
    row = (daily["symbol"] == "600000") & (daily["date"] == "2025-03-04")
    daily.loc[row, ["open", "high", "low", "close", "volume"]] = word
    source = write(tmp_path / "in", bars)
    daily.to_csv(source / "d.csv", index=False) if suffix == "csv" else daily.to_parquet(source / "d.parquet")
    report = run(source, target, with_inputs(daily={"files": f"d.{suffix}"}))
    assert {reason: tally.count for reason, tally in report.inputs["daily"].dropped.items()} == {"suspended day": 1}
    assert stored(target, "SH600000", "close").isna().tolist() == [False, True, False, False]


@pytest.mark.parametrize("packed", [False, True])
def test_an_export_a_stock_with_title_and_footer(tmp_path: Path, target: Path, packed: bool) -> None:
    bars = make_bars()
    source = write(tmp_path / "in", None, make_daily(bars))
    for code, rows in bars.groupby("symbol"):
        stamps = rows["datetime"].dt
        table = pd.DataFrame({"      日期": stamps.strftime("%Y/%m/%d"), "    时间": stamps.strftime("%H%M")})
        for title, name in zip(("开盘", "最高", "最低", "收盘", "成交量", "成交额"), rows.columns[2:], strict=True):
            table[f"    {title}"] = rows[name]
        content = f"{code} 某某股份 15分钟线 不复权\n{table.to_csv(sep=chr(9), index=False)}数据来源:通达信\n"
        data = content.replace("\n", "\r\n").encode("gb18030")
        exchange = "SH" if code == "600000" else "SZ"
        path = source / "bars" / f"{exchange}#{code}.txt{'.gz' if packed else ''}"
        path.write_bytes(gzip.compress(data) if packed else data)
    report = run(source, target, with_inputs(bars=BARS | {"encoding": "gb18030"}))
    assert report.inputs["bars"].read == report.inputs["bars"].kept == 192
    one = bars[bars["symbol"] == "300750"]
    assert stored(target, "SZ300750", "close", "15min").tolist() == pytest.approx((one["close"] * 2).tolist(), rel=1e-6)
    titles = report.warnings["lines before the header or after the data are left out"]
    assert titles.count == 6, "a title and a footer a file"
    assert titles.examples[1].endswith(": 数据来源:通达信")


@pytest.mark.parametrize(
    ("title", "prices", "message"),
    [
        (
            "前复权",
            "raw",
            r"x\.txt: its title says that prices are adjusted \(600000 日线 前复权\), the mapping that they",
        ),
        ("后复权", "raw", "export them without adjustment"),
        ("不复权", "adjusted", r"its title says that prices are not adjusted .*: write prices: raw"),
        ("不复权", "raw", None),
        ("前复权", "unadjusted", None),
    ],
)
def test_a_title_that_contradicts_the_mapping_is_an_error(
    tmp_path: Path, target: Path, title: str, prices: str, message: str | None
) -> None:
    source = write(tmp_path / "in")
    (source / "x.txt").write_text(f"600000 日线 {title}\n{make_daily(make_bars()).to_csv(sep=chr(9), index=False)}")
    mapping = {"daily": {"files": "x.txt", "prices": prices}}
    if message is None:
        assert run(source, target, mapping).inputs["daily"].kept == 12
    else:
        with pytest.raises(InputError, match=message):
            run(source, target, mapping)


@pytest.mark.parametrize(
    ("file", "title", "fault"),
    [
        ("SZ#000001.txt", "000001 平安银行 日线 不复权", None),
        ("SZ#000001.txt", "平安银行(000001.SZ) 日线 不复权", None),
        ("SZ#000001.txt", "平安银行 日线 202503", None),
        ("SZ#000001.txt", "600000 浦发银行 日线 不复权", "names the stock 600000 .*: which one is it"),
        (
            "SZ#000001.txt",
            "SH000001 上证指数",
            r"names the stock SH000001 \(SH000001 上证指数\), .* of codes SZ#000001: ",
        ),
        ("000001.txt", "浦发银行（600000） 日线", "names the stock 600000 "),
        # the column of codes goes before the file's name
        ("SH#600000.txt", "000001 平安银行 日线", None),
        ("SZ#000001.txt", "300750 宁德时代 日线", "names the stock 300750 .* of codes 1: "),
    ],
)
def test_a_title_that_names_another_stock_is_an_error(
    tmp_path: Path, target: Path, file: str, title: str, fault: str | None
) -> None:
    daily = make_daily(make_bars(("000001",)))
    has_codes = "SH#" in file or "300750" in title
    daily = daily.assign(symbol=1) if has_codes else daily.drop(columns="symbol")
    source = write(tmp_path / "in")
    (source / file).write_text(f"{title}\n{daily.to_csv(sep=chr(9), index=False)}")
    mapping = {"daily": {"files": file}}
    if fault is None:
        run(source, target, mapping)
        assert (target / "features" / "sz000001").is_dir()
    else:
        with pytest.raises(InputError, match=rf"{file}: its title {fault}"):
            run(source, target, mapping)
        assert not target.exists()


def test_a_title_that_names_an_index_and_a_footer_with_a_code_are_no_faults(tmp_path: Path, target: Path) -> None:
    title, footer = "沪深300(000300.SH) 成份\n", "数据来源:某某证券(600030)\n"
    daily = make_daily(make_bars())
    source = write(tmp_path / "in")
    (source / "d.csv").write_text(f"{title}{daily.to_csv(index=False)}{footer}")
    (source / "m.csv").write_text(f"{title}symbol,start\n600000,2025-03-03\n{footer}")
    (source / "w.csv").write_text(f"{title}symbol,date,weight\n600000,2025-03-03,100\n{footer}")
    report = run(
        source, target, {"daily": {"files": "d.csv"}, "members": {"csi300": "m.csv"}, "weights": {"csi300": "w.csv"}}
    )
    assert [report.inputs[name].kept for name in ("daily", "members.csi300", "weights.csi300")] == [12, 1, 1]
    one = daily[daily["symbol"] == "600000"]
    (source / "d.csv").write_text(f"600000 日线\n{one.to_csv(index=False)}{footer}")
    assert run(source, target, {"daily": {"files": "d.csv"}}).inputs["daily"].kept == 4


def test_a_row_without_a_code_below_a_title_is_a_bad_row(tmp_path: Path, target: Path) -> None:
    daily = make_daily(make_bars(("600000",)))
    daily = pd.concat([daily, daily.tail(1).assign(symbol=None)])
    source = write(tmp_path / "in")
    (source / "d.csv").write_text(f"600000 日线\n{daily.to_csv(index=False)}")
    report = run(source, target, {"daily": {"files": "d.csv", "max_dropped": 0.3}})
    assert {what: tally.count for what, tally in report.inputs["daily"].dropped.items()} == {"unknown symbol": 1}


def test_levels_and_weights_dated_by_a_column_time(tmp_path: Path, target: Path) -> None:
    """As JoinQuant's calls date them, of daily data too."""
    daily = make_daily(make_bars())
    source, days = write(tmp_path / "in", None, daily), sorted(set(daily["date"]))
    levels = [4000.0 + 10 * number for number in range(len(days))]
    pd.DataFrame({"time": days, "code": "000300.XSHG", "close": levels}).to_csv(source / "i.csv")
    codes = sorted(set(daily["symbol"]))
    weights = pd.DataFrame({"time": days[0], "code": codes, "weight": 100 / len(codes)})
    weights.to_csv(source / "w.csv", index=False)
    mapping = {
        "daily": DAILY,
        "index": {"files": "i.csv"},
        "weights": {"csi300": {"files": "w.csv", "unit": "percent"}},
    }
    run(source, target, mapping)
    assert stored(target, "SH000300", "close").tolist() == levels
    assert stored(target, "SH600000", "csi300_weight").iloc[0] == pytest.approx(1 / len(codes))
