"""Handlers and datasets in files: small, and at work in a fresh process."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from small_market import DAYS
from started import done

from qlib_mfgru.data import MultiFreqDataset, MultiFreqHandler

FRESH = """
import pickle, sys, numpy as np, qlib
qlib.init(provider_uri=sys.argv[1], region="cn", kernels=1, logging_level=40)
with open(sys.argv[2], "rb") as file:
    dataset = pickle.load(file)
section = dataset.handler.cross_section("2024-03-12")
labels = dataset.prepare("test", col_set="label").sum().iloc[0]
print(len(section.instruments), repr(float(section.features["15min"].sum(dtype=np.float64))), repr(float(labels)))
"""


def test_a_pickled_dataset_is_small_and_works_in_a_fresh_process(
    make_dataset: Callable[..., MultiFreqDataset], provider: Path, tmp_path: Path
) -> None:
    dataset = make_dataset()
    section = dataset.handler.cross_section("2024-03-12")
    labels = dataset.prepare("test", col_set="label").sum().iloc[0]
    dataset.config(dump_all=False, recursive=True)  # as qlib's trainer does before it saves a dataset
    path = tmp_path / "dataset.pkl"
    path.write_bytes(pickle.dumps(dataset))
    assert path.stat().st_size < 5_000
    n_stocks, features, label_sum = done(FRESH, provider, path, folder=tmp_path).split()
    assert int(n_stocks) == len(section.instruments)
    assert float(features) == pytest.approx(float(section.features["15min"].sum(dtype=np.float64)), abs=1e-3)
    assert float(label_sum) == pytest.approx(labels)


def test_a_handler_pickles_small_even_with_all_it_has(handler: MultiFreqHandler, tmp_path: Path) -> None:
    """qlib.contrib.rolling pickles handlers like this, to share them between its tasks."""
    before = handler.cross_section(DAYS[60])
    handler.to_pickle(tmp_path / "handler.pkl", dump_all=True)
    assert (tmp_path / "handler.pkl").stat().st_size < 5_000
    after = pickle.loads((tmp_path / "handler.pkl").read_bytes()).cross_section(DAYS[60])
    np.testing.assert_array_equal(after.features["15min"], before.features["15min"])


def test_dates_can_be_changed_after_loading(handler: MultiFreqHandler) -> None:
    handler.cross_section(DAYS[60])
    handler.config(start_time=DAYS[50], end_time=DAYS[55])
    assert list(handler.panels.days) == list(DAYS[50:56])
    labels = handler.fetch(col_set="label")
    assert labels.index.get_level_values("datetime").nunique() == 6
    assert labels["LABEL0"].loc[DAYS[55]].notna().any(), "labels look beyond the last sample date"


def test_what_was_saved_before_a_setting_existed_has_its_default(make_dataset: Callable[..., MultiFreqDataset]) -> None:
    dataset = make_dataset()
    expected = dataset.sample_days("train"), dataset.handler.cross_section(DAYS[60]).label
    del dataset.__dict__["valid_blocks"], dataset.handler.__dict__["label_neutral"]
    before = pickle.loads(pickle.dumps(dataset))
    np.testing.assert_array_equal(before.sample_days("train"), expected[0])
    np.testing.assert_array_equal(before.handler.cross_section(DAYS[60]).label, expected[1])
