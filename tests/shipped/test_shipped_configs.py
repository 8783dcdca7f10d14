"""``mfgru configs``: what is shipped, copies of it, and that qrun finds every base wherever it is started."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import qlib.cli.run
from shipped import CONFIGS

from qlib_mfgru.cli import main
from qlib_mfgru.folders import Busy, locked
from qlib_mfgru.shipped import FOLDER, copy_configs, shipped_configs

PATHS = [path for path, _ in shipped_configs()]


def test_the_package_has_what_lies_at_the_top() -> None:
    assert {path: (FOLDER / path).read_bytes() for path in PATHS} == {
        file.relative_to(CONFIGS): file.read_bytes() for file in CONFIGS.rglob("*") if file.is_file()
    }
    assert {path.parts[0] for path in PATHS} == {"ashare_daily", "astock", "demo", "us"}


def test_every_config_says_what_it_is() -> None:
    summaries = dict(shipped_configs())
    assert min(map(len, summaries.values())) > 20
    assert summaries[Path("demo/gru.yaml")] == "The report's 15-minute model (figures 6 and 7)"


def test_a_checkout_that_lost_its_link_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file system without links, or git on Windows, leaves a file in its place."""
    monkeypatch.setattr("qlib_mfgru.shipped.configs.FOLDER", tmp_path / "link")
    for words in (["configs"], ["configs", "--copy", str(tmp_path / "mine")]):
        assert main(words) == 2
        assert f"{tmp_path}/link is no folder of configs" in capsys.readouterr().err


def test_copies(tmp_path: Path) -> None:
    folder = tmp_path / "new/mine"
    copies = copy_configs(folder)
    assert copies == (PATHS, [], [])
    assert {path: (folder / path).read_bytes() for path in PATHS} == {
        path: (FOLDER / path).read_bytes() for path in PATHS
    }
    assert [path.name for path in folder.parent.iterdir()] == ["mine"]
    assert {path.name for path in folder.iterdir()} == {path.parts[0] for path in PATHS}


def test_nothing_is_written_beside_the_folder(tmp_path: Path) -> None:
    """As where the folder is one's home."""
    home = tmp_path / "user"
    home.mkdir()
    (tmp_path / ".user.lock").mkdir()  # in the way of a lock that would lie there
    assert copy_configs(home).made == PATHS


def test_what_a_user_has_is_never_replaced(tmp_path: Path) -> None:
    copy_configs(tmp_path)
    changed, absent, folder, link = (Path("demo") / f"{name}.yaml" for name in ("gru", "mean", "mixed", "daily"))
    (tmp_path / changed).write_text("mine")
    for path in (absent, folder, link):
        (tmp_path / path).unlink()
    (tmp_path / folder).mkdir()
    (tmp_path / link).symlink_to("nowhere")
    (tmp_path / "demo/own.yaml").write_text("own")
    copies = copy_configs(tmp_path)
    assert copies.made == [absent]
    assert copies.kept == sorted([changed, folder, link])
    assert set(copies.same) == {*PATHS} - {changed, absent, folder, link}
    assert (tmp_path / changed).read_text() == "mine"
    assert (tmp_path / "demo/own.yaml").read_text() == "own"
    assert (tmp_path / link).is_symlink()
    assert (tmp_path / absent).read_bytes() == (FOLDER / absent).read_bytes()


def test_one_copies_at_a_time(tmp_path: Path) -> None:
    with locked(tmp_path / "mine/shipped configs", wait=False), pytest.raises(Busy):
        copy_configs(tmp_path / "mine")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["configs"]) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == f"{len(PATHS)} workflow configs in {FOLDER}"
    assert [line.split()[0] for line in rest] == [str(path) for path in PATHS]
    assert main(["configs", "--copy", "mine"]) == 0
    assert capsys.readouterr().out == f"mine: {len(PATHS)} copied, 0 there already\n"
    Path("mine/us/gru.yaml").write_text("changed")
    assert main(["configs", "--copy", "mine"]) == 0
    assert capsys.readouterr().out == (
        f"mine: 0 copied, {len(PATHS) - 1} there already\n"
        "1 kept, though they differ from the shipped ones: changed by you, or of another version\n"
        "  us/gru.yaml\n"
    )


def test_to_the_folder_that_one_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["configs", "--copy", "."]) == 0
    assert {path for path in PATHS if (tmp_path / path).exists()} == set(PATHS)


def test_a_file_in_the_way_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("a file")
    assert main(["configs", "--copy", str(tmp_path / "mine")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("mfgru: ")
    assert error.count("\n") == 1
    assert (tmp_path / "mine").read_text() == "a file"


def base_of(path: Path) -> Path | None:
    lines = (FOLDER / path).read_text().splitlines()
    named = [line.removeprefix("BASE_CONFIG_PATH: ") for line in lines if line.startswith("BASE_CONFIG_PATH: ")]
    return FOLDER / path.parent / named[0] if named else None


def test_no_two_bases_have_the_same_name() -> None:
    """qrun looks for BASE_CONFIG_PATH in the working directory first: another market's base would be merged there."""
    bases = {base.resolve() for base in map(base_of, PATHS) if base is not None}
    assert {base.name for base in bases} == {"ashare_daily_base.yaml", "astock_base.yaml", "demo_base.yaml"}
    assert len(bases) == 3
    assert all(base.is_file() for base in bases)


@pytest.mark.parametrize("started_in", ["astock", "demo", "us", "."])
def test_qrun_finds_the_base_wherever_it_is_started(
    started_in: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks: dict[str, Any] = {}
    monkeypatch.setattr(qlib.cli.run.qlib, "init", lambda **settings: None)
    monkeypatch.setattr(qlib.cli.run, "task_train", lambda task, experiment_name: tasks.update(name=experiment_name))
    copy_configs(tmp_path)
    monkeypatch.chdir(tmp_path / started_in)
    for market, experiment in (("astock", "mfgru_astock"), ("demo", "mfgru_demo"), ("us", "mfgru_demo")):
        with pytest.raises(AttributeError):  # of the recorder, in which the config would be saved
            qlib.cli.run.workflow(str(tmp_path / market / "gru.yaml"))
        assert tasks.pop("name") == experiment
