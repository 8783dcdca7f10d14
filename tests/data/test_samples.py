"""Batches: every sample once, in an order that the seed alone decides, each as in its date's cross-section."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest
import torch
from small_market import DAYS, INPUTS, NO_BARS

from qlib_mfgru.data import Batch, MultiFreqDataset, SampleTable

Make = Callable[..., MultiFreqDataset]


@pytest.fixture
def dataset(make_dataset: Make) -> MultiFreqDataset:
    return make_dataset()


@pytest.fixture
def table(dataset: MultiFreqDataset) -> SampleTable:
    return dataset.samples("train")


def identities(batch: Batch) -> list[tuple[np.datetime64, str]]:
    return list(zip(batch.dates, batch.instruments, strict=True))


@pytest.mark.parametrize("by", ["sample", "date"])
def test_every_sample_once_an_epoch(dataset: MultiFreqDataset, table: SampleTable, by: str) -> None:
    seen = [one for batch in dataset.batches("train", 20, by=by, seed=3) for one in identities(batch)]
    expected = []
    for date in table.dates:
        section = dataset.handler.cross_section(date)
        known = np.isfinite(section.raw_label)
        expected += [(date.to_datetime64(), code) for code in section.instruments[known]]
    assert sorted(seen) == sorted(expected)
    assert len(seen) == len(table)


def test_a_batch_by_date_is_one_whole_cross_section(dataset: MultiFreqDataset, table: SampleTable) -> None:
    """qlib's DailyBatchSampler gives one stock over many days instead (its issue 2319)."""
    batches = list(dataset.batches("train", by="date"))
    assert len(batches) == len(table.days)
    for batch in batches:
        (date,) = set(batch.dates)
        section = dataset.handler.cross_section(date)
        known = np.isfinite(section.raw_label)
        assert list(batch.instruments) == list(section.instruments[known])
        for freq in INPUTS:
            np.testing.assert_allclose(batch.features[freq], section.features[freq][known], atol=1e-6)
        np.testing.assert_array_equal(batch.label, section.label[known])


def test_shuffled_samples_are_rows_of_their_cross_sections(dataset: MultiFreqDataset) -> None:
    for batch in dataset.batches("train", 25, seed=1):
        assert len(set(batch.dates)) > 3, "samples of a batch come from many dates"
        for row, (date, code) in enumerate(identities(batch)):
            section = dataset.handler.cross_section(date)
            place = list(section.instruments).index(code)
            for freq in INPUTS:
                np.testing.assert_allclose(batch.features[freq][row], section.features[freq][place], atol=1e-6)
            assert batch.label[row] == section.label[place]


@pytest.mark.parametrize("by", ["sample", "date"])
def test_the_order_depends_on_seed_and_epoch_alone(dataset: MultiFreqDataset, by: str) -> None:
    def order(seed: int, epoch: int) -> list[tuple[np.datetime64, str]]:
        return [one for b in dataset.batches("train", 20, by=by, seed=seed, epoch=epoch) for one in identities(b)]

    first = order(0, 1)
    torch.manual_seed(5)
    assert order(0, 1) == first
    assert order(0, 2) != first
    assert order(1, 1) != first


@pytest.mark.parametrize(("size", "sizes"), [(5000, {102}), (102, {102}), (101, {51}), (40, {34}), (1, {1})])
def test_batches_are_even(make_dataset: Make, size: int, sizes: set[int]) -> None:
    table = make_dataset(sample_step=2).samples("train")
    assert len(table) == 102
    assert {len(batch) for batch in table.shuffled(size, 0, 0)} == sizes


def test_tensors_are_views_of_time_major_memory(table: SampleTable) -> None:
    batch = next(table.shuffled(50, 0, 0))
    window = batch.features["15min"]
    assert window.dtype == batch.label.dtype == torch.float32
    assert window.shape == (len(batch), 80, 6)
    assert window.permute(1, 2, 0).is_contiguous()


def test_a_pickled_table_gathers_the_same(table: SampleTable) -> None:
    rows = np.arange(50)
    got, expected = pickle.loads(pickle.dumps(table)).batch(rows), table.batch(rows)
    assert identities(got) == identities(expected)
    for freq, window in expected.features.items():
        assert torch.equal(got.features[freq], window)


def test_inputs_restrict_what_is_gathered_not_what_a_sample_is(table: SampleTable) -> None:
    both, day = next(table.shuffled(50, 0, 0)), next(table.shuffled(50, 0, 0, inputs=["day"]))
    assert list(day.features) == ["day"]
    assert identities(day) == identities(both)
    assert torch.equal(day.features["day"], both.features["day"])
    assert NO_BARS not in both.instruments


def test_normalisation_is_across_all_stocks_with_or_without_a_label(make_dataset: Make) -> None:
    """The label of day 76 ends on day 80, which is not known; the samples of that date exist all the same."""
    dataset = make_dataset({"train": (DAYS[40], DAYS[79])}, sample_step=1)
    everyone = SampleTable(dataset.handler.panels, ("day",), np.array([76]), labelled=False)
    assert len(everyone) > 0
    assert len(SampleTable(dataset.handler.panels, ("day",), np.array([76]))) == 0
    assert everyone.unlabelled == 0
    assert bool(torch.isnan(everyone.labels).all())


def test_labels_are_z_scored_by_date(table: SampleTable) -> None:
    for rows in table.rows_by_date():
        label = table.labels[rows].double()
        assert float(label.mean()) == pytest.approx(0, abs=1e-6)
        assert float(label.std(correction=0)) == pytest.approx(1, abs=1e-6)


def test_a_table_on_a_device_has_the_same_samples(table: SampleTable) -> None:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    moved = table.over(table.panels.on_device(device, table.freqs))
    assert {freq for freq, windows in moved.panels.windows.items() if windows.resident} == set(INPUTS)
    assert not any(windows.resident for windows in table.panels.windows.values())
    assert len(moved) == len(table)
    for got, expected in zip(moved.shuffled(40, seed=1, epoch=2), table.shuffled(40, seed=1, epoch=2), strict=True):
        assert identities(got) == identities(expected)
        assert torch.equal(got.label, expected.label)
        for freq, window in got.features.items():
            assert window.device.type == device.type
            assert window.permute(1, 2, 0).is_contiguous()
            torch.testing.assert_close(window.cpu(), expected.features[freq], rtol=1e-6, atol=5e-6)
