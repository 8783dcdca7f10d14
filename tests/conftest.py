"""What tests of several packages share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny_world
from experiments import start_qlib
from qlib.config import C
from qlib.workflow import R

from qlib_mfgru import native
from qlib_mfgru.native import recipe

LONG = (
    "rolling/test_resume.py",
    "rolling/test_rolling_workflows.py",
    "rolling/test_growth.py",
    "rolling/test_ensemble_members.py",
    "rehearsal/test_play.py",
    "live/collecting/test_collect_faults.py",
    "live/predicting/test_predict_command.py",
    "live/updating/test_interrupted.py",
    "report/test_experiment_store.py",
    "drill/test_damage.py",
    "drill/test_surroundings.py",
    "study/test_study_run.py",
    "tests/test_workflows.py",
    "tests/test_notebooks.py",
)
"""Files that take longest: they begin first, so that no process is left alone with one at the end."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--docs", action="store_true", help="run what README and docs show, not only its quickest part")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.path.as_posix().endswith(LONG))


def builds() -> list[str]:
    """The compiled kernels' builds that this processor can run, in torch's words."""
    best = native.capability()
    return [name for name in recipe.instruction_sets() if name <= best and native.build(name) is not None]


@pytest.fixture(params=["DEFAULT", *recipe.instruction_sets()])
def processor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A processor without our kernels (``DEFAULT``), and with each of their builds in turn."""
    if request.param not in ("DEFAULT", *builds()):
        pytest.skip(f"no {request.param} build: no C++ compiler at install, or an older processor")
    monkeypatch.setattr(native, "capability", lambda: request.param)
    return request.param


@pytest.fixture(scope="session")
def tiny_provider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_world.write_provider(tmp_path_factory.mktemp("tiny") / "provider")


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
