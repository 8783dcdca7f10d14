"""The small demo market served by the vendor's protocol, and the real client library, logged in."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from demo.conftest import INTRADAY_DAYS, N_DAYS, N_STOCKS
from qlib_mfgru.demo.baostock import Faults, Server, VendorMarket, serving

Ask = Callable[..., pd.DataFrame]


@pytest.fixture(scope="session")
def vendor() -> VendorMarket:
    """The market of `small_market`."""
    return VendorMarket.of(n_stocks=N_STOCKS, n_days=N_DAYS, intraday_days=INTRADAY_DAYS, seed=3)


@pytest.fixture(scope="session")
def running(vendor: VendorMarket) -> Iterator[Server]:
    with serving(vendor) as server:
        yield server


@pytest.fixture
def server(running: Server, vendor: VendorMarket) -> Server:
    """A server without faults that knows all days, has been asked nothing, and to which nobody is connected."""
    deadline = time.monotonic() + 5
    while running.connections:  # those of the test before
        assert time.monotonic() < deadline
        time.sleep(0.001)
    running.today, running.faults = vendor.days[-1], Faults()
    running.asked.clear()
    return running


@pytest.fixture
def client(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The real library, which is to talk to our server and is not logged in."""
    library = pytest.importorskip("baostock")
    contants = pytest.importorskip("baostock.common.contants")
    context = pytest.importorskip("baostock.common.context")
    sockets = pytest.importorskip("baostock.util.socketutil")
    monkeypatch.setattr(sockets, "socket", socket)  # which a collector may have replaced
    monkeypatch.setattr(contants, "BAOSTOCK_SERVER_IP", server.host)
    monkeypatch.setattr(contants, "BAOSTOCK_SERVER_PORT", server.port)
    yield library
    if hasattr(context, "default_socket"):
        context.default_socket.close()


@pytest.fixture
def ask(client: ModuleType) -> Ask:
    """Ask one of the library's queries, all pages of it: ``ask("query_trade_dates", "2020-01-01", "2020-02-01")``."""
    assert client.login().error_code == "0"
    return lambda name, *arguments, **named: rows_of(getattr(client, name)(*arguments, **named))


def rows_of(result: Any) -> pd.DataFrame:
    """All pages of an answer, as text."""
    assert result.error_code == "0", result.error_msg
    rows = []
    while result.next():
        rows.append(result.get_row_data())
    return pd.DataFrame(rows, columns=result.fields)
