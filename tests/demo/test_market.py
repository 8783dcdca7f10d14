"""The market as a whole: reproducible, readable by qlib, made by the command line."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pandas as pd
import pytest
import qlib
from qlib.data import D

from qlib_mfgru.cli import main
from qlib_mfgru.demo import DemoSpec, load_truth, make_demo_market
from qlib_mfgru.demo.venue.calendar import trading_days
from qlib_mfgru.errors import InputError


def digest(provider):
    total = hashlib.sha256()
    for path in sorted(p for p in provider.rglob("*") if p.is_file()):
        total.update(str(path.relative_to(provider)).encode() + path.read_bytes())
    return total.hexdigest()


def wide(series, codes):
    """Stamps by instruments of a series that qlib returns."""
    return series.reset_index().pivot_table(index="datetime", columns="instrument", values=series.name, dropna=False)[
        codes
    ]


def test_same_seed_same_bytes_other_seed_other_bytes(tmp_path):
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        make_demo_market(tmp_path / name, n_stocks=20, n_days=60, intraday_days=30, seed=seed)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    assert digest(tmp_path / "a") != digest(tmp_path / "c")


def test_strength_changes_prices_but_neither_stocks_nor_suspensions(tmp_path):
    """The control market has the same stocks, suspensions and calendar."""
    made = [make_demo_market(tmp_path / str(k), 20, 120, 90, daily_strength=k, intraday_strength=k) for k in (0, 1)]
    for name in ("instruments/all.txt", "calendars/15min.txt", "industries.csv"):
        assert (made[0].target / name).read_bytes() == (made[1].target / name).read_bytes()
    weak, strong = (sorted((market.target / "features").glob("*/close.15min.bin")) for market in made)
    assert [file.parent.name for file in weak] == [file.parent.name for file in strong]
    one, other = (np.concatenate([np.fromfile(file, "<f4") for file in files]) for files in (weak, strong))
    np.testing.assert_array_equal(np.isnan(one), np.isnan(other))
    assert np.isnan(one).any()
    assert (one != other)[~np.isnan(one)].mean() > 0.9


def test_calendar_has_no_weekend_and_no_long_holiday():
    days = trading_days("2020-01-01", 978)
    assert (str(days[0].date()), str(days[-1].date())) == ("2020-01-02", "2023-12-29")
    assert days.day_of_week.max() == 4
    assert not days.isin(pd.date_range("2022-10-01", "2022-10-07")).any()
    assert not days.isin(pd.date_range("2021-02-11", "2021-02-18")).any()
    assert days.is_monotonic_increasing


def test_qlib_reads_both_frequencies(small_market, small):
    qlib.init(provider_uri=str(small_market), region="cn", kernels=1)
    daily = D.features(D.instruments("all"), ["$close", "$limit_up", "$industry", "$truth_daily"], freq="day")
    expected = small("close")
    np.testing.assert_array_equal(wide(daily["$close"], expected.columns), expected)
    bars = wide(D.features(D.instruments("all"), ["$close"], freq="15min")["$close"], expected.columns)
    assert bars.index[0].strftime("%H:%M") == "09:45"
    assert bars.index[-1] == expected.index[-1] + pd.Timedelta(hours=15)
    np.testing.assert_array_equal(bars, small("close", "15min"))
    index = D.features(["SH000300", "SZ399303"], ["$close", "$open", "$high", "$low"], freq="day")
    assert len(index) == 2 * len(expected)
    assert (index["$high"] >= index[["$open", "$close"]].max(axis=1)).all()


def test_truth_reads_back(small_market, small):
    truth = load_truth(small_market)
    assert truth.intraday.shape == (160, 40)
    assert truth.instruments.tolist() == small("close").columns.tolist()
    assert (truth.daily_strength, truth.intraday_strength) == (1.0, 1.0)
    np.testing.assert_array_equal(np.isnan(truth.daily), small("volume").isna())


def test_stocks_list_delist_and_change_status(small_market, small):
    spans = [line.split("\t") for line in (small_market / "instruments/all.txt").read_text().splitlines()]
    calendar = small("close").index
    assert sum(first > str(calendar[0].date()) for _, first, _ in spans) == 3
    assert sum(last[:10] < str(calendar[-1].date()) for _, _, last in spans) == 1
    st = small("is_st")
    assert ((st.max() == 1) & (st.min() == 0)).sum() >= 1
    names = pd.read_csv(small_market / "industries.csv")
    assert set(np.unique(small("industry").max())) <= set(names["code"])


def test_command_makes_a_market_and_says_what(tmp_path, capsys):
    target = tmp_path / "cli"
    options = ["--stocks", "20", "--days", "60", "--intraday-days", "30", "--seed", "4"]
    assert main(["demo", "--target", str(target), *options]) == 0
    assert "20 stocks" in capsys.readouterr().out
    spec = json.loads((target / "mfgru.json").read_text())["spec"]
    assert DemoSpec(**spec) == DemoSpec(n_stocks=20, n_days=60, intraday_days=30, seed=4)


def test_each_session_has_a_folder_of_its_own(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    sizes = ["--stocks", "20", "--days", "60", "--intraday-days", "1"]
    assert main(["demo", *sizes]) == main(["demo", *sizes, "--session", "us"]) == 0
    assert [path.name for path in sorted((tmp_path / ".qlib/qlib_data").iterdir())] == ["mfgru_demo", "mfgru_demo_us"]
    assert json.loads((tmp_path / ".qlib/qlib_data/mfgru_demo_us/mfgru.json").read_text())["spec"]["session"] == "us"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--session", "uk"], "session is 'uk': must be one of 'ashare', 'us', 'hk', 'crypto'"),
        (["--stocks", "5"], "n_stocks is 5: must be at least 20"),
        (["--days", "100", "--intraday-days", "101"], "intraday_days is 101: must be at most n_days, which is 100"),
        (["--start", "2029-06-01"], "n_days is 978: only"),
        (["--start", "1999-06-01"], "start is 1999-06-01: the demo calendar covers 2010 to 2030"),
    ],
)
def test_bad_options_are_refused_with_their_name(tmp_path, capsys, options, message):
    assert main(["demo", "--target", str(tmp_path / "bad"), *options]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"mfgru: {message}")
    assert not (tmp_path / "bad").exists()


def test_foreign_folder_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(InputError, match="not made by qlib_mfgru"):
        make_demo_market(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_truth_of_a_folder_that_is_no_demo_market_is_an_error(tmp_path):
    with pytest.raises(InputError, match="not a demo market"):
        load_truth(tmp_path)
