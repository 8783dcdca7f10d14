"""Each fault as the real client library sees it, and the account that the server keeps."""

from __future__ import annotations

import socket
import threading
import time
import zlib
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace

import pytest

from demo.baostock.conftest import rows_of
from qlib_mfgru.demo.baostock import Faults, Server
from qlib_mfgru.demo.baostock.wire import END, Question

SPAN = ("2020-01-01", "2020-02-01")
NO_ANSWER = "10002007"
"""The library's code for an answer that it could not read."""


def question(body: str, kind: str) -> bytes:
    """A question as the library would write it."""
    text = f"00.9.40\1{kind}\1{len(body):010d}{body}"
    return f"{text}\1{zlib.crc32(text.encode())}\n".encode()


LOGIN = question("\1".join(("login", "anonymous", "123456", "0")), "00")


@pytest.fixture
def logged_in(client: ModuleType) -> ModuleType:
    assert client.login().error_code == "0"
    return client


@pytest.fixture
def context(logged_in: ModuleType) -> ModuleType:
    """Where the library keeps its one socket."""
    module: ModuleType = pytest.importorskip("baostock.common.context")
    return module


def bars(client: ModuleType, code: str = "sh.600000") -> tuple[str, int]:
    """Error code and number of rows of a month's daily bars (of 2020-01-01 on: 16 days)."""
    result = client.query_history_k_data_plus(code, "date,close,volume", *SPAN)
    return result.error_code, len(result.data)


def outcomes(server: Server) -> list[str]:
    return [each.outcome for each in server.asked]


@pytest.mark.parametrize("code", ["10001005", "10001011", "10002001", "10004020", "10005001"])
def test_an_error_code(logged_in: ModuleType, server: Server, code: str) -> None:
    server.faults = Faults(error=code, times=1)
    assert bars(logged_in) == (code, 0)
    assert bars(logged_in) == ("0", 16)
    assert outcomes(server) == ["", code, ""]


