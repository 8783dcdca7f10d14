"""Folds in literal dates, on the exchange's own calendar."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import qlib
from exchange import exchange_days, write_exchange

from qlib_mfgru.data import MultiFreqDataset, MultiFreqHandler
from qlib_mfgru.errors import InputError
from qlib_mfgru.rolling.folds import Fold, calendar_folds, sample_dates

DAYS = exchange_days()
TEST = ("2017-01-04", "2023-04-28")

# fmt: off
REPORT = [ # train, validation, last day of its last label, test
    ("2013-03-08", "2016-03-03", "2016-03-24", "2016-12-16", "2017-01-03", "2017-01-04", "2017-06-30"),
    ("2013-03-08", "2016-07-13", "2016-08-03", "2017-06-12", "2017-06-27", "2017-07-03", "2017-12-29"),
    ("2013-03-08", "2016-12-09", "2016-12-30", "2017-12-11", "2017-12-26", "2018-01-02", "2018-06-29"),
    ("2013-03-08", "2017-05-11", "2017-06-05", "2018-06-11", "2018-06-27", "2018-07-02", "2018-12-28"),
    ("2013-03-08", "2017-10-09", "2017-10-30", "2018-12-12", "2018-12-27", "2019-01-02", "2019-06-28"),
    ("2013-03-08", "2018-02-13", "2018-03-13", "2019-06-06", "2019-06-24", "2019-07-01", "2019-12-31"),
    ("2013-03-08", "2018-07-24", "2018-08-14", "2019-12-16", "2019-12-31", "2020-01-02", "2020-06-30"),
    ("2013-03-08", "2018-12-05", "2018-12-26", "2020-06-09", "2020-06-24", "2020-07-01", "2020-12-31"),
    ("2013-03-08", "2019-05-09", "2019-05-30", "2020-12-11", "2020-12-28", "2021-01-04", "2021-06-30"),
    ("2013-03-08", "2019-09-23", "2019-10-21", "2021-06-11", "2021-06-29", "2021-07-01", "2021-12-31"),
    ("2013-03-08", "2020-02-26", "2020-03-18", "2021-12-15", "2021-12-30", "2022-01-04", "2022-06-30"),
    ("2013-03-08", "2020-07-16", "2020-08-06", "2022-06-10", "2022-06-27", "2022-07-01", "2022-12-30"),
    ("2013-03-08", "2020-12-11", "2021-01-04", "2022-12-12", "2022-12-27", "2023-01-03", "2023-04-28"),
]
# fmt: on


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> MultiFreqDataset:
    """The report's windows, label and sample step over the exchange's calendar."""
    provider = write_exchange(tmp_path_factory.mktemp("exchange") / "provider")
    qlib.init(provider_uri=str(provider), region="cn", kernels=1, logging_level=30)
    handler = MultiFreqHandler(cache_dir=tmp_path_factory.mktemp("panels"))
    return MultiFreqDataset(handler, {"train": ("2013-01-01", "2016-12-31"), "test": TEST})


@pytest.fixture(scope="module")
def plan(report: MultiFreqDataset) -> pd.DataFrame:
    return sample_dates(calendar_folds(DAYS, "2013-01-01", TEST), report, [("day", "15min")])


def spans(folds: list[Fold]) -> list[tuple[str, ...]]:
    return [tuple(f"{date:%Y-%m-%d}" for date in (*fold.train, *fold.test)) for fold in folds]


@pytest.mark.parametrize("number", range(13))
def test_the_reports_calendar(plan: pd.DataFrame, number: int) -> None:
    columns = ["train_first", "train_last", "valid_first", "valid_last", "label_end", "test_first", "test_last"]
    assert len(plan) == 13
    assert tuple(f"{date:%Y-%m-%d}" for date in plan.loc[number, columns]) == REPORT[number]


def test_no_label_reaches_into_a_later_part(report: MultiFreqDataset) -> None:
    """Day by day: the label of a date is known eleven trading days later, which is before the next part begins."""
    position = {day: i for i, day in enumerate(DAYS)}
    for fold in calendar_folds(DAYS, "2013-01-01", TEST):
        part = report.with_segments(fold.segments)
        train, valid = ([DAYS[i] for i in part.sample_days(name)] for name in ("train", "valid"))
        assert len(valid) == pytest.approx((len(train) + len(valid)) / 5, abs=1)
        for dates, following in ((train, valid[0]), (valid, fold.test[0])):
            for date in dates:
                assert DAYS[position[date] + 11] < following


def test_samples_are_the_planned_dates(report: MultiFreqDataset, plan: pd.DataFrame) -> None:
    """What a network is given in a fold is what the table says."""
    fold = calendar_folds(DAYS, "2013-01-01", TEST)[12]
    part = report.with_segments(fold.segments)
    for name in ("train", "valid"):
        dates = part.samples(name).dates
        assert (dates[0], dates[-1], len(dates)) == tuple(plan.loc[12, [f"{name}_{x}" for x in ("first", "last", "n")]])


def test_tests_cover_every_day_once() -> None:
    for retrain in ("1M", "3M", "6M", "12M"):
        folds = calendar_folds(DAYS, "2013-01-01", TEST, retrain)
        covered = [day for fold in folds for day in DAYS if fold.test[0] <= day <= fold.test[1]]
        assert covered == [day for day in DAYS if pd.Timestamp(TEST[0]) <= day <= pd.Timestamp(TEST[1])]


@pytest.mark.parametrize(
    ("retrain", "count", "second", "last"),
    [
        ("1M", 76, ("2017-02-03", "2017-02-28"), ("2023-04-03", "2023-04-28")),
        ("3M", 26, ("2017-04-05", "2017-06-30"), ("2023-04-03", "2023-04-28")),
        ("6M", 13, ("2017-07-03", "2017-12-29"), ("2023-01-03", "2023-04-28")),
        ("12M", 7, ("2018-01-02", "2018-12-28"), ("2023-01-03", "2023-04-28")),
    ],
)
def test_other_periods(retrain: str, count: int, second: tuple[str, str], last: tuple[str, str]) -> None:
    folds = calendar_folds(DAYS, "2013-01-01", TEST, retrain)
    assert len(folds) == count
    assert [fold.number for fold in folds] == list(range(1, count + 1))
    assert (spans(folds)[1][2:], spans(folds)[-1][2:]) == (second, last)


def test_a_sliding_window_moves_with_the_retrainings() -> None:
    folds = calendar_folds(DAYS, "2014-01-01", ("2017-05-02", "2018-02-28"), "6M", "sliding")
    assert spans(folds) == [
        ("2014-01-02", "2017-04-28", "2017-05-02", "2017-06-30"),
        ("2014-07-01", "2017-06-30", "2017-07-03", "2017-12-29"),
        ("2015-01-05", "2017-12-29", "2018-01-02", "2018-02-28"),
    ]


def test_open_ends_become_literal_dates() -> None:
    assert spans(calendar_folds(DAYS, None, ("2023-05-06", None))) == [
        ("2013-01-04", "2023-05-05", "2023-05-08", "2023-06-30")
    ]


def test_each_stage_has_the_dates_of_its_own_frequencies(report: MultiFreqDataset) -> None:
    """A shorter window is complete earlier: the 20-day input's samples begin before the 40-day input's."""
    table = sample_dates(calendar_folds(DAYS, "2013-01-01", TEST)[:1], report, [("15min",), ("15min", "day")])
    assert list(table["inputs"]) == ["15min", "15min+day"]
    assert [f"{date:%Y-%m-%d}" for date in table["train_first"]] == ["2013-02-01", "2013-03-08"]
    assert np.all(table["label_end"] < table["test_first"])


def test_labels_of_training_after_the_last_block_of_validation_count(report: MultiFreqDataset) -> None:
    """Of five dates, two blocks are three and two, of which a fifth is one and none."""
    blocks = MultiFreqDataset(report.handler, report.segments, sample_step=15, valid_blocks=2)
    fold = Fold(1, (DAYS[100], DAYS[171]), (DAYS[172], DAYS[200]))
    row = sample_dates([fold], blocks, [("day", "15min")]).iloc[0]
    assert (row["train_n"], row["valid_n"]) == (4, 1)
    assert list(row[["train_last", "valid_last", "label_end"]]) == [DAYS[160], DAYS[130], DAYS[171]]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"retrain": "5M"}, "retrain is '5M': must be a number of months that divides a year: 1M, 2M, 3M, 4M, 6M, 12M"),
        ({"retrain": "6m"}, "retrain is '6m': "),
        ({"retrain": "0M"}, "retrain is '0M': "),
        ({"retrain": 6}, "retrain is 6: must be text"),
        ({"window": "rolling"}, "window is 'rolling': must be one of 'expanding', 'sliding'"),
        (
            {"test": ("2030-01-01", None)},
            r"the test \(2030-01-01 .. open\) holds no trading day to predict",
        ),
        ({"test": "2030"}, "test is '2030': must be two dates, \\[first, last\\], null for no bound"),
        ({"train_start": 2018}, "train_start is 2018: must be a date such as 2020-01-31"),
        ({"train_start": "2018-01-01"}, "fold 1: no trading day from 2018-01-01 on before its test, 2017-01-04"),
    ],
)
def test_bad_settings(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        calendar_folds(DAYS, **{"train_start": "2013-01-01", "test": TEST, **settings})


def test_a_window_too_short_to_train(report: MultiFreqDataset) -> None:
    folds = calendar_folds(DAYS, "2016-12-20", ("2017-01-04", "2017-03-31"))
    with pytest.raises(InputError, match=r"fold 1 \(test 2017-01-04 .*\) has no (train|valid) date for \['day'\]"):
        sample_dates(folds, report, [("day",)])
