"""Nothing of the package unpickles what lies in a file."""

from __future__ import annotations

import ast
from pathlib import Path

import qlib_mfgru

ROOT = Path(qlib_mfgru.__file__).parent
LOADERS = {
    "pickle": {"load", "loads", "Unpickler"},
    "pd": {"read_pickle", "read_hdf"},
    "np": {"load"},
    "torch": {"load"},
    "joblib": {"load"},
}
"""Calls that run code of what they read; numpy's does with ``allow_pickle`` alone."""
FROM_THEIR_OWN_PARENT = {
    "processes.py": ["pickle.loads"],
    "rolling/work/workers.py": ["pickle.loads", "pickle.loads"],
}
"""What a process is sent by the one that started it, and the other way round; never a file."""
OF_A_RECORDER = {
    "model/ahead.py": ["load_object"],
    "report/recorders.py": ["load_object", "load_object"],
}
"""qlib keeps a recorder's objects as pickles, in an experiment store that is one's own."""
WITHOUT_CODE = "report/plain.py"
"""Reads plain values of a pickle and nothing else."""
OF_THE_TRIAL = {"smoke/checks.py": ["pd.read_pickle"]}
"""What a qrun has just left in a folder that the check itself made."""
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "skops"}


def calls(path: Path) -> list[str]:
    """Calls of loaders in a module, in order."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner, name = ast.unparse(node.func.value), node.func.attr
            allowed = any(word.arg == "allow_pickle" for word in node.keywords)
            if name in LOADERS.get(owner, ()) and (owner != "np" or allowed):
                found.append(f"{owner}.{name}")
            elif name in ("read_pickle", "load_object", "from_pickle"):
                found.append(name)
    return sorted(found)


def imports(path: Path) -> set[str]:
    """Modules that unpickle, of those that a module imports at any level."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module).split(".")[0])
    return names & MODULES


FILES = sorted(ROOT.rglob("*.py"))


def test_only_what_a_parent_sent_is_unpickled() -> None:
    users = {path.relative_to(ROOT).as_posix() for path in FILES if imports(path)}
    assert users == {*FROM_THEIR_OWN_PARENT, WITHOUT_CODE}


def test_no_module_loads_a_pickle() -> None:
    found = {path.relative_to(ROOT).as_posix(): calls(path) for path in FILES}
    assert {name: made for name, made in found.items() if made} == FROM_THEIR_OWN_PARENT | OF_A_RECORDER | OF_THE_TRIAL


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(
        "import pickle, torch, numpy as np, pandas as pd\nfrom joblib import load\n"
        "pickle.load(f); torch.load(f); np.load(f, allow_pickle=True); np.load(f); pd.read_pickle(f)\n"
    )
    assert calls(tmp_path / "bad.py") == ["np.load", "pd.read_pickle", "pickle.load", "torch.load"]
    assert imports(tmp_path / "bad.py") == {"pickle"}
