"""Segments in literal dates: the grid, the split, the gaps, and every history used in full."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from qlib.data.dataset import DatasetH
from qlib.log import get_module_logger
from small_market import DAYS

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.data.labels import REPORT_LABEL
from qlib_mfgru.errors import InputError

Make = Callable[..., MultiFreqDataset]


def dates(dataset: MultiFreqDataset, segment: str, freqs: list[str] | None = None) -> list[str]:
    return [f"{date:%m-%d}" for date in dataset.samples(segment, freqs).dates]


def test_segments_in_literal_dates(make_dataset: Make) -> None:
    """Train 2024-01-02 .. 04-01, test from 04-02; a sample every second day; windows from 2024-02-19 on.

    The label ends four days later, so 03-26 is the last sample that may be used before the test; of the 14 dates
    from 02-19 on, 11 train and 3 validate, and the label of the last training date must end before 03-22.
    """
    dataset = make_dataset()
    assert dates(dataset, "train") == ["02-19", "02-21", "02-23", "02-27", "02-29", "03-04", "03-06", "03-08", "03-12"]
    assert dates(dataset, "valid") == ["03-20", "03-22", "03-26"]
    assert dates(dataset, "test") == ["04-02", "04-04", "04-08", "04-10", "04-12", "04-16"]


def test_no_label_reaches_over_a_boundary(make_dataset: Make) -> None:
    dataset = make_dataset()
    horizon = dataset.handler.horizon
    assert horizon == 4
    train, valid, test = (dataset.samples(name).days for name in ("train", "valid", "test"))
    assert train.max() + horizon < valid.min()
    assert valid.max() + horizon < test.min()


def test_daily_bars_use_the_history_before_the_first_15_minute_bar(make_dataset: Make) -> None:
    dataset = make_dataset()
    assert dates(dataset, "train", ["day"])[:2] == ["01-16", "01-18"]
    assert dates(dataset, "valid", ["day"])[-1] == "03-26"
    count = {freq: len(dates(dataset, "train", [freq])) for freq in ("day", "15min")}
    assert count == {"day": 19, "15min": 9}


def test_a_valid_segment_of_its_own(make_dataset: Make) -> None:
    segments = {"train": (None, "2024-03-05"), "valid": ("2024-03-06", "2024-03-20"), "test": ("2024-03-21", None)}
    dataset = make_dataset(segments, sample_step=1)
    assert dates(dataset, "train")[-1] == "02-28"  # its label ends on 03-05
    assert (dates(dataset, "valid")[0], dates(dataset, "valid")[-1]) == ("03-06", "03-14")


@pytest.mark.parametrize(
    ("label", "horizon", "last"),
    [
        (REPORT_LABEL, 11, "03-14"),
        ("Ref($close, -1) / $close - 1", 1, "03-28"),
        ("Ref($vwap, -6) / Ref($vwap, -1) - 1", 6, "03-21"),
        ("Mean(Ref($close, -5), 3) / $close - 1", 5, "03-22"),
    ],
)
def test_the_gap_follows_from_the_label(make_dataset: Make, label: str, horizon: int, last: str) -> None:
    dataset = make_dataset({"train": (None, "2024-03-29"), "test": ("2024-04-01", None)}, sample_step=1, label=label)
    assert dataset.handler.horizon == horizon
    assert dates(dataset, "valid")[-1] == last


def said(monkeypatch: pytest.MonkeyPatch, dataset: MultiFreqDataset, segment: str) -> list[str]:
    """What the log says about a segment's samples."""
    lines: list[str] = []
    monkeypatch.setattr(get_module_logger("MultiFreqDataset"), "info", lines.append)
    dataset.samples(segment)
    return lines


