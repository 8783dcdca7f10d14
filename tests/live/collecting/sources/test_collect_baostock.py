"""What baostock's client makes of pages, and what is made of that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

from qlib_mfgru.demo.baostock import Server, VendorMarket, serving
from qlib_mfgru.errors import InputError
from qlib_mfgru.live.collecting.source import Address, Busy, Expired, Refused, Unreachable
from qlib_mfgru.live.collecting.sources.baostock import Baostock

pytest.importorskip("baostock")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(VendorMarket.of(n_stocks=20, n_days=60, intraday_days=2, seed=1)) as server:
        yield server


@pytest.fixture
def source(server: Server) -> Iterator[Baostock]:
    source = Baostock(Address(host=server.host, port=server.port, timeout=5.0))
    yield source
    source.close()


class Pages:
    """A result of the client: pages of one column, the last of which may not come."""

    def __init__(self, *sizes: int, lost: bool = False, code: str = "0") -> None:
        self.error_code, self.error_msg, self.fields, self.cur_row_num = "0", "", ["code"], 0
        self._sizes, self._lost, self._code = list(sizes), lost, code
        self.data = [["x"]] * self._sizes.pop(0)

    def next(self) -> bool:
        if self._lost:
            self.error_code = self._code
            return False
        self.data = [["x"]] * self._sizes.pop(0)
        return bool(self.data)


def rows(source: Baostock, result: Any) -> int:
    return len(source._table(lambda: result, ("code",)))


@pytest.mark.parametrize(("sizes", "total"), [((3,), 3), ((0,), 0), ((2000, 3), 2003), ((2000, 2000, 0), 4000)])
def test_all_pages(source: Baostock, sizes: tuple[int, ...], total: int) -> None:
    assert rows(source, Pages(*sizes)) == total


def test_a_page_that_does_not_come_is_no_end(source: Baostock) -> None:
    with pytest.raises(Unreachable, match="a page that is missing"):
        rows(source, Pages(2000, lost=True))
    with pytest.raises(Expired):
        rows(source, Pages(2000, lost=True, code="10001001"))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("10001001", Expired),
        ("10001005", Busy),
        ("10001006", Refused),
        ("10001011", InputError),
        ("10002003", Busy),
        ("10004011", Refused),
        ("10004019", Busy),
        ("10005001", Busy),
        ("19999999", Busy),
    ],
)
def test_codes(source: Baostock, code: str, kind: type[Exception]) -> None:
    result = Pages(1)
    result.error_code, result.error_msg = code, "words"
    with pytest.raises(kind, match=f"{code} words") as caught:
        rows(source, result)
    assert type(caught.value) is kind


def test_an_answer_about_something_else(source: Baostock, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = source.levels("SH000300", "2020-01-01", "2020-03-31")
    assert rows["date"].is_monotonic_increasing
    asked = source._client.query_history_k_data_plus
    monkeypatch.setattr(source._client, "query_history_k_data_plus", lambda _, *rest: asked("sh.000905", *rest))
    with pytest.raises(Unreachable, match=r"an answer that is not about sh\.000300"):
        source.levels("SH000300", "2020-01-01", "2020-03-31")


def test_codes_and_names(source: Baostock) -> None:
    stocks = source.universe()
    assert [stock.code for stock in stocks] == sorted(stock.code for stock in stocks)
    assert not any(stock.code.startswith("SH000") for stock in stocks)
    with pytest.raises(Refused, match="baostock has no list of csi1000"):
        source.members("csi1000", "2020-01-06")


def test_codes_that_no_share_has_are_left_out(source: Baostock, monkeypatch: pytest.MonkeyPatch) -> None:
    day = "2020-01-06"
    numbers = ("open", "high", "low", "close", "volume", "amount", "preclose", "turn", "tradestatus", "isST")
    table = pd.DataFrame({"code": ["sh.600000", "sh.T00018"], **dict.fromkeys(numbers, "1")})
    table = table.assign(date=day, updateDate=day, ipoDate=day, outDate="", code_name="", type="1", adjustflag="3")
    table["industry"] = "G55"
    monkeypatch.setattr(source, "_table", lambda *_, **__: table)
    assert [stock.code for stock in source.universe()] == ["SH600000"]
    assert source.market_day(day)["symbol"].tolist() == ["SH600000"]
    assert source.industries(day) == {"SH600000": "G55"}
    assert source.members("csi300", day) == {"SH600000"}
