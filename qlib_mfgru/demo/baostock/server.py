"""The server: connections, sessions, faults, and an account of what was asked."""

from __future__ import annotations

import socket
import struct
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import pandas as pd

from qlib_mfgru.demo.baostock.faults import Faults
from qlib_mfgru.demo.baostock.known import Known
from qlib_mfgru.demo.baostock.market import VendorMarket
from qlib_mfgru.demo.baostock.queries import answered
from qlib_mfgru.demo.baostock.wire import ANSWERS, Question, Refused, error, message, parsed

LONGEST = 65536
"""Bytes of a question."""
NOT_LOGGED_IN, TOO_MANY = "10001001", "10005001"


@dataclass(frozen=True)
class Asked:
    """A question, and what became of it: ``""`` for a whole answer, an error code, or the fault that hit it."""

    question: Question
    outcome: str


class Server(ThreadingTCPServer):
    """A vendor's server on the loopback; see `serving`.

    Attributes
    ----------
    host : str
    port : int
        The one that was asked for, else one that was free when the server started.
    today : Timestamp
        The last day that is known; set it to another one while the server runs.
    faults : Faults
        Set it to another record while the server runs; `Faults.times` counts from then on.
    asked : list of Asked
        All questions that could be read, in order.
    most_connections : int
        The most that were open side by side.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, market: VendorMarket, today: pd.Timestamp, faults: Faults, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Connection)
        self.market, self.today, self.asked = market, today, list[Asked]()
        self.stopped = threading.Event()
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self.most_connections = 0
        self._times: Counter[Question] = Counter()
        self._recent: deque[float] = deque()
        self.faults = faults

    @property
    def host(self) -> str:
        return str(self.server_address[0])

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def today(self) -> pd.Timestamp:
        return self._known.today

    @today.setter
    def today(self, day: pd.Timestamp | str) -> None:
        if pd.isna(stamp := pd.Timestamp(day)):
            raise ValueError(f"{day!r} is no day")
        self._known = Known(self.market, stamp.normalize())

    @property
    def faults(self) -> Faults:
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        with self._lock:
            self._faults, self._hits = faults, 0

    @property
    def connections(self) -> int:
        """Connections that are open now."""
        with self._lock:
            return len(self._connections)

    @property
    def counts(self) -> Counter[str]:
        """How often each query was asked, ``login`` among them, whatever became of it."""
        return Counter(each.question.name for each in list(self.asked))

    def repeated(self) -> list[Question]:
        """Questions for data that were asked again after a whole answer."""
        whole = Counter(each.question for each in list(self.asked) if not each.outcome)
        return [question for question, n in whole.items() if n > 1 and question.name not in ("login", "logout")]

    def answer(self, question: Question, faults: Faults, hit: bool) -> bytes:
        """The answer to a question of a user who is logged in, before anything happens to it on the way."""
        if hit and faults.error:
            raise Refused(faults.error, "服务器返回错误")
        if question.name in ("login", "logout"):
            return message(ANSWERS[question.name], ["0", "success", question.name, question.user])
        return answered(self._known, question, hit and faults.short, faults.empty)

    def hits(self, faults: Faults, question: Question) -> bool:
        """Whether the answer to a question is hit by a fault; counts those that are."""
        with self._lock:
            hit = faults.hits(question, self._times[question]) and (faults.times is None or self._hits < faults.times)
            self._times[question] += 1
            self._hits += hit
            return hit

    def too_many(self, rate: int | None) -> bool:
        """Whether more than `rate` questions were asked within the last second."""
        with self._lock:
            now = time.monotonic()
            self._recent.append(now)
            while self._recent[0] < now - 1:
                self._recent.popleft()
            return rate is not None and len(self._recent) > rate

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Take a connection, unless there are too many."""
        limit = self.faults.max_connections
        with self._lock:
            if limit is not None and len(self._connections) >= limit:
                resets(request)
                return False
            self._connections.add(request)
            self.most_connections = max(self.most_connections, len(self._connections))
            return True

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Show what went wrong, unless the client went away."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """Stop, and end all connections."""
        self.stopped.set()
        self.shutdown()
        self.server_close()
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):  # it has just ended
                    connection.shutdown(socket.SHUT_RDWR)


class Connection(StreamRequestHandler):
    """One client: its session begins with a login, and ends with the connection at the latest."""

    server: Server
    since_login: int | None = None
    """Questions since the login; None before it, and after a logout."""

    def handle(self) -> None:
        """Answer line after line."""
        while (line := self.rfile.readline(LONGEST)).endswith(b"\n"):
            if not self._reply(line):
                return

    def _reply(self, line: bytes) -> bool:
        """Answer a question; False where the connection ends."""
        try:
            question = parsed(line)
        except Refused as refused:
            self.wfile.write(error(refused.code, refused.message))
            return True
        faults = self.server.faults
        hit = self.server.hits(faults, question)
        if hit and faults.delay:
            self.server.stopped.wait(faults.delay)
        answer, outcome = self._answer(question, faults, hit)
        if hit and (faults.damages or faults.silent):
            outcome = "silent" if faults.silent else "damaged"
        self.server.asked.append(Asked(question, outcome))
        if not (hit and faults.silent):
            self.wfile.write(faults.damaged(answer) if hit else answer)
        ends = hit and faults.cut is not None
        if ends and faults.reset:
            resets(self.connection)
        return not ends

    def _answer(self, question: Question, faults: Faults, hit: bool) -> tuple[bytes, str]:
        """An answer and the error code in it, ``""`` for none."""
        try:
            if self.server.too_many(faults.rate):
                raise Refused(TOO_MANY, "系统级别错误")
            if question.name not in ("login", "logout"):
                self._count(faults.expire_after)
            answer = self.server.answer(question, faults, hit)
        except Refused as refused:
            return error(refused.code, refused.message), refused.code
        if question.name in ("login", "logout"):
            self.since_login = 0 if question.name == "login" else None
        return answer, "short" if hit and faults.short else ""

    def _count(self, limit: int | None) -> None:
        """Count a question; refuse it where nobody is logged in, or the login has expired."""
        if self.since_login is None or (limit is not None and self.since_login >= limit):
            raise Refused(NOT_LOGGED_IN, "用户未登录")
        self.since_login += 1


def resets(connection: socket.socket) -> None:
    """End a connection by a reset, without what is still on the way."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@contextmanager
def serving(
    market: VendorMarket, until: pd.Timestamp | str | None = None, faults: Faults | None = None, port: int = 0
) -> Iterator[Server]:
    """Serve a market on the loopback while the context is open.

    The real client library talks to it once its constants ``baostock.common.contants.BAOSTOCK_SERVER_IP`` and
    ``BAOSTOCK_SERVER_PORT`` are `Server.host` and `Server.port`.

    Parameters
    ----------
    until : Timestamp or str, optional
        The last day that is known at first; the market's last one by default.
    faults : Faults, optional
        What goes wrong from the beginning.
    port : int
        By default one that is free.
    """
    server = Server(market, pd.Timestamp(until or market.days[-1]), faults or Faults(), port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()
