"""A panel after an update: the same as one that is made anew, and made from the one before."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import qlib
from qlib.config import REG_CN

from qlib_mfgru.data import BarPanel, Field
from qlib_mfgru.data.panel import REPORT_FIELDS, cache, extend
from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.live import update

from .evenings import N_DAYS, Evenings

ARRAYS = ("bars", "traded", "priced", "digests")


def opened(provider: Path, folder: Path, freq: str) -> BarPanel:
    qlib.init(provider_uri=str(provider), region=REG_CN, logging_level=40)
    return BarPanel.open(freq, folder)


def ingested(folder: Path) -> tuple[Evenings, Path, Path]:
    """A market, where its files come to lie, and a provider of its first days."""
    market, source, provider = Evenings.make(1), folder / "s", folder / "p"
    ingest(market.mapping(), market.write(source, 0, 98), provider, quiet=True, n_jobs=1)
    return market, source, provider


@pytest.mark.parametrize("freq", ["15min", "day"])
def test_extended_panel_is_the_one_made_anew(freq: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    market = Evenings.make(1)
    market.soil(1)
    source, provider = tmp_path / "s", tmp_path / "p"
    ingest(market.mapping(), market.write(source, 0, 98), provider, quiet=True, n_jobs=1)
    kept = opened(provider, tmp_path / "cache", freq)
    for since, until in ((98, 99), (99, 101), (101, 106), (106, N_DAYS)):  # a stock is new on day 103
        update(provider, market.write(source, since, until), quiet=True, n_jobs=1)
        with monkeypatch.context() as patch:
            patch.setattr(cache, "write", lambda *_: pytest.fail("the panel was read as a whole"))
            extended = opened(provider, tmp_path / "cache", freq)
        anew = opened(provider, tmp_path / f"other{until}", freq)
        assert extended.instruments == anew.instruments
        assert extended.days.equals(anew.days)
        for name in ARRAYS:
            got, expected = (np.array(getattr(each, name), order="C") for each in (extended, anew))
            assert np.array_equal(got.view("u1"), expected.view("u1")), f"{name} after day {until}"
        assert len(list((tmp_path / "cache").glob(f"{freq}-*"))) == 1
    assert kept.bars.shape[0] == 98


def test_a_panel_of_unknown_changes_is_read_as_a_whole(tmp_path: Path) -> None:
    market, source, provider = ingested(tmp_path)
    opened(provider, tmp_path / "cache", "day")
    ingest(market.mapping(), market.write(source, 98, 100), provider, quiet=True, n_jobs=1)
    update(provider, market.write(source, 100, 101), quiet=True, n_jobs=1)
    assert np.array_equal(
        opened(provider, tmp_path / "cache", "day").bars,
        opened(provider, tmp_path / "other", "day").bars,
        equal_nan=True,
    )


def test_a_field_of_the_users_own_is_read_anew(tmp_path: Path) -> None:
    """What it has been changed by, and from which day on, nobody has noted: its file is none of the provider's own."""
    market, source, provider = ingested(tmp_path)
    fields = (*REPORT_FIELDS, Field(name="mine", kind="quantity"))

    def panel(value: float, n_days: int) -> np.ndarray:
        for folder in (provider / "features").iterdir():
            np.array([0.0, *[value] * n_days], "<f4").tofile(folder / "mine.day.bin")
        qlib.init(provider_uri=str(provider), region=REG_CN, logging_level=40)
        return np.array(BarPanel.open("day", tmp_path / "cache", fields).bars[:, 0, -1])

    assert (panel(1.0, 98) == 1).all()
    update(provider, market.write(source, 98, 99), quiet=True, n_jobs=1)
    assert (panel(2.0, 99) == 2).all()


def test_a_panel_of_another_format_hands_nothing_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bars would be read in the order of today's."""
    market, source, provider = ingested(tmp_path)
    opened(provider, tmp_path / "cache", "day")
    (folder,) = (tmp_path / "cache").glob("day-*")
    other = folder.rename(folder.with_name(folder.name.replace("day-5-", "day-4-")))
    update(provider, market.write(source, 98, 99), quiet=True, n_jobs=1)
    with monkeypatch.context() as patch:
        patch.setattr(cache, "extend", lambda *_: pytest.fail("it was extended"))
        panel = opened(provider, tmp_path / "cache", "day")
    assert np.array_equal(panel.bars, opened(provider, tmp_path / "other", "day").bars, equal_nan=True)
    assert not other.exists()


def test_a_damaged_panel_hands_nothing_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bars are too large to be read whenever it is opened, so a flipped byte shows first where they are copied."""
    market, source, provider = ingested(tmp_path)
    opened(provider, tmp_path / "cache", "day")
    (file,) = (tmp_path / "cache").glob("day-*/bars.npy")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    update(provider, market.write(source, 98, 99), quiet=True, n_jobs=1)
    said: list[str] = []
    monkeypatch.setattr(extend, "get_module_logger", lambda _: SimpleNamespace(warning=said.append, info=str))
    with monkeypatch.context() as patch:
        patch.setattr(cache, "_WHILE_READ", 1)  # as large as a real one
        extended = opened(provider, tmp_path / "cache", "day")
    assert np.array_equal(extended.bars, opened(provider, tmp_path / "other", "day").bars, equal_nan=True)
    assert said == [
        f"{file} is not what was written: its checksum differs: all days of day bars are read from the provider"
    ]
