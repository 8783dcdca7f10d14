"""Settings of a dataset: what is refused, in which words, and before anything is read or trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from qlib.data.dataset.handler import DataHandler
from small_market import DAYS, use

from qlib_mfgru.data import MultiFreqDataset, MultiFreqHandler
from qlib_mfgru.data.settings import SegmentSettings
from qlib_mfgru.errors import InputError
from qlib_mfgru.settings import UnknownSetting

MakeDataset = Callable[..., MultiFreqDataset]

PAIR = "must be two dates, [first, last], null for no bound"
TRAIN, TEST = ("2024-01-02", "2024-03-29"), ("2024-04-01", "2024-04-22")
DATASET = [
    ({"sample_step": 0}, "sample_step is 0: must be at least 1"),
    ({"sample_step": 2.5}, "sample_step is 2.5: must be a whole number"),
    ({"valid_ratio": 1.0}, "valid_ratio is 1.0: must be below 1"),
    ({"valid_ratio": 0}, "valid_ratio is 0: must be above 0"),
    ({"sample_stp": 3}, "unknown setting 'sample_stp'; did you mean 'sample_step'?"),
    ({"learning_rate": 3}, "unknown setting 'learning_rate'; known are segments, sample_step, valid_ratio, "
     "valid_blocks, fetch_kwargs"),
    ({"valid_blocks": 0}, "valid_blocks is 0: must be at least 1"),
    ({"valid_blocks": 10**6}, "valid_blocks is 1000000: must be at most 1000"),
    ({"valid_blocks": 2, "segments": {"train": TRAIN, "valid": TEST}}, "valid_blocks is 2: it splits train, and "
     "segments has its own valid"),
    ({"fetch_kwargs": "raw"}, "fetch_kwargs is 'raw': must be a mapping"),
    ({"segments": ["2024-01-02", "2024-03-29"]}, "segments is ['2024-01-02', '2024-03-29']: must be a mapping"),
    ({"segments": {"train": "2024"}}, f"segments.train is '2024': {PAIR}"),
    ({"segments": {"train": ["2024-01-02"]}}, f"segments.train is ['2024-01-02']: {PAIR}"),
    ({"segments": {"train": [2024, None]}}, "segments.train[0] is 2024: must be a date such as 2020-01-31"),
    ({"segments": {"train": ("2024-03-29", "2024-01-02")}}, "segment train (2024-03-29 .. 2024-01-02) holds no day"),
    (
        {"segments": {"train": ("2024-01-02", "2024-03-29"), "test": ("2024-02-01", "2024-04-22")}},
        "segments train (2024-01-02 .. 2024-03-29) and test (2024-02-01 .. 2024-04-22) overlap: they must not share "
        "days, but both contain 2024-02-01 .. 2024-03-29",
    ),
    (
        {"segments": {"train": (20240102, None), "valid": ("2024-03-01", "2024-03-29"), "test": TEST}},
        "segments train (2024-01-02 .. open) and valid (2024-03-01 .. 2024-03-29) overlap: they must not share "
        "days, but both contain 2024-03-01 .. 2024-03-29",
    ),
    (
        {"segments": {"train": (None, "2024-04-01"), "test": TEST}},
        "segments train (open .. 2024-04-01) and test (2024-04-01 .. 2024-04-22) overlap: they must not share "
        "days, but both contain 2024-04-01 .. 2024-04-01",
    ),
    ({"handler": 3}, "handler is 3: must be a MultiFreqHandler or a config with class, module_path, kwargs"),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "message"), DATASET, ids=[message[:50] for _, message in DATASET])
def test_a_dataset_refuses(handler: MultiFreqHandler, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as refused:
        MultiFreqDataset(**{"handler": handler, "segments": {"train": TRAIN, "test": TEST}, **settings})
    assert str(refused.value) == message


@pytest.mark.parametrize(
    "segments",
    [
        {"train": TRAIN, "test": TEST},
        {"train": (None, "2024-03-29"), "test": ("2024-03-30", None)},
        {"train": ("2024-01-02", "2024-03-29 15:00"), "test": ("2024-03-29 16:00", None)},
        {"test": (None, None)},
        {},
    ],
)
def test_segments_that_share_no_day(handler: MultiFreqHandler, segments: dict[str, Any]) -> None:
    assert list(MultiFreqDataset(handler, segments).segments) == list(segments)


def test_segments_become_dates(handler: MultiFreqHandler) -> None:
    dataset = MultiFreqDataset(handler, {"train": [20240102, None]})
    assert dataset.segments == {"train": (pd.Timestamp("2024-01-02"), None)}


CHANGES: dict[str, Callable[[MultiFreqDataset, dict[str, Any]], Any]] = {
    "config": lambda dataset, segments: dataset.config(segments=segments),
    "with_segments": lambda dataset, segments: dataset.with_segments(segments),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_changed_segments_are_checked(
    make_dataset: MakeDataset, change: Callable[[MultiFreqDataset, dict[str, Any]], Any]
) -> None:
    dataset = make_dataset()
    before = dict(dataset.segments)
    with pytest.raises(InputError, match=r"^segments train .* and test .* overlap"):
        change(dataset, {"train": TRAIN, "test": ("2024-03-29", None)})
    assert dataset.segments == before
    change(dataset, {"test": TEST})


def test_an_unknown_keyword_of_config_and_setup_data(make_dataset: MakeDataset) -> None:
    dataset = make_dataset()
    with pytest.raises(UnknownSetting, match=r"^unknown setting 'segment'; did you mean 'segments'\?$"):
        dataset.config(segment={"test": TEST})
    with pytest.raises(UnknownSetting, match=r"^unknown setting 'handler_kwarg'; did you mean 'handler_kwargs'\?$"):
        dataset.setup_data(handler_kwarg={})
    with pytest.raises(UnknownSetting, match=r"^unknown setting 'start'"):
        dataset.config(handler_kwargs={"start": "2024-02-01"})


CONFIG = {"class": "MultiFreqHandler", "module_path": "qlib_mfgru.data"}
HANDLER_CONFIGS = [
    ({**CONFIG, "kwarg": {"clip": 3}}, "unknown setting 'handler.kwarg'; did you mean 'kwargs'?"),
    ({**CONFIG, "kwargs": None}, "handler.kwargs is None: must be a mapping"),
    ({**CONFIG, "kwargs": {"clip": 0}}, "handler: clip is 0: must be above 0"),
    ({**CONFIG, "kwargs": {"clp": 1}}, "handler: unknown setting 'clp'; did you mean 'clip'?"),
    ({"module_path": "qlib_mfgru.data"}, "handler.class is missing"),
    ({**CONFIG, "class": "MultiFreqHandlr"}, "handler.class is 'MultiFreqHandlr': no such class (module "
     "'qlib_mfgru.data' has no attribute 'MultiFreqHandlr')"),
    ({**CONFIG, "module_path": "qlib_mfgru.dta"}, "handler.class is 'MultiFreqHandler': no such class (No module named "
     "'qlib_mfgru.dta')"),
    ({**CONFIG, "class": "BarPanel"}, "handler.class is 'BarPanel': must be a MultiFreqHandler"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "message"), HANDLER_CONFIGS, ids=[message[:50] for _, message in HANDLER_CONFIGS])
def test_a_handler_config_is_refused(config: Any, message: str, provider: Path) -> None:
    use(provider)
    with pytest.raises(InputError) as refused:
        MultiFreqDataset(config, {"train": TRAIN})
    assert str(refused.value) == message


def test_a_handler_of_another_kind(provider: Path) -> None:
    """Alpha158 and its like read for minutes before a model would find no tensors in them."""
    use(provider)
    loader = {"class": "StaticDataLoader", "module_path": "qlib.data.dataset.loader", "kwargs": {"config": {}}}
    with pytest.raises(InputError, match=r"^handler is <.*>: must be a MultiFreqHandler or a config with class"):
        MultiFreqDataset(DataHandler(data_loader=loader, init_data=False), {"train": TRAIN})


CALLS: list[tuple[Callable[[MultiFreqDataset], Any], str]] = [
    (lambda dataset: dataset.batches("train", by="dates"), "by is 'dates': must be one of 'sample', 'date'"),
    (lambda dataset: dataset.batches("train", batch_size=0), "batch_size is 0: must be at least 1"),
    (lambda dataset: dataset.batches("train", seed=-1), "seed is -1: must be at least 0"),
    (lambda dataset: dataset.samples("train", "day"), "freqs is 'day': must be a list"),
    (lambda dataset: dataset.samples("train", ["day", "day"]), "freqs is ['day', 'day']: must not name 'day' twice"),
    (lambda dataset: dataset.samples("train", []), "freqs is []: must not be empty"),
    (lambda dataset: dataset.every_day((2024, None)), "segment[0] is 2024: must be a date such as 2020-01-31"),
    (lambda dataset: dataset.handler.cross_section(2024), "date is 2024: must be a date such as 2020-01-31"),
]


@pytest.mark.parametrize(("call", "message"), CALLS, ids=[message[:50] for _, message in CALLS])
def test_arguments_of_methods(make_dataset: MakeDataset, call: Callable[[MultiFreqDataset], Any], message: str) -> None:
    with pytest.raises(InputError) as refused:
        call(make_dataset())
    assert str(refused.value) == message


def test_eight_digits_are_a_date(make_dataset: MakeDataset) -> None:
    dataset = make_dataset({"test": (20240401, 20240403)})
    assert list(dataset.every_day().dates) == list(DAYS[64:67])
    assert dataset.handler.cross_section(20240401).date == pd.Timestamp("2024-04-01")
    assert list(dataset.prepare("test", col_set="label").index.unique("datetime")) == list(DAYS[64:67])


@pytest.mark.parametrize(("name", "meant"), [("vaild", "valid"), ("tst", "test"), ("trian", "train")])
def test_a_slip_in_a_segments_name_is_refused(name: str, meant: str) -> None:
    others = {"train": ("2024-01-02", "2024-02-29"), "test": ("2024-04-01", "2024-04-22")}
    others.pop(meant, None)
    with pytest.raises(InputError, match=f"segments has '{name}': did you mean '{meant}'"):
        SegmentSettings(segments={**others, name: ("2024-03-01", "2024-03-29")})


def test_other_segments_may_have_other_names() -> None:
    segments = {
        "train": ("2024-01-02", "2024-02-29"),
        "train2": ("2024-03-01", "2024-03-29"),
        "live": (None, "2023-12-29"),
    }
    assert list(SegmentSettings(segments=segments).segments) == ["train", "train2", "live"]
