"""Series of a provider: what shows of a damaged file without a look at its values."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import qlib

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import Sums
from qlib_mfgru.provider import read_series
from qlib_mfgru.provider.check.check import check_provider
from qlib_mfgru.provider.storage.files import ProviderFiles
from qlib_mfgru.provider.writer import new_provider

DAYS = pd.bdate_range("2025-01-02", periods=30)
FILE = "features/sh600000/close.day.bin"


@pytest.fixture
def provider(tmp_path: Path) -> Path:
    with new_provider(tmp_path / "p", DAYS) as writer:
        for code in ("SH600000", "SZ000001"):
            prices = dict.fromkeys(("open", "high", "low", "close", "vwap", "factor"), np.ones(28, dtype="f4"))
            writer.write_features(code, "day", 1, prices | {"volume": np.full(28, 1e4), "amount": np.full(28, 1e4)})
        writer.write_members("all", ["SH600000", "SZ000001"], np.ones((30, 2), dtype=bool))
        writer.write_manifest({})
    return tmp_path / "p"


def read(provider: Path) -> None:
    ProviderFiles(provider).series("SH600000", "close", "day")


def findings(provider: Path) -> dict[str, str]:
    return {row.kind: f"{row.severity}: {'; '.join(row.cases)}" for row in check_provider(provider, quiet=True)}


def test_a_whole_provider_is_read_and_has_no_finding_of_files(provider: Path) -> None:
    read(provider)
    assert not [kind for kind in findings(provider) if "files" in kind]


@pytest.mark.parametrize(
    ("size", "message"),
    [(0, "truncated: 0 bytes"), (7, "truncated: 7 bytes"), (112, "it has 112 bytes, not the 116 that were written")],
)
def test_a_truncated_series_is_an_error_that_names_the_file(provider: Path, size: int, message: str) -> None:
    os.truncate(provider / FILE, size)
    with pytest.raises(InputError, match=f"{FILE}: .*{message}"):
        read(provider)


@pytest.mark.parametrize("start", [-1.0, 0.5, 3.0, np.nan])
def test_a_start_that_cannot_be_is_an_error_that_names_the_file(provider: Path, start: float) -> None:
    raw = np.fromfile(provider / FILE, "<f4")
    raw[0] = start
    raw.tofile(provider / FILE)
    with pytest.raises(InputError, match=f"{FILE}: damaged: 28 values from position"):
        read(provider)


def test_a_series_that_goes_on_with_its_calendar_is_read(provider: Path) -> None:
    with open(provider / "calendars" / "day.txt", "a") as file:
        file.write("2025-02-13\n")
    np.append(np.fromfile(provider / FILE, "<f4"), [2, 2]).astype("<f4").tofile(provider / FILE)
    series = ProviderFiles(provider).series("SH600000", "close", "day")
    assert series is not None
    assert (series[0], len(series[1]), series[1][-1]) == (1, 30, 2)


@pytest.mark.parametrize("name", [FILE, "calendars/day.txt", "instruments/all.txt", "mfgru.json"])
def test_check_finds_a_single_changed_byte_in_any_file(provider: Path, name: str) -> None:
    content = bytearray((provider / name).read_bytes())
    content[-2] ^= 1
    (provider / name).write_bytes(content)
    if name == "mfgru.json":
        with pytest.raises(InputError, match=r"mfgru\.json: cannot be read"):
            check_provider(provider, quiet=True)
    else:
        case = findings(provider)["files that are not what was written"]
        assert case == f"error: {provider / name} is not what was written: its checksum differs"


def test_check_finds_a_missing_file_and_one_that_was_added(provider: Path) -> None:
    (provider / FILE).unlink()
    (provider / "features" / "sz000001" / "alpha.day.bin").write_bytes(bytes(8))
    found = findings(provider)
    assert found["files that are not what was written"] == f"error: {provider / FILE} is missing"
    assert found["files that were added since the provider was made"] == "note: features/sz000001/alpha.day.bin"


def test_a_series_that_is_not_there_while_an_update_is_under_way(provider: Path) -> None:
    """Or once it was interrupted, as where a stock gets another code: nothing has to be made again."""
    (provider / FILE).unlink()
    with pytest.raises(InputError, match=f"{FILE}: missing, though it was written: make the provider again"):
        read(provider)
    (provider / ".update").mkdir()
    (provider / ".update/journal.json").write_text("{}")
    with pytest.raises(InputError, match=f"{FILE}: an update is under way, or was interrupted: mfgru update "):
        read(provider)


def test_check_of_a_provider_without_checksums_says_so(provider: Path) -> None:
    """Of an earlier version, or of another one's making, none were promised."""
    (provider / "checksums.txt").unlink()
    (provider / "mfgru.json").write_text('{"made_by": "mfgru ingest"}')
    read(provider)
    assert findings(provider)["providers without checksums"] == f"note: {provider}"


