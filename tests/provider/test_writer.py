"""The provider writer: what lies on disk, and that a provider is whole or not there."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import SUMS, Sums
from qlib_mfgru.provider.manifest import MANIFEST
from qlib_mfgru.provider.writer import new_provider

DAYS = pd.DatetimeIndex(["2025-01-02", "2025-01-03", "2025-01-06"])


def write(target: Path, close: float = 9.5) -> None:
    with new_provider(target, DAYS, {"15min": DAYS[1:]}) as writer:
        writer.write_features("SH600000", "day", 1, {"close": np.array([close, np.nan])})
        writer.write_instruments("all", [("SH600000", DAYS[1], DAYS[2])])
        writer.write_text(MANIFEST, "{}")


def test_files_are_in_qlibs_format(tmp_path: Path) -> None:
    write(tmp_path / "p")
    assert (tmp_path / "p/calendars/day.txt").read_text() == "2025-01-02\n2025-01-03\n2025-01-06\n"
    stamps = (tmp_path / "p/calendars/15min.txt").read_text().split("\n")
    assert stamps[:2] == ["2025-01-03 09:45:00", "2025-01-03 10:00:00"]
    assert stamps[7:9] == ["2025-01-03 11:30:00", "2025-01-03 13:15:00"]
    assert stamps[-2:] == ["2025-01-06 15:00:00", ""]
    assert (tmp_path / "p/instruments/all.txt").read_text() == "SH600000\t2025-01-03\t2025-01-06 15:00:00\n"
    stored = np.fromfile(tmp_path / "p/features/sh600000/close.day.bin", "<f4")
    np.testing.assert_array_equal(stored, np.array([1, 9.5, np.nan], dtype=np.float32))


def test_an_error_leaves_the_old_provider(tmp_path: Path) -> None:
    write(tmp_path / "p")
    with pytest.raises(ZeroDivisionError), new_provider(tmp_path / "p", DAYS):
        _ = 1 / 0
    assert (tmp_path / "p/instruments/all.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_a_provider_of_ours_is_replaced(tmp_path: Path) -> None:
    write(tmp_path / "p", 1.0)
    write(tmp_path / "p", 2.0)
    assert np.fromfile(tmp_path / "p/features/sh600000/close.day.bin", "<f4")[1] == 2.0
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_a_foreign_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p/thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="was not made by qlib_mfgru"):
        write(tmp_path / "p")
    assert (tmp_path / "p/thesis.txt").read_text() == "mine"


THEIRS = ["notes.txt", "instruments/mypool.txt", "calendars/day_future.txt", "features/sh999999/mine.day.bin"]


@pytest.mark.parametrize("theirs", THEIRS)
def test_a_file_of_the_user_in_a_provider_of_ours_is_left_and_named(tmp_path: Path, theirs: str) -> None:
    write(tmp_path / "p")
    (tmp_path / "p" / theirs).parent.mkdir(exist_ok=True)
    (tmp_path / "p" / theirs).write_text("mine")
    message = f"{tmp_path / 'p'} also holds 1 files that qlib_mfgru did not write: {theirs}: move them away, or "
    with pytest.raises(InputError, match=message):
        write(tmp_path / "p", 2.0)
    assert (tmp_path / "p" / theirs).read_text() == "mine"
    assert np.fromfile(tmp_path / "p/features/sh600000/close.day.bin", "<f4")[1] == 9.5
    (tmp_path / "p" / theirs).unlink()
    write(tmp_path / "p", 2.0)


def test_what_comes_while_a_provider_is_written_is_left_too(tmp_path: Path) -> None:
    write(tmp_path / "p")
    with (  # noqa: PT012
        pytest.raises(InputError, match=r"also holds 1 files .*: pool\.txt"),
        new_provider(tmp_path / "p", DAYS) as w,
    ):
        w.write_text(MANIFEST, "{}")
        (tmp_path / "p" / "pool.txt").write_text("mine")
    assert (tmp_path / "p" / "pool.txt").read_text() == "mine"


@pytest.mark.parametrize("how", ["none", "cut", "of something else"])
def test_without_a_whole_list_of_ours_nothing_is_replaced(tmp_path: Path, how: str) -> None:
    """An older version's provider, a damaged one, or a folder that has a file of the manifest's name."""
    write(tmp_path / "p")
    (tmp_path / "p" / "thesis.tex").write_text("mine")
    if how == "none":
        (tmp_path / "p" / SUMS).unlink()
    elif how == "cut":
        lines = (tmp_path / "p" / SUMS).read_text().splitlines(keepends=True)
        (tmp_path / "p" / SUMS).write_text("".join(lines[:-1]))
    else:
        shutil.rmtree(tmp_path / "p" / "features")
        (tmp_path / "p" / MANIFEST).unlink()
        Sums.of(tmp_path / "p").write(tmp_path / "p")
    with pytest.raises(InputError, match=f"{tmp_path / 'p'} has no whole {SUMS} of a provider"):
        write(tmp_path / "p")
    assert (tmp_path / "p" / "thesis.tex").read_text() == "mine"


def test_a_provider_without_its_manifest_or_a_series_is_made_again(tmp_path: Path) -> None:
    """As messages about damage advise."""
    for lost in (MANIFEST, "features/sh600000/close.day.bin"):
        write(tmp_path / "p")
        (tmp_path / "p" / lost).unlink()
    write(tmp_path / "p")
    assert (tmp_path / "p" / lost).exists()


def test_more_values_than_the_calendar_has_room_for(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match=r"SH600000 \$close day: 3 values, the calendar has 2 left"),
        new_provider(tmp_path / "p", DAYS) as writer,
    ):
        writer.write_features("SH600000", "day", 1, {"close": np.ones(3)})
    assert not list(tmp_path.iterdir())


def test_a_provider_without_its_manifest_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=MANIFEST), new_provider(tmp_path / "p", DAYS):
        pass
    assert not (tmp_path / "p").exists()


def test_members_are_written_as_runs_of_days(tmp_path: Path) -> None:
    days = pd.bdate_range("2024-01-01", periods=5)
    member = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0], [1, 0, 0]], dtype=bool)
    with new_provider(tmp_path / "p", days) as writer:
        writer.write_members("csi300", ["SH600000", "SH600001", "SZ000001"], member)
        writer.write_text(MANIFEST, "{}")
    assert (tmp_path / "p/instruments/csi300.txt").read_text().splitlines() == [
        "SH600000\t2024-01-01\t2024-01-02 15:00:00",
        "SH600000\t2024-01-04\t2024-01-05 15:00:00",
        "SH600001\t2024-01-03\t2024-01-04 15:00:00",
    ]
