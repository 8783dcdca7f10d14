"""The notebooks run from their first cell to their last, and are kept without outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
NAMES = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
NOISE = ("Mean of empty slice", "HiGHS", "Traceback", "usage: git")


def run(name: str, folder: Path) -> Any:
    """The notebook after all its cells ran in `folder`."""
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def printed(notebook: Any) -> str:
    """All text, as a terminal would have it."""
    plain = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs(notebook)]
    return "\n".join(plain)


@pytest.fixture(autouse=True)
def no_services(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    monkeypatch.delenv("MFGRU_PROVIDER", raising=False)


@pytest.mark.parametrize("name", NAMES)
def test_they_are_kept_without_outputs(name: str) -> None:
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    assert outputs(notebook) == []
    assert {cell.execution_count for cell in notebook.cells if cell.cell_type == "code"} == {None}


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    folder = tmp_path_factory.mktemp("quickstart")
    return run("quickstart.ipynb", folder), folder / "quickstart"


def test_the_quickstart_shows_tables_with_charts(quickstart: tuple[Any, Path]) -> None:
    pages = [output.data["text/html"] for output in outputs(quickstart[0]) if "text/html" in output.get("data", {})]
    assert len(pages) == 2
    for page, title in zip(pages, ("Factor test of GRUModel (day)", "CSI1000 enhancement"), strict=True):
        assert title in page
        assert "<table>" in page
        assert "data:image/png;base64," in page


def test_nothing_but_results_is_printed(quickstart: tuple[Any, Path]) -> None:
    text = printed(quickstart[0])
    assert [noise for noise in NOISE if noise in text] == []
    assert "<GRUModel (day), hidden size 30, loss ic, seed 0: day: best validation IC" in text


def test_the_quickstart_leaves_a_run_to_look_at(quickstart: tuple[Any, Path]) -> None:
    _, folder = quickstart
    (page,) = folder.glob("mlruns/*/*/artifacts/index_enhancement/index_enhancement.html")
    assert "CSI1000 enhancement with GRUModel (day)" in page.read_text()


def test_without_a_provider_the_real_market_does_nothing(tmp_path: Path) -> None:
    assert "MFGRU_PROVIDER names no provider" in printed(run("real_market.ipynb", tmp_path))


def test_the_real_market_on_a_provider(
    quickstart: tuple[Any, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of the quickstart stands in for one."""
    monkeypatch.setenv("MFGRU_PROVIDER", str(quickstart[1] / "market"))
    monkeypatch.setenv("MFGRU_CACHE", str(tmp_path / "panels"))
    monkeypatch.setenv("MFGRU_EPOCHS", "1")
    text = printed(run("real_market.ipynb", tmp_path))
    assert "stocks in all of late" in text
    assert "Factor test of GRUModel (day)" in text