def test_a_damaged_list_of_checksums_is_an_error(provider: Path) -> None:
    (provider / "checksums.txt").write_text("nonsense")
    with pytest.raises(InputError, match=r"checksums\.txt is damaged, or of .*: make the provider again"):
        read(provider)
    assert findings(provider)["files that are not what was written"].startswith(f"error: {provider}/checksums.txt")


def test_a_lost_list_of_checksums_is_for_the_check_to_find(provider: Path) -> None:
    (provider / "checksums.txt").unlink()
    read(provider)
    wrong = f"{provider / 'checksums.txt'} is missing"
    assert findings(provider)["files that are not what was written"] == f"error: {wrong}"


@pytest.mark.parametrize("n_lines", [0, 1, 5, -1])
def test_a_list_that_was_cut_at_a_line_hides_no_changed_byte(provider: Path, n_lines: int) -> None:
    lines = (provider / "checksums.txt").read_text().splitlines(keepends=True)
    (provider / "checksums.txt").write_text("".join(lines[:n_lines]))
    assert findings(provider)["files that are not what was written"].startswith(f"error: {provider}/checksums.txt")


@pytest.mark.parametrize("lost", [FILE, "features/sh600000"])
def test_a_series_that_was_written_and_is_gone_is_an_error(provider: Path, lost: str) -> None:
    """Whoever reads it, also where the calendar has gone on; one that never was is absent."""
    shutil.rmtree(provider / lost) if lost != FILE else (provider / lost).unlink()
    for _ in range(2):
        for files in (read, lambda path: read_by_qlib(path, "close")):
            with pytest.raises(InputError, match=f"^{provider / FILE}: missing, though it was written: make the "):
                files(provider)
        with open(provider / "calendars" / "day.txt", "a") as file:
            file.write("2025-02-13\n")
    assert ProviderFiles(provider).series("SH600000", "alpha", "day") is None
    assert read_by_qlib(provider, "alpha") is None


def read_by_qlib(provider: Path, field: str) -> object:
    qlib.init(provider_uri=str(provider), region="cn", kernels=1)
    return read_series("SH600000", field, "day")


def test_check_misses_the_folder_of_an_index_that_no_list_names(tmp_path: Path) -> None:
    with new_provider(tmp_path / "p", DAYS) as writer:
        for code in ("SH600000", "SH000300"):
            writer.write_features(code, "day", 0, {"close": np.ones(30)})
        writer.write_members("all", ["SH600000"], np.ones((30, 1), dtype=bool))
        writer.write_manifest({})
    shutil.rmtree(tmp_path / "p" / "features" / "sh000300")
    gone = tmp_path / "p" / "features" / "sh000300" / "close.day.bin"
    assert findings(tmp_path / "p")["files that are not what was written"] == f"error: {gone} is missing"
    rows = check_provider(tmp_path / "p", stocks=["SH600000"], quiet=True)
    assert not [row for row in rows if row.kind == "files that are not what was written"]


def test_calendar_and_checksums_are_read_once_for_all_series(provider: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_sums, times = Sums.read, []
    monkeypatch.setattr(Sums, "read", lambda folder: times.append(folder) or read_sums(folder))
    files = ProviderFiles(provider)
    for code in ("SH600000", "SZ000001"):
        for field in ("open", "high", "low", "close", "volume"):
            assert files.series(code, field, "day") is not None
    assert times == [provider]