def test_an_error_at_login(client: ModuleType, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.faults = Faults(error="10001005", only=("login",))
    assert client.login().error_code == "10001005"
    assert "login failed!" in capsys.readouterr().out
    assert bars(client) == ("10001001", 0)


def test_a_query_before_the_login(server: Server) -> None:
    """An error is a message of a type of its own."""
    with socket.create_connection((server.host, server.port)) as connection:
        connection.sendall(question("\1".join(("query_trade_dates", "anonymous", "1", "2000", *SPAN)), "33"))
        answer = received(connection)
    assert answer.split(b"\1")[1] == b"04"
    assert answer[21:].split(b"\1")[0] == b"10001001"


def test_a_logout(logged_in: ModuleType, server: Server) -> None:
    assert logged_in.logout().error_code == "0"
    assert bars(logged_in) == (NO_ANSWER, 0)
    assert logged_in.login().error_code == "0"
    assert bars(logged_in) == ("0", 16)
    assert server.counts["login"] == 2


def test_a_session_that_expires(logged_in: ModuleType, server: Server) -> None:
    server.faults = Faults(expire_after=2)
    assert [bars(logged_in)[0] for _ in range(4)] == ["0", "0", "10001001", "10001001"]
    assert logged_in.login().error_code == "0"
    assert bars(logged_in) == ("0", 16)


def test_a_connection_that_is_reset(logged_in: ModuleType, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """In the middle of an answer; the library prints, and the socket is of no more use until the next login."""
    server.faults = Faults(cut=100, reset=True, times=1)
    assert bars(logged_in) == (NO_ANSWER, 0)
    assert "接收数据异常" in capsys.readouterr().out
    assert bars(logged_in) == (NO_ANSWER, 0)
    assert logged_in.login().error_code == "0"
    assert bars(logged_in) == ("0", 16)
    assert outcomes(server) == ["", "damaged", "", ""]


@pytest.fixture
def waiting(logged_in: ModuleType, context: ModuleType) -> Iterator[threading.Thread]:
    """A thread in which the library asks once it is started; it is freed at the end."""
    thread = threading.Thread(target=bars, args=(logged_in,), daemon=True)
    yield thread
    context.default_socket.shutdown(socket.SHUT_RDWR)
    context.default_socket.close()
    thread.join(10)
    assert not thread.is_alive()


def asked_in_vain(waiting: threading.Thread, server: Server) -> None:
    waiting.start()
    deadline = time.monotonic() + 10
    while len(server.asked) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    waiting.join(0.2)
    assert waiting.is_alive()


@pytest.mark.parametrize("cut", [0, 10, 100])
def test_a_connection_that_is_closed(waiting: threading.Thread, server: Server, cut: int) -> None:
    """The library reads nothing for ever: whoever uses it needs a watchdog."""
    server.faults = Faults(cut=cut)
    asked_in_vain(waiting, server)
    assert outcomes(server) == ["", "damaged"]


def test_no_answer(waiting: threading.Thread, server: Server) -> None:
    server.faults = Faults(silent=True)
    asked_in_vain(waiting, server)
    assert outcomes(server) == ["", "silent"]


def test_no_answer_and_a_timeout(
    logged_in: ModuleType, context: ModuleType, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """A timeout on the library's socket helps against silence."""
    server.faults = Faults(silent=True, times=1)
    context.default_socket.settimeout(0.1)
    assert bars(logged_in) == (NO_ANSWER, 0)
    assert "timed out" in capsys.readouterr().out


def test_a_slow_answer(logged_in: ModuleType, server: Server) -> None:
    server.faults = Faults(delay=0.2, only=("query_history_k_data_plus",))
    assert not server.faults.hits(Question("query_trade_dates", "anonymous", SPAN), 0)
    began = time.monotonic()
    assert bars(logged_in) == ("0", 16)
    assert time.monotonic() - began > 0.2


def test_garbled_bars(logged_in: ModuleType, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """What is compressed has a checksum that is looked at."""
    server.faults = Faults(garbled=True, times=1)
    assert bars(logged_in) == (NO_ANSWER, 0)
    assert "Error -3 while decompressing" in capsys.readouterr().out
    assert bars(logged_in) == ("0", 16)


def test_a_garbled_table(logged_in: ModuleType, server: Server) -> None:
    """Other answers are believed, though their checksum tells."""
    right = rows_of(logged_in.query_trade_dates(*SPAN))
    server.faults = Faults(garbled=True)
    wrong = rows_of(logged_in.query_trade_dates(*SPAN))
    assert (wrong != right).to_numpy().sum() == 1


@pytest.mark.parametrize("faults", [Faults(garbled=True), Faults(wrong_checksum=True)])
def test_checksums(server: Server, faults: Faults) -> None:
    """Of right answers they are right, of damaged ones wrong."""
    with socket.create_connection((server.host, server.port)) as connection:
        for each, right in ((Faults(), True), (faults, False)):
            server.faults = each
            connection.sendall(LOGIN)
            sent, checksum = received(connection)[: -len(END)].rsplit(b"\1", 1)
            assert (checksum == str(zlib.crc32(sent)).encode()) is right


def test_a_wrong_checksum_is_not_noticed(logged_in: ModuleType, server: Server) -> None:
    server.faults = Faults(wrong_checksum=True)
    assert bars(logged_in) == ("0", 16)
    assert outcomes(server) == ["", "damaged"]


def test_a_question_with_a_wrong_checksum(server: Server) -> None:
    line = LOGIN
    with socket.create_connection((server.host, server.port)) as connection:
        connection.sendall(line[:-3] + b"x" + line[-2:])
        assert received(connection)[21:].startswith(b"10004019\1")
        connection.sendall(line)
        assert received(connection)[21:].startswith(b"0\1success\1login\1anonymous\1")
    assert len(server.asked) == 1


def test_a_short_page_looks_like_the_last(
    logged_in: ModuleType, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pytest.importorskip("baostock.common.contants"), "BAOSTOCK_PER_PAGE_COUNT", 5)
    server.faults = Faults(short=True, times=1)
    query = "sh.600000", "date", *SPAN
    assert len(rows_of(logged_in.query_history_k_data_plus(*query))) == 4
    assert len(rows_of(logged_in.query_history_k_data_plus(*query))) == 16
    assert outcomes(server)[1:] == ["short", "", "", "", ""]


def test_a_stock_without_rows(logged_in: ModuleType, server: Server) -> None:
    server.faults = Faults(empty=frozenset({"sh.600001"}))
    assert bars(logged_in, "sh.600001") == ("0", 0)
    assert bars(logged_in) == ("0", 16)
    codes = rows_of(logged_in.query_daily_history_k_AStock("2020-02-03"))["code"]
    assert "sh.600001" not in set(codes)
    assert "sh.600000" in set(codes)


def test_too_many_connections(client: ModuleType, server: Server) -> None:
    """Those that are there stay; the library takes a reset for an answer that it could not read."""
    server.faults = Faults(max_connections=1)
    with socket.create_connection((server.host, server.port)) as first:
        first.sendall(LOGIN)
        assert received(first)[21:23] == b"0\1"
        assert server.connections == 1
        assert client.login().error_code == NO_ANSWER
    deadline = time.monotonic() + 5
    while client.login().error_code != "0":
        assert time.monotonic() < deadline


def test_a_server_that_is_not_there(
    client: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the library does where nobody listens: it prints, and goes on with a socket that is not connected."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setattr(
            pytest.importorskip("baostock.common.contants"), "BAOSTOCK_SERVER_PORT", unused.getsockname()[1]
        )
        assert client.login().error_code == NO_ANSWER
    assert "服务器连接失败" in capsys.readouterr().out


def test_too_many_questions_a_second(logged_in: ModuleType, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic() + 10
    monkeypatch.setattr("qlib_mfgru.demo.baostock.server.time", SimpleNamespace(monotonic=lambda: now))
    server.faults = Faults(rate=3)
    assert [bars(logged_in)[0] for _ in range(5)] == ["0"] * 3 + ["10005001"] * 2
    now += 1.01
    assert bars(logged_in) == ("0", 16)


def test_chance_depends_on_the_question_and_not_on_the_order() -> None:
    faults = Faults(error="10005001", chance=0.3, seed=1)
    questions = [Question("query_adjust_factor", "anonymous", (str(each),)) for each in range(2000)]
    hit = [faults.hits(each, 0) for each in questions]
    assert abs(sum(hit) / 2000 - 0.3) < 0.03
    assert hit[::-1] == [faults.hits(each, 0) for each in questions[::-1]]
    assert hit != [faults.hits(each, 1) for each in questions]
    assert hit != [Faults(error="10005001", chance=0.3, seed=2).hits(each, 0) for each in questions]


def test_one_that_tries_again_gets_through(logged_in: ModuleType, server: Server) -> None:
    server.faults = Faults(error="10005001", chance=0.5, seed=3)
    codes = [bars(logged_in, f"sh.{600000 + each}")[0] for each in range(12) for _ in range(12)]
    assert 0.3 < codes.count("0") / len(codes) < 0.7
    assert all("0" in codes[at : at + 12] for at in range(0, len(codes), 12))


def test_what_was_asked(logged_in: ModuleType, server: Server) -> None:
    """Questions that got no whole answer may be asked again."""
    server.faults = Faults(error="10005001", times=1)
    bars(logged_in)
    bars(logged_in)
    assert server.repeated() == []
    assert server.counts == {"login": 1, "query_history_k_data_plus": 2}
    bars(logged_in)
    (again,) = server.repeated()
    assert (again.name, again.arguments[2]) == ("query_history_k_data_plus", "sh.600000")


def received(connection: socket.socket) -> bytes:
    """One whole answer."""
    connection.settimeout(10)
    answer = b""
    while not answer.endswith(END):
        answer += connection.recv(8192)
    return answer