def test_every_date_that_is_left_out_is_counted_once(make_dataset: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 16 dates from 02-19 on 9 train, 2 (03-14, 03-18) are the gap, 3 validate, 2 (03-28, 04-01) are too late."""
    dataset = make_dataset()
    train, valid = (said(monkeypatch, dataset, name) for name in ("train", "valid"))
    assert train[0] == "train: 2 sample dates left out because their label overlaps with one of validation"
    assert train[1].startswith("train for day+15min: 102 samples on 9 dates, 2024-02-19 .. 2024-03-12; ")
    assert len(train) == len(valid) == 2
    assert valid[0] == "valid: 2 sample dates left out because their label reaches into a later segment"
    assert valid[1].startswith("valid for day+15min: ")
    assert " on 3 dates, 2024-03-20 .. 2024-03-26; " in valid[1]


def test_the_gap_before_a_valid_segment_is_counted_too(make_dataset: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    segments = {"train": (None, "2024-03-05"), "valid": ("2024-03-06", "2024-03-20"), "test": ("2024-03-21", None)}
    dataset = make_dataset(segments, sample_step=1)
    late = "{}: 4 sample dates left out because their label reaches into a later segment"
    for name in ("train", "valid"):
        assert said(monkeypatch, dataset, name)[0] == late.format(name)
    assert len(said(monkeypatch, dataset, "test")) == 1


@pytest.mark.parametrize(("step", "count"), [(1, 40), (2, 20), (5, 8)])
def test_a_sample_every_so_many_days(make_dataset: Make, step: int, count: int) -> None:
    segments = {"all": (DAYS[36], DAYS[75])}
    assert len(make_dataset(segments, sample_step=step).samples("all").days) == count


def test_the_last_fifth_validates(make_dataset: Make) -> None:
    dataset = make_dataset({"train": (DAYS[35], DAYS[74])}, sample_step=1)
    assert (len(dataset.samples("train").days), len(dataset.samples("valid").days)) == (32 - 4, 8)


def test_prediction_covers_every_trading_day(make_dataset: Make) -> None:
    dataset = make_dataset()

    def covered(segment: Any) -> list[Any]:
        return sorted(set(dataset.every_day(segment).sample_dates))

    assert covered("test") == list(DAYS[65:76])
    assert covered(slice("2024-04-02", "2024-04-03")) == list(DAYS[65:67])
    assert covered(("2024-01-01", "2024-02-20")) == list(DAYS[34:36])


def test_bounds_may_be_moments_to_the_nanosecond(make_dataset: Make) -> None:
    after_69, within_72 = (DAYS[day].as_unit("ns") + pd.Timedelta(1, "ns") for day in (69, 72))
    dataset = make_dataset({"train": (pd.Timestamp.min, after_69), "test": (within_72, pd.Timestamp.max)})
    assert dataset.segment_days("train").tolist() == list(range(70))
    assert dataset.segment_days("test").tolist() == list(range(73, 80))


def test_qlibs_own_prepare_serves_labels(make_dataset: Make) -> None:
    """SignalRecord casts the dataset to DatasetH and asks like this."""
    dataset = make_dataset()
    frame = DatasetH.prepare(dataset, "test", col_set="label", data_key="raw")
    stamps = frame.index.get_level_values("datetime")
    assert (stamps.min(), stamps.max()) == (DAYS[65], DAYS[75])
    assert list(frame.columns) == ["LABEL0"]
    train, test = dataset.prepare(["train", "test"], col_set="label")
    assert len(train) > len(test) == len(frame)


def test_what_is_not_there(make_dataset: Make) -> None:
    dataset = make_dataset({"train": (DAYS[0], DAYS[20]), "test": (DAYS[60], DAYS[70])})
    with pytest.raises(InputError, match=r"no segment 'live'; the dataset has \['train', 'test'\]"):
        dataset.segment_days("live")
    with pytest.raises(InputError, match=r"'train' .* has no sample for \['day', '15min'\]"):
        dataset.samples("train")
    with pytest.raises(
        InputError,
        match=r"complete windows of day and 15min on any day of .*; day has some in .* \.\. .*, 15min has some in",
    ):
        dataset.every_day("train")
