"""``label_neutral``: labels as distances from their industry's mean, from what is known on the day alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_market import CODES, DAYS, INPUTS, LABEL, use

from qlib_mfgru.data import MultiFreqDataset, MultiFreqHandler
from qlib_mfgru.data.labels import z_score
from qlib_mfgru.errors import InputError
from qlib_mfgru.rolling.identity import training_identity

CHANGED = CODES[9]
"""Is in industry 2 up to day 39, and in 3 from day 42 on; the days between are not stored."""
UNKNOWN = CODES[10:12]
"""Have no industry."""


def industry(number: int) -> np.ndarray:
    values = np.full(len(DAYS), 1.0 + number % 3, dtype=np.float32)
    if CODES[number] == CHANGED:
        values[:40], values[40:42], values[42:] = 2, np.nan, 3
    return values


@pytest.fixture(scope="module")
def with_industries(provider: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small market with ``$industry``."""
    folder = tmp_path_factory.mktemp("industries") / "provider"
    shutil.copytree(provider, folder)
    for number, code in enumerate(CODES):
        if code not in UNKNOWN:
            store(folder, code, industry(number))
    return folder


def store(folder: Path, code: str, values: np.ndarray) -> None:
    np.concatenate([[0], values]).astype("<f").tofile(folder / "features" / code.lower() / "industry.day.bin")


@pytest.fixture
def make(with_industries: Path, cache: Path) -> Callable[..., MultiFreqDataset]:
    def made(folder: Path = with_industries, label_neutral: str | None = "industry") -> MultiFreqDataset:
        use(folder)
        handler = MultiFreqHandler(inputs=INPUTS, label=LABEL, cache_dir=cache, label_neutral=label_neutral)
        return MultiFreqDataset(handler, {"train": (DAYS[0], DAYS[64]), "test": (DAYS[65], DAYS[75])}, sample_step=2)

    return made


def expected(raw: pd.Series, day: int) -> pd.Series:
    """By hand: each industry's mean off, then all by their deviation; the two without an industry are one."""
    groups = {code: float(industry(number)[day]) for number, code in enumerate(CODES)}
    groups[CHANGED] = 2.0 if day < 42 else 3.0
    groups |= dict.fromkeys(UNKNOWN, -1.0)
    off = raw - [raw[[other for other in raw.index if groups[other] == groups[code]]].mean() for code in raw.index]
    return off / off.std(ddof=0)


@pytest.mark.parametrize("day", [36, 39, 40, 41, 42, 60])
def test_labels_of_a_cross_section(make: Callable[..., MultiFreqDataset], day: int) -> None:
    section = make().handler.cross_section(DAYS[day])
    raw = pd.Series(section.raw_label.astype(float), section.instruments)
    assert len(raw) > 8
    np.testing.assert_allclose(section.label, expected(raw.dropna(), day).reindex(raw.index), atol=1e-6)


def test_batches_have_the_labels_of_their_cross_sections(make: Callable[..., MultiFreqDataset]) -> None:
    dataset = make()
    for batch in dataset.batches("train", by="date"):
        section = dataset.handler.cross_section(batch.dates[0])
        np.testing.assert_array_equal(batch.label, section.label[np.isfinite(section.raw_label)])


def test_by_default_all_are_compared_with_all(make: Callable[..., MultiFreqDataset]) -> None:
    section = make(label_neutral=None).handler.cross_section(DAYS[60])
    np.testing.assert_array_equal(section.label, z_score(section.raw_label))


def test_an_industry_of_a_later_day_changes_no_label(
    make: Callable[..., MultiFreqDataset], with_industries: Path, tmp_path: Path
) -> None:
    labels, identities = [], []
    for poisoned in (None, 61, 60):
        folder = with_industries
        if poisoned is not None:
            folder = tmp_path / str(poisoned)
            shutil.copytree(with_industries, folder)
            for number, code in enumerate(CODES[:6]):
                values = industry(number)
                values[poisoned:] = 7
                store(folder, code, values)
        dataset = make(folder)
        labels.append(dataset.handler.cross_section(DAYS[60]).label)
        identities.append(training_identity(dataset, [("day",)]))
    assert np.array_equal(labels[0], labels[1], equal_nan=True)
    assert not np.array_equal(labels[0], labels[2], equal_nan=True)
    assert identities[0] == identities[1], "training ends before day 61"
    assert len({*identities, training_identity(make(label_neutral=None), [("day",)])}) == 3


def test_who_shares_an_industry_counts_and_not_its_number(
    make: Callable[..., MultiFreqDataset], with_industries: Path, tmp_path: Path
) -> None:
    """An update with a new name may number all industries anew: no label changes, and no network is to train again."""

    def after(name: str, change: Callable[[int, np.ndarray], np.ndarray]) -> tuple[str, np.ndarray]:
        folder = Path(shutil.copytree(with_industries, tmp_path / name))
        for number, code in enumerate(CODES):
            if code not in UNKNOWN:
                store(folder, code, change(number, industry(number)))
        dataset = make(folder)
        return training_identity(dataset, [("day",)]), dataset.handler.cross_section(DAYS[60]).label

    day = np.arange(len(DAYS))
    identity, label = after("same", lambda number, values: values)
    renumbered, same_label = after("anew", lambda number, values: 5 - values)
    moved, _ = after("moved", lambda number, values: np.where((day == 20) & (number == 0), 2, values))
    np.testing.assert_array_equal(same_label, label)
    assert renumbered == identity
    assert moved != identity


def test_a_provider_without_industries(provider: Path, make: Callable[..., MultiFreqDataset]) -> None:
    with pytest.raises(InputError, match=r"has no \$industry for label_neutral: leave label_neutral out, or ingest it"):
        make(provider).handler.cross_section(DAYS[60])


def test_a_wrong_setting(make: Callable[..., MultiFreqDataset]) -> None:
    with pytest.raises(InputError, match=r"^label_neutral is 'sector': must be 'industry'"):
        make(label_neutral="sector")
