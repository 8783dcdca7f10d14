"""A mapping that is given to an update is the ingest's, but for where the files are and how they are written."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import IngestMapping
from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.live import update

from .evenings import Evenings

CUT = 30


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[Evenings, Path]:
    """A market, ingested without weights and industries, and the folder of its provider and its files, a day more."""
    folder, market = tmp_path_factory.mktemp("history"), Evenings.make(3)
    ingest(mapping(market), market.write(folder / "s", 0, CUT), folder / "p", quiet=True, n_jobs=1)
    market.write(folder / "s", CUT, CUT + 1)
    return market, folder


def mapping(market: Evenings, **more: Any) -> IngestMapping:
    return market.mapping(**({"weights": {}, "industry": None} | more))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"weights": {"csi300": {"files": "weights/*.csv"}}}, r"the mapping has weights\.csi300, which the ingest of "),
        ({"industry": "industry/*.csv"}, r"the mapping has industry, which the ingest of .*: ingest all files again$"),
        ({"industry": {"files": "industry/*.csv", "optional": True}}, "the mapping has industry, which the ingest"),
        ({"float_shares": None}, r"the mapping lacks float_shares, which the ingest of .* read: add it or ingest all"),
        (
            {"bars": {"files": "bars/*.parquet", "freq": "15min", "stamps": "end", "store": "15min"}},
            r"the mapping's bars\.store is 15min, that of the ingest 15min, 60min: ingest all files again$",
        ),
    ],
)
def test_what_only_an_ingest_can_take_in(
    more: dict[str, Any], message: str, history: tuple[Evenings, Path], tmp_path: Path
) -> None:
    market, folder = history
    provider = Path(shutil.copytree(folder / "p", tmp_path / "p"))
    before = {path: path.read_bytes() for path in provider.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match=message):
        update(provider, mapping=mapping(market, **more), quiet=True, n_jobs=1)
    assert {path: path.read_bytes() for path in provider.rglob("*") if path.is_file()} == before


def test_another_session_is_another_market(history: tuple[Evenings, Path], tmp_path: Path) -> None:
    market, folder = history
    provider = Path(shutil.copytree(folder / "p", tmp_path / "p"))
    given = mapping(market)
    other = given.model_copy(update={"session": given.session.model_copy(update={"zone": "UTC"})})
    with pytest.raises(InputError, match=r"^the mapping's session is not that of the ingest of .*: ingest all files"):
        update(provider, mapping=other, quiet=True, n_jobs=1)


def test_optional_inputs_that_are_still_not_there(history: tuple[Evenings, Path], tmp_path: Path) -> None:
    market, folder = history
    provider = Path(shutil.copytree(folder / "p", tmp_path / "p"))
    given = mapping(market, industry={"files": "nowhere/*.csv", "optional": True}, max_dropped=0.4)
    assert update(provider, mapping=given, quiet=True, n_jobs=1).days == (f"{market.days[CUT]:%Y-%m-%d}",)
