"""Units in other processes: of this machine, and of a cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import joblib
import pandas as pd
import pytest
import torch
from distributed import Client, LocalCluster
from odd_models import Place, places
from started import done

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.rolling import RollingEnsembleModel

Make = Callable[..., RollingEnsembleModel]


@pytest.fixture
def cluster() -> Iterator[LocalCluster]:
    """Two worker processes of a Dask cluster."""
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as made:
        yield made


def fit(model: RollingEnsembleModel, dataset: MultiFreqDataset, meet: bool) -> tuple[pd.Series, list[Place]]:
    """What a model predicts, and where its units were trained: in at least two processes, if they are to `meet`."""
    folder = Path(model.model["kwargs"]["folder"])
    if meet:
        (folder / "meet").touch()
    model.fit(dataset)
    trained = places(folder)
    for name in ("places", "meet"):
        (folder / name).unlink(missing_ok=True)
    return model.predict(dataset), trained


def test_processes(
    make_model: Make, dataset: MultiFreqDataset, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Two at a time, each with half of the cores, on one memory map; the prediction is the one of this process.

    Their epochs' progress bars are not shown; the bar over all units is.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(joblib.cpu_count())
    try:
        odd = {"folder": str(tmp_path)}
        apart, where = fit(make_model("OddModel", odd, n_jobs=2, units_dir=str(tmp_path / "apart")), dataset, meet=True)
        shown = capfd.readouterr().err
        assert torch.get_num_threads() == joblib.cpu_count()
        share = max(1, joblib.cpu_count() // 2)
        here, home = fit(make_model("OddModel", odd, threads=share, units_dir=str(tmp_path / "here")), dataset, False)
    finally:
        torch.set_num_threads(threads)
    assert {place.process for place in home} == {os.getpid()}
    assert len({place.process for place in where}) == 2
    assert os.getpid() not in {place.process for place in where}
    assert len({(place.process, place.panels) for place in where}) == 2  # opened once a process, for all its units
    assert {place.threads for place in where + home} == {share}
    (memory_map,) = {place.memory_map for place in where + home}
    assert memory_map.endswith("bars.npy")
    pd.testing.assert_series_equal(apart, here, check_exact=True)
    assert "units 6/6: 100%" in shown
    assert "epoch" not in shown


TALK = """
import pickle, sys
import qlib, tiny_world
from rolling_world import SEGMENTS
from qlib_mfgru.output import hush
provider, cache, model, quiet = sys.argv[1:]
if quiet == "True":
    hush()
qlib.init(provider_uri=provider, region="cn", kernels=1, logging_level=30)
with open(model, "rb") as file:
    pickle.load(file).fit(tiny_world.dataset(cache, segments=SEGMENTS))
"""


@pytest.mark.parametrize("quiet", [True, False])
def test_workers_are_as_quiet_as_their_parent(
    quiet: bool, make_model: Make, tiny_provider: Path, panel_cache: Path, tmp_path: Path
) -> None:
    """What a command hushes is hushed there too, and nothing else is."""
    pytest.importorskip("gym")
    (tmp_path / "talk").touch()
    make_model("OddModel", {"folder": str(tmp_path)}, n_jobs=2).to_pickle(tmp_path / "unfitted.pkl")
    said = done(TALK, tiny_provider, panel_cache, tmp_path / "unfitted.pkl", quiet, folder=tmp_path)
    assert ("Gym has been unmaintained" in said, "`reweighter`" in said) == (not quiet, not quiet)
    assert said.count("something of ") == 6


def test_threads_of_a_surrounding_backend(make_model: Make, dataset: MultiFreqDataset, tmp_path: Path) -> None:
    """joblib's own way to choose a backend; seeds do not mix where two networks are made at the same time."""
    with joblib.parallel_config(backend="threading"):
        model = make_model("IncrementalGRUModel", {}, n_jobs=4, units_dir=str(tmp_path / "apart"), threads=1)
        model.fit(dataset)
    here = make_model("IncrementalGRUModel", {}, units_dir=str(tmp_path / "here"))
    here.fit(dataset)
    pd.testing.assert_series_equal(model.predict(dataset), here.predict(dataset), check_exact=True)


def test_a_dask_cluster(make_model: Make, dataset: MultiFreqDataset, cluster: LocalCluster, tmp_path: Path) -> None:
    """By configuration alone: the scheduler's address in the model's kwargs."""
    odd = {"folder": str(tmp_path)}
    here, _ = fit(make_model("OddModel", odd, units_dir=str(tmp_path / "here")), dataset, meet=False)
    backend = {"backend": "dask", "scheduler_host": cluster.scheduler_address}
    model = make_model("OddModel", odd, backend=backend, threads=1, units_dir=str(tmp_path / "there"))
    there, where = fit(model, dataset, meet=True)
    with Client(cluster) as client:
        assert {place.process for place in where} == set(client.run(os.getpid).values())
    assert len({place.process for place in where}) == 2
    pd.testing.assert_series_equal(there, here, check_exact=True)
