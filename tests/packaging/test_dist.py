"""What ``make dist`` refuses, and what pyproject.toml promises; building takes too long for here."""

from __future__ import annotations

import importlib.metadata
import io
import re
import runpy
import tarfile
import zipfile
from pathlib import Path

import dist
import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

if not (dist.ROOT / ".git").exists():
    pytest.skip("not a checkout: what belongs to the project cannot be listed", allow_module_level=True)

NAMES = dist.tracked()
SHIPPED = dist.shipped(NAMES, "qlib_mfgru/")
NAME = "qlib_mfgru-0.1.0-py3-none-linux_x86_64.whl"


def wheel(folder: Path, names: set[str], name: str = NAME, text: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / name, "w") as archive:
        for file in sorted(names):
            archive.writestr(file, text)
    return folder / name


def test_whole_wheels_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dist.check_wheels(wheel(tmp_path / "a", SHIPPED), wheel(tmp_path / "b", SHIPPED), NAMES)
    assert capsys.readouterr().out == f"{NAME}: {len(SHIPPED)} files, kernels NONE: no compiler\n"


@pytest.mark.parametrize("lacking", ["qlib_mfgru/py.typed", "qlib_mfgru/workflow_configs/demo/gru.yaml"])
def test_a_wheel_that_lacks_a_file_is_refused(lacking: str, tmp_path: Path) -> None:
    with pytest.raises(dist.DistError, match=rf"lacks \['{lacking}'\]"):
        dist.check_wheels(wheel(tmp_path / "a", SHIPPED - {lacking}), wheel(tmp_path / "b", SHIPPED), NAMES)


def test_a_wheel_of_one_python_or_of_other_contents_is_refused(tmp_path: Path) -> None:
    whole = wheel(tmp_path / "a", SHIPPED)
    with pytest.raises(dist.DistError, match="not for every Python"):
        dist.check_wheels(wheel(tmp_path, SHIPPED, "qlib_mfgru-0.1.0-cp311-cp311-linux_x86_64.whl"), whole, NAMES)
    with pytest.raises(dist.DistError, match="other contents"):
        dist.check_wheels(whole, wheel(tmp_path / "b", SHIPPED, text="x"), NAMES)


def sdist(path: Path, names: set[str]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name in sorted(names):
            archive.addfile(tarfile.TarInfo(f"qlib_mfgru-0.1.0/{name}"), io.BytesIO())
    return path


def test_an_sdist_has_what_is_tracked_and_nothing_else(tmp_path: Path) -> None:
    whole = dist.shipped(NAMES, "")
    dist.check_sdist(sdist(tmp_path / "a.tar.gz", whole | {"PKG-INFO", "setup.cfg"}), NAMES)
    with pytest.raises(dist.DistError, match=r"lacks \['Makefile'\] and has \['notes.txt'\]"):
        dist.check_sdist(sdist(tmp_path / "b.tar.gz", whole - {"Makefile"} | {"notes.txt"}), NAMES)


def test_the_page_of_a_package_index_leads_nowhere_that_is_not_there() -> None:
    readme = (dist.ROOT / "README.md").read_text(encoding="utf-8")
    page = runpy.run_path(str(dist.ROOT / "setup.py"))["index_page"](readme)
    links = re.findall(r"\]\(([^)]*)\)", page)
    assert links
    assert all(link.startswith("https://") for link in links)
    assert "![" not in page
    assert "(`mfgru update`, retraining, orders from a broker's list of holdings): docs/daily.md." in page.replace(
        "\n", " "
    )
    assert page.count("\n## ") == readme.count("\n## ")


def test_what_the_project_promises() -> None:
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 has none")
    project = tomllib.loads((dist.ROOT / "pyproject.toml").read_text())["project"]
    pythons = SpecifierSet(project["requires-python"])
    assert [minor for minor in range(8, 16) if pythons.contains(f"3.{minor}")] == [10, 11, 12]
    assert [f"3.{minor}" for minor in (10, 11, 12)] == list(dist.PYTHONS)
    (qlib,) = (line for line in project["dependencies"] if line.startswith("pyqlib"))
    versions = Requirement(qlib).specifier
    assert [v for v in ("0.9.6", "0.9.7", "0.9.99", "0.10") if versions.contains(v)] == ["0.9.7", "0.9.99"]


def test_the_pins_can_be_installed_where_the_readme_says() -> None:
    """Of each as it is installed here; before Python 3.11.5 make leaves them out."""
    pins = dict(line.split("==") for line in (dist.ROOT / "constraints.txt").read_text().splitlines() if "==" in line)
    needs = {name: importlib.metadata.metadata(name).get("Requires-Python") for name in pins if _is_installed(name)}
    assert len(needs) > 150
    for python in ("3.11.5", "3.12.0"):
        assert [name for name, versions in needs.items() if python not in SpecifierSet(versions or "")] == []
    assert [name for name, versions in needs.items() if "3.11.4" not in SpecifierSet(versions or "")]
    for text, words in {"README.md": "Python\n3.11.5", "Makefile": "(3, 11, 5)", "constraints.txt": "3.11.5"}.items():
        assert words in (dist.ROOT / text).read_text(), text


def _is_installed(name: str) -> bool:
    try:
        return bool(importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return False
