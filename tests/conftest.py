"""What tests of several packages share."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import command_line
import once
import psutil
import pytest
import tiny_world
from experiments import start_qlib
from qlib.config import C
from qlib.workflow import R

from qlib_mfgru import native
from qlib_mfgru.native import recipe

# A shell that starts us with & has our children ignore SIGINT, which tests send to them.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

LONG = (
    "rolling/test_resume.py",
    "rolling/test_rolling_workflows.py",
    "rolling/test_growth.py",
    "rolling/test_ensemble_members.py",
    "rolling/test_units.py",
    "rolling/test_damaged_units.py",
    "rolling/work/test_workers.py",
    "rolling/work/test_workers_end.py",
    "rehearsal/test_play.py",
    "live/test_qlib_chain.py",
    "live/collecting/test_collect_faults.py",
    "live/collecting/test_collect_resumed.py",
    "live/predicting/test_predict_command.py",
    "live/updating/test_equal.py",
    "live/updating/test_interrupted.py",
    "model/test_signal.py",
    "ingest/fuzz/test_fuzz.py",
    "portfolio/results/test_enhancement_workflow.py",
    "report/test_experiment_store.py",
    "drill/test_damage.py",
    "drill/test_surroundings.py",
    "drill/test_rivals.py",
    "study/test_study_run.py",
    "docs/test_played_pages.py",
    "docs/test_site.py",
    "tests/test_recipes.py",
    "tests/test_workflows.py",
    "tests/test_notebooks.py",
)
"""Files that take longest: they begin first, so that no process is left alone with one at the end."""


MEMORY = Path("/dev/shm")
ROOM = 6e9
"""Bytes that must be free there: a run takes half of that, until it ends."""


def pytest_addoption(parser: pytest.Parser) -> None:
    command_line.add_options(parser)


def pytest_configure() -> None:
    """Temporary folders lie in memory where there is room: a disk takes milliseconds for each metric of a recorder.

    Where PYTEST_DEBUG_TEMPROOT, or --basetemp, says another place, they lie there.
    """
    if MEMORY.is_dir() and min(shutil.disk_usage(MEMORY).free, psutil.virtual_memory().available) > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.path.as_posix().endswith(LONG))


BUILDS = [name for name in recipe.instruction_sets() if not name.endswith("_BF16")]
"""Those of float32; tests/nn/test_bf16.py is on the other."""


def builds() -> list[str]:
    """The compiled kernels' builds that this processor can run, in torch's words."""
    best = native.capability()
    runs = BUILDS[BUILDS.index(best) :] if best in BUILDS else []  # widest first
    return [name for name in runs if native.build(name) is not None]


@pytest.fixture(params=["DEFAULT", *BUILDS])
def processor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A processor without our kernels (``DEFAULT``), and with each of their builds in turn."""
    if request.param not in ("DEFAULT", *builds()):
        pytest.skip(f"no {request.param} build: no C++ compiler at install, or an older processor")
    monkeypatch.setattr(native, "capability", lambda: request.param)
    return request.param


@pytest.fixture(autouse=True, scope="session")
def one_folder_of_the_run(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[None]:
    """Where the run's processes keep what `once` makes: each has its temporary folders below the same one.

    In memory those of a process are gone at its end, unless a test failed.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if hasattr(request.config, "workerinput") else base) / "once"
    folder.mkdir(exist_ok=True)
    once.keep_in(folder)
    yield
    if MEMORY in base.parents and not request.session.testsfailed:
        shutil.rmtree(base, ignore_errors=True)


@pytest.fixture(scope="session")
def tiny_provider() -> Path:
    return once.made_once("tiny", tiny_world.write_provider)


@pytest.fixture(scope="module")
def tiny_qlib(tiny_provider: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """qlib on the tiny provider, with an empty sqlite store of experiments (returned)."""
    store = tmp_path_factory.mktemp("store") / "mlruns.db"
    start_qlib(tiny_provider, store)
    return store


@pytest.fixture(scope="session")
def panel_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("panels")


@pytest.fixture(autouse=True)
def no_experiment_is_left_open() -> Iterator[None]:
    yield
    if C.registered and R.exp_manager.active_experiment is not None:
        R.end_exp()
        pytest.fail("a test left an experiment open")
