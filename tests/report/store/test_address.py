"""A store that cannot be read is one line, at once, whatever its address says."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.report.store import check_address, make_store, opened_store


@pytest.fixture
def free_port() -> Iterator[int]:
    """A port of this machine that nobody listens on, and nobody else is given."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize("kind", ["http", "https", "postgresql", "mysql+pymysql", "mssql+pyodbc"])
def test_nobody_answers(kind: str, free_port: int) -> None:
    with pytest.raises(InputError) as refused:
        opened_store(f"{kind}://quant:hunter2@127.0.0.1:{free_port}/x")
    assert f"nobody answers at 127.0.0.1:{free_port} (Connection refused)" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_somebody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        check_address(f"http://127.0.0.1:{server.getsockname()[1]}/mlflow")


def test_behind_a_proxy_the_proxy_knows(free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    check_address(f"http://127.0.0.1:{free_port}")


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("nonsense://", "mlflow has no store of this kind; an address is sqlite:///FILE, "),
        ("mongodb://localhost/x", "mlflow has no store of this kind"),
        ("http://", "it names no host"),
        ("http://localhost:port", "it is no address (Port could not be cast"),
        ("sqlite:mlruns.db", "Could not parse SQLAlchemy URL"),
        ("mlruns", "The filesystem tracking backend"),
    ],
)
def test_what_is_no_store(uri: str, message: str) -> None:
    with pytest.raises(InputError) as refused:
        opened_store(uri)
    assert str(refused.value).startswith(f"{uri}: the store of experiments cannot be read: {message}")


def test_a_folder_and_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"^{tmp_path} is a folder, and the file of a store is meant"):
        opened_store(f"sqlite:///{tmp_path}")
    with pytest.raises(InputError, match=f"^there is no store of experiments {tmp_path}/absent.db"):
        opened_store(f"sqlite:///{tmp_path}/absent.db")
    make_store(tmp_path / "mlruns.db")
    assert opened_store(f"sqlite:///{tmp_path}/mlruns.db").list_experiments().keys() == {"Default"}
