"""Addresses of stores: one that cannot be read is one line, at once; mlflow would try for minutes, and print pages."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

from mlflow.tracking.registry import UnsupportedModelRegistryStoreURIException
from qlib.workflow.expm import ExpManager
from sqlalchemy.engine import make_url

from qlib_mfgru.addresses import without_secrets
from qlib_mfgru.errors import InputError
from qlib_mfgru.report.store.file import store_file
from qlib_mfgru.report.store.manager import ExperimentStore

_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306, "mssql": 1433}
"""Kinds of stores that another machine may hold, and where each listens unless its address says so."""
_KINDS = "sqlite:///FILE, http://HOST:PORT, https://..., postgresql://..., mysql://... or mssql://..."
_PATIENCE = 5.0
"""Seconds for which a machine may take to answer."""


def check_store(store: str) -> None:
    """Refuse an sqlite store whose file does not exist, which mlflow would make, and what `check_address` refuses."""
    check_address(store)
    file = store_file(store)
    if file is not None and not file.exists():
        raise InputError(
            f"there is no store of experiments {file}: go to the folder of the qrun, or name it with --store"
        )


def check_address(store: str) -> None:
    """Refuse a server's or a database's address where nobody answers.

    Raises
    ------
    InputError
        It has no host or no such port, names a driver that is not installed, or nobody answers within seconds.
    """
    try:
        address = urlsplit(store)
        kind, host = address.scheme.partition("+")[0], address.hostname
        port = address.port or _PORTS.get(kind, 0)
    except ValueError as error:
        raise _unreadable(store, f"it is no address ({error})") from None
    if kind not in _PORTS or (kind.startswith("http") and _by_proxy(address)):
        return
    if not kind.startswith("http"):
        with readable(store):
            make_url(store).get_dialect()  # what is not installed needs no machine that answers
    if host is None:
        if kind.startswith("http"):
            raise _unreadable(store, "it names no host")
        return  # a database's socket on this machine
    try:
        socket.create_connection((host, port), timeout=_PATIENCE).close()
    except OSError as error:
        reason = error.strerror or str(error)
        raise _unreadable(store, f"nobody answers at {host}:{port} ({reason}): start it, or name another") from None


def _by_proxy(address: SplitResult) -> bool:
    return address.scheme in getproxies() and not proxy_bypass(address.netloc)


def opened_store(store: str) -> ExpManager:
    """The experiments of a store, once it has answered.

    Raises
    ------
    InputError
        As of `check_store`; or mlflow cannot read it.
    """
    check_store(store)
    manager = ExperimentStore(uri=store, default_exp_name="mfgru")
    with readable(store):
        manager.client.search_experiments(max_results=1)
    return manager


@contextmanager
def readable(store: str) -> Iterator[None]:
    """Raise what a driver says of a store it cannot read as an InputError, without the password in it."""
    try:
        yield
    except InputError:
        raise
    except UnsupportedModelRegistryStoreURIException:
        raise _unreadable(store, f"mlflow has no store of this kind; an address is {_KINDS}") from None
    except Exception as error:  # drivers raise what they like
        reason = " ".join(str(getattr(error, "orig", error)).split())
        raise _unreadable(store, without_secrets(reason, store, "")) from None


def _unreadable(store: str, reason: str) -> InputError:
    return InputError(f"{store}: the store of experiments cannot be read: {reason}")
