"""A history that is ingested in parts is, byte for byte, one that is ingested at once."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.live.updates import update
from qlib_mfgru.provider.check.check import check_provider

from .evenings import N_DAYS, SIGHTS, Evenings, differences


def in_parts(market: Evenings, folder: Path, cuts: list[int]) -> Path:
    """Ingest up to the first cut, then update from one to the next."""
    source, target = folder / "parts", folder / "updated"
    ingest(market.mapping(), market.write(source, 0, cuts[0]), target, quiet=True, n_jobs=1)
    for since, until in pairwise(cuts):
        update(target, market.write(source, since, until), quiet=True, n_jobs=1)
    return target


def at_once(market: Evenings, folder: Path) -> Path:
    """Ingest the files of `in_parts` at once."""
    ingest(market.mapping(), folder / "parts", folder / "whole", quiet=True, n_jobs=1)
    return folder / "whole"


@pytest.mark.parametrize("way", SIGHTS)
def test_some_parts_of_a_clean_market(way: str, tmp_path: Path) -> None:
    market = Evenings.make(0, way)
    updated = in_parts(market, tmp_path, [78, 80, 85, 86, 102, N_DAYS])
    assert differences(updated, at_once(market, tmp_path)) == []
    assert not any(row.severity == "error" for row in check_provider(updated, quiet=True))


@pytest.mark.parametrize("seed", range(4))
def test_random_parts_of_a_soiled_market(seed: int, tmp_path: Path) -> None:
    random = np.random.default_rng(seed)
    market = Evenings.make(seed, SIGHTS[seed % len(SIGHTS)])
    market.soil(seed)
    cuts = np.unique([*random.choice(np.arange(70, N_DAYS), 7, replace=False), N_DAYS]).tolist()
    updated = in_parts(market, tmp_path, cuts)
    assert differences(updated, at_once(market, tmp_path)) == []


def test_day_by_day(tmp_path: Path) -> None:
    market = Evenings.make(9, "prev_close")
    market.soil(9)
    updated = in_parts(market, tmp_path, list(range(90, N_DAYS + 1)))
    assert differences(updated, at_once(market, tmp_path)) == []
