"""Workers of a rolling run end with it: killed or interrupted, while they import and while they train."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny_world
from worker_watch import end, is_alive, stop_it, wait_for, workers_of

from qlib_mfgru.data import MultiFreqDataset

RUN = """
import sys, time
import qlib, tiny_world
from rolling_world import SEGMENTS
from qlib_mfgru.rolling import RollingEnsembleModel
provider, cache, folder, moment = sys.argv[1:]
if moment == "hand out":  # a pool's thread takes the first task at once, and the others too late
    from joblib.externals.loky.process_executor import ProcessPoolExecutor as Pool, _ExecutorManagerThread as Thread
    wait, submit = Thread.wait_result_broken_or_wakeup, Pool.submit
    Thread.wait_result_broken_or_wakeup = lambda thread: time.sleep(1) or wait(thread)
    Pool.submit = lambda *args, **kwargs: (submit(*args, **kwargs), time.sleep(0.1))[0]
qlib.init(provider_uri=provider, region="cn", kernels=1, logging_level=40)
model = {"class": "OddModel", "module_path": "odd_models", "kwargs": {"folder": folder}}
rolling = RollingEnsembleModel(model, "1M", seeds=[0, 1], n_jobs=2, units_dir=folder + "/units", **tiny_world.FAST)
rolling.fit(tiny_world.dataset(cache, segments=SEGMENTS))
"""


@pytest.fixture
def run(
    dataset: MultiFreqDataset, tiny_provider: Path, panel_cache: Path, tmp_path: Path, moment: str
) -> Iterator[subprocess.Popen[str]]:
    """A run on two workers that hang in their first units; a group of its own, as a shell starts it."""
    for seed in (0, 1):
        (tmp_path / f"hang-6-{seed}").touch()
    folders = (Path(__file__).parents[1], Path(tiny_world.__file__).parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*map(str, folders), *sys.path]), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", RUN, str(tiny_provider), str(panel_cache), str(tmp_path), moment]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True)
    yield process
    end(process)


@pytest.mark.parametrize(
    ("stop", "moment"),
    [
        (signal.SIGKILL, "start"),
        (signal.SIGKILL, "train"),
        (signal.SIGINT, "import"),
        (signal.SIGINT, "hand out"),
        (signal.SIGINT, "train"),
    ],
)
def test_no_worker_outlives_a_run(
    run: subprocess.Popen[str], tmp_path: Path, stop: signal.Signals, moment: str
) -> None:
    wait_for(lambda: len(workers_of(run.pid)) > (moment != "start"))
    if moment == "train":
        wait_for(lambda: len(list(tmp_path.glob("hangs-*"))) == 2)
    workers = workers_of(run.pid)
    stop_it(run, stop)
    wait_for(lambda: not any(map(is_alive, workers)), 10)
    _, errors = run.communicate(timeout=10)
    assert run.returncode == -stop
    if moment != "train":
        assert not (tmp_path / "fits").exists(), "a unit was begun"
    if stop is signal.SIGINT:
        assert errors.count("KeyboardInterrupt") == 1, f"that of the parent, in qlib's words\n{errors}"
        assert "Traceback" not in errors
        wait_for(lambda: not list(Path("/dev/shm").glob(f"sem.loky-{run.pid}-*")), 10)  # whatever loky says of them
