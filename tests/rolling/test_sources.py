"""Which files of a user's own decide what a unit learns: those of its classes, and all that these import."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.model import NetworkModel
from qlib_mfgru.rolling.key import code_version
from qlib_mfgru.rolling.sources import foreign_files

FILES = {
    "srcs_net.py": """
import json, srcs_helper, numpy.linalg, qlib_mfgru.report.published
import srcs_package.inner.layers as layers
from torch import nn
from srcs_installed import thing
from qlib_mfgru.nn import ScoringNet

try:
    import srcs_that_is_nowhere
except ImportError:
    pass

class Net(ScoringNet):
    def __init__(self, inputs, k=None):
        super().__init__(inputs)

    def forward(self, features):
        import srcs_late.inner
        from srcs_late import other
""",
    "srcs_helper.py": "import srcs_deeper, srcs_net\n",
    "srcs_deeper.py": "",
    "srcs_package/__init__.py": "from . import beside\n",
    "srcs_package/beside.py": "",
    "srcs_package/unused.py": "",
    "srcs_package/inner/__init__.py": "",
    "srcs_package/inner/layers.py": """
from ..shared import WIDTH
from .sizes import *

class Net: ...

def make(): ...
""",
    "srcs_package/inner/sizes.py": "",
    "srcs_package/shared.py": "WIDTH = 3\n",
    "srcs_late/__init__.py": "raise RuntimeError('not to be run for a key')\n",
    "srcs_late/inner.py": "import srcs_latest\n",
    "srcs_late/other.py": "not python at all",
    "srcs_latest.py": "",
    "site-packages/srcs_installed.py": "import srcs_unused; thing = 1\n",
    "srcs_unused.py": "",
}
INSTALLED_OR_UNUSED = {"srcs_package/unused.py", "site-packages/srcs_installed.py", "srcs_unused.py"}
NET = {"class": "Net", "module_path": "srcs_net"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A user's folder of models, importable, and what the user has installed."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path / "site-packages"))
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("srcs_")]:
        del sys.modules[name]


def model(**network: Any) -> dict[str, Any]:
    return {"class": "NetworkModel", "module_path": "qlib_mfgru.model", "kwargs": {"network": {**NET, **network}}}


def test_all_that_a_networks_file_imports_of_the_users_own(folder: Path) -> None:
    """Packages, relative and late imports, circles; nothing that is installed, standard or not imported."""
    expected = {folder / name for name in FILES.keys() - INSTALLED_OR_UNUSED}
    assert foreign_files(model()) == expected
    assert not any(name.startswith("srcs_late") for name in sys.modules)  # found, and not run
    assert foreign_files(model()) == expected


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_key_changes_with_each_of_them_and_with_no_other(name: str, folder: Path) -> None:
    before = code_version(model())
    assert code_version(model()) == before
    (folder / name).write_text(FILES[name] + "\n# changed\n")
    assert (code_version(model()) != before) == (name not in INSTALLED_OR_UNUSED)


LAYERS = {name for name in FILES if name.startswith("srcs_package") and "unused" not in name}


@pytest.mark.parametrize(
    "written",
    [
        lambda module: {"class": "Net", "module_path": module.__name__},
        lambda module: {"class": f"{module.__name__}.make"},
        lambda module: {"class": module.Net},
        lambda module: {"func": "make", "module_path": module.__name__},
        lambda module: module.Net,
        lambda module: module.make,
        lambda module: module.Net(),
    ],
    ids=["module_path", "dotted, a function", "a type in a config", "func", "a type", "a function", "an object"],
)
def test_every_way_to_hand_over_a_class(written: Callable[[Any], Any], folder: Path) -> None:
    module = importlib.import_module("srcs_package.inner.layers")
    config = {"class": "GRUModel", "module_path": "qlib_mfgru.model", "kwargs": {"x": [{"y": (written(module),)}]}}
    assert foreign_files(config) == {folder / name for name in LAYERS}


@pytest.mark.parametrize(
    "data",
    [
        {"class": "relu"},
        {"class": None},
        {"class": 3, "module_path": 5},
        {"class": ["bank", "broker"]},
        {"class": "nowhere.Net"},
        {"class": "Absent", "module_path": "srcs_helper"},
        {"module_path": "srcs_helper"},
        {1: "one"},
        "srcs_helper.Net",
        None,
    ],
    ids=str,
)
def test_plain_data_in_kwargs_names_no_class(data: Any, folder: Path) -> None:
    """The network takes it, and so does the key."""
    NetworkModel({**NET, "kwargs": {"k": data}})
    assert foreign_files(model(kwargs={"k": data})) == foreign_files(model())


def test_a_class_without_a_file_is_refused() -> None:
    """As one that was typed into an interpreter: nothing would tell its versions apart."""
    typed = type("Net", (), {"__module__": "srcs_interpreter"})
    with pytest.raises(InputError, match=r"^a class of srcs_interpreter has no file: write it into one, so that units"):
        foreign_files({"class": typed})


def test_nothing_foreign_in_our_own_configs_and_plain_values() -> None:
    ours = {"class": "GRUModel", "module_path": "qlib_mfgru.model", "kwargs": {"freq": "day", "lr": 1e-3, "seed": None}}
    assert foreign_files(ours, Path("x"), {"class": "torch.nn.ReLU"}) == set()
