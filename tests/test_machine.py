"""Errors of the machine: which file, what is wrong, what to do; once, however many layers pass them on."""

from __future__ import annotations

import errno
import os
import pickle
from pathlib import Path

import pytest

from qlib_mfgru.folders import locked, staged
from qlib_mfgru.machine import ADVICE, advice, advised, said

NAMES = ("ENOSPC", "EDQUOT", "EACCES", "EROFS", "EISDIR", "EMFILE", "ENAMETOOLONG", "ENOTDIR")


@pytest.mark.parametrize("name", NAMES)
def test_each_kind_says_what_to_do(name: str) -> None:
    number = getattr(errno, name)
    message = said(OSError(number, os.strerror(number), "/市场/bars"))
    assert message == f"/市场/bars: {os.strerror(number)}: {ADVICE[number]}"
    assert "\n" not in message


def test_a_real_error_of_each_layer_is_advised_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("1")
    with pytest.raises(NotADirectoryError) as caught, advice(tmp_path), advice():
        (tmp_path / "file" / "below").mkdir()
    assert said(caught.value) == f"{tmp_path / 'file' / 'below'}: Not a directory: {ADVICE[errno.ENOTDIR]}"
    assert said(pickle.loads(pickle.dumps(caught.value))) == said(caught.value), "as it comes from a worker"


def test_a_write_without_a_name_is_called_by_the_folder(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left on device: free space there") as caught, advice(tmp_path):
        Path("/dev/full").write_text("1")
    assert caught.value.filename == str(tmp_path)


def test_a_copy_names_the_file_that_was_written() -> None:
    error = OSError(errno.ENOSPC, "full", "source", None, "/store/copy")
    assert said(error).startswith("/store/copy: full: free space there")


def test_a_file_that_cannot_take_its_place_names_the_place(tmp_path: Path) -> None:
    (tmp_path / ".box").write_text("1")
    (tmp_path / "scores.csv").mkdir()
    with pytest.raises(IsADirectoryError) as caught, advice(tmp_path):
        (tmp_path / ".box").replace(tmp_path / "scores.csv")
    assert said(caught.value) == f"{tmp_path / 'scores.csv'}: Is a directory: {ADVICE[errno.EISDIR]}"


def test_what_needs_no_advice_is_as_it_was() -> None:
    error = FileNotFoundError(errno.ENOENT, "No such file or directory", "absent.csv")
    assert advised(error, "elsewhere") is error
    assert said(error) == "absent.csv: No such file or directory"
    assert said(TimeoutError("the server is slow")) == "the server is slow"


def test_numpy_says_only_how_much_was_written(tmp_path: Path) -> None:
    message = r"No space left on device, it seems \(400 requested and 0 written\): free space"
    with pytest.raises(OSError, match=message), advice(tmp_path):
        raise OSError("400 requested and 0 written")


def test_a_folder_that_cannot_be_written_is_said_by_the_way_folders_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    market = tmp_path / "market"

    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(tmp_path / ".market.abcdefgh"))

    monkeypatch.setattr("secrets.token_hex", refuse)
    with pytest.raises(PermissionError, match="it may belong to another user: ask"), locked(market, wait=False):
        staged(market).__enter__()
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_a_library_without_a_number_is_not_taken_for_a_full_disk() -> None:
    assert said(OSError("Couldn't deserialize thrift")) == "Couldn't deserialize thrift"
