"""The provider writer: what lies on disk, and that a provider is whole or not there."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

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
    with pytest.raises(FileExistsError, match="was not made by qlib_mfgru"):
        write(tmp_path / "p")
    assert (tmp_path / "p/thesis.txt").read_text() == "mine"


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
