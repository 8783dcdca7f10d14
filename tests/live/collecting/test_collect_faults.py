"""What goes wrong on the way to the vendor: the folder ends as without it, or one line says why it does not."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from live.collecting.conftest import QUICK, Collect, contents
from qlib_mfgru import live
from qlib_mfgru.demo.baostock import Faults, Server, VendorMarket, serving
from qlib_mfgru.errors import InputError
from qlib_mfgru.live.collecting.source import Refused, Unreachable
from qlib_mfgru.live.collecting.sources.baostock import Baostock

DAY = "2020-10-08"  # the first of its month
STOCKS = ("sh.600000", "sh.600001", "sz.000001")


@pytest.fixture(scope="module")
def calm(market: VendorMarket, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a folder of `STOCKS` holds where nothing goes wrong."""
    pytest.importorskip("baostock")
    folder = tmp_path_factory.mktemp("calm") / "out"
    with serving(market) as server:
        address = {"host": server.host, "port": server.port}
        live.collect(
            folder, f"{market.days[0]:%Y-%m-%d}", jobs=1, stocks=STOCKS, quiet=True, patience=QUICK, address=address
        )
    return contents(folder)


@pytest.mark.parametrize(
    ("faults", "cause"),
    [
        (Faults(cut=0, chance=0.3), "the server closed the connection"),
        (Faults(cut=150, chance=0.3, seed=1), "the server closed the connection"),
        (Faults(cut=200, reset=True, chance=0.3), "onnection"),
        (Faults(wrong_checksum=True, chance=0.3), "an answer whose checksum is wrong"),
        (Faults(garbled=True, chance=0.3), "an answer"),
        (Faults(error="10005001", chance=0.3), "10005001"),
        (Faults(error="10002007", chance=0.3), "10002007"),
        (Faults(expire_after=7), "the session is over (10001001"),
    ],
    ids=lambda value: "" if isinstance(value, str) else None,
)
def test_faults_that_pass(collect: Collect, server: Server, tmp_path: Path, faults: Faults, cause: str) -> None:
    collect("calm", stocks=STOCKS)
    server.faults = faults
    collected = collect("rough", stocks=STOCKS)
    assert contents(tmp_path / "rough") == contents(tmp_path / "calm")
    assert collected.retried.total() > 2
    assert any(cause in seen for seen in collected.retried)
    assert "asked again" in str(collected)


def test_a_server_that_does_not_answer_for_a_while(
    collect: Collect, server: Server, tmp_path: Path, calm: dict[str, bytes]
) -> None:
    server.faults = Faults(silent=True, only=("query_history_k_data_plus",), times=2)
    assert collect("rough", stocks=STOCKS, timeout=0.3).retried == {"no answer within 0.3 s": 2}
    assert contents(tmp_path / "rough") == calm


def test_a_page_that_does_not_come(collect: Collect, server: Server, market: VendorMarket, tmp_path: Path) -> None:
    """The client takes an answer without its second page for a whole one."""
    collect("calm", stocks=STOCKS, freq="5min")
    assert server.counts["query_history_k_data_plus"] > 9
    server.faults = Faults(cut=40, only=("query_history_k_data_plus",), chance=0.4)
    assert collect("rough", stocks=STOCKS, freq="5min").retried
    assert contents(tmp_path / "rough") == contents(tmp_path / "calm")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("10001011", "baostock does not let us in: 10001011"),
        ("10001004", "baostock does not let us in: 10001004"),
        ("10005001", "baostock does not answer: 10005001 .*; nothing was collected: run again"),
    ],
)
def test_what_no_repetition_mends_is_one_line(
    collect: Collect, server: Server, tmp_path: Path, code: str, words: str
) -> None:
    server.faults = Faults(error=code)
    with pytest.raises(InputError, match=words) as caught:
        collect()
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_nobody_listens(collect: Collect, server: Server, tmp_path: Path) -> None:
    server.stop()
    begin = time.monotonic()
    with pytest.raises(
        InputError, match=f"baostock does not answer: 127.0.0.1:{server.port}: Connection refused; nothing"
    ):
        collect()
    assert time.monotonic() - begin < 5
    assert not list(tmp_path.iterdir())


def test_without_the_client_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lay there stays, and a folder that was made is bound to no vendor, frequency or first day."""
    for name in ("baostock", "tushare"):
        monkeypatch.setitem(sys.modules, name, None)
    (tmp_path / "out/notes").mkdir(parents=True)
    with pytest.raises(InputError, match=r"baostock is not installed: pip install 'qlib_mfgru\[collect\]'"):
        live.collect(tmp_path / "made", "2020-01-01")
    with pytest.raises(InputError, match="tushare is not installed"):
        live.collect(tmp_path / "made", "2021-01-01", source="tushare", freq="60min")
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "notes"]


def test_a_folder_stays_its_vendors_once_anything_is_there(collect: Collect, server: Server, tmp_path: Path) -> None:
    server.faults = Faults(error="10005001", only=("query_trade_dates",))
    with pytest.raises(InputError, match="; what was collected is kept: run again to go on"):
        collect()
    assert {"index/SH000300.parquet", "state/collection.json"} < contents(tmp_path / "out").keys()


def test_a_server_that_dies_midway(collect: Collect, server: Server, tmp_path: Path, calm: dict[str, bytes]) -> None:
    server.faults = Faults(silent=True, only=("query_adjust_factor",))
    with pytest.raises(InputError, match=r"baostock does not answer: no answer within 0\.3 s"):
        collect("rough", stocks=STOCKS, timeout=0.3)
    server.faults = Faults()
    collect("rough", stocks=STOCKS)
    assert contents(tmp_path / "rough") == calm


@pytest.mark.parametrize("code", ["10001006", "10004020"])
def test_rows_of_all_stocks_that_are_not_for_everybody(
    collect: Collect, server: Server, market: VendorMarket, tmp_path: Path, code: str
) -> None:
    stocks = market.stocks[:6]
    collect("calm", stocks=stocks)
    server.today = market.days[-2]
    collect("rough", stocks=stocks)
    server.today = market.days[-1]
    server.faults = Faults(error=code, only=("query_daily_history_k_AStock",))
    collect("rough", stocks=stocks)
    assert server.counts["query_daily_history_k_AStock"] == 1
    assert contents(tmp_path / "rough") == contents(tmp_path / "calm")


def test_a_crowded_server(collect: Collect, server: Server, market: VendorMarket, tmp_path: Path) -> None:
    """It takes two connections: what the other workers could not ask is asked by fewer of them."""
    stocks = market.stocks[:8]
    collect("calm", stocks=stocks)
    server.faults = Faults(max_connections=2)
    collected = collect("rough", stocks=stocks, jobs=3)
    assert contents(tmp_path / "rough") == contents(tmp_path / "calm")
    assert collected.connections == 1
    assert "the server did not bear so many connections: 1 at the end" in str(collected)


def test_a_stock_that_the_vendor_refuses(collect: Collect, server: Server, tmp_path: Path) -> None:
    server.faults = Faults(error="10004011", only=("query_adjust_factor",), times=1)
    collected = collect(stocks=STOCKS, jobs=1)
    assert list(collected.refused) == ["SH600000"]
    assert "not from baostock: SH600000: 10004011" in str(collected)
    assert collect(stocks=STOCKS).refused == {}


@pytest.mark.parametrize("only", [(), ("query_trade_dates",), ("query_stock_basic",)], ids=["login", "days", "shares"])
def test_a_refusal_of_what_every_run_asks_is_one_line(
    collect: Collect, server: Server, tmp_path: Path, only: tuple[str, ...]
) -> None:
    server.faults = Faults(error="10001006", only=only)
    left = "what was collected is kept" if only else "nothing was collected"
    with pytest.raises(InputError, match=rf"^baostock refuses: 10001006 .*; {left}: run again"):
        collect(stocks=STOCKS)
    server.faults = Faults()
    collect(stocks=STOCKS)
    collect("calm", stocks=STOCKS)
    assert contents(tmp_path / "out") == contents(tmp_path / "calm")


def test_a_stock_refused_at_its_first_question_is_asked_for_again(
    collect: Collect, tmp_path: Path, calm: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Baostock.daily

    def refusing(source: Baostock, code: str, start: str, end: str) -> pd.DataFrame:
        if code == "SH600001":
            raise Refused("10004011")
        return known(source, code, start, end)

    with monkeypatch.context() as patched:
        patched.setattr(Baostock, "daily", refusing)
        assert collect("rough", stocks=STOCKS).refused == {"SH600001": "10004011"}
    assert collect("rough", stocks=STOCKS).refused == {}
    assert contents(tmp_path / "rough") == calm


@pytest.mark.parametrize("at", [0, 3, 5])
def test_a_stock_that_is_never_answered_holds_nobody_up(
    collect: Collect, market: VendorMarket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """The others are collected, the account names it, and the next run asks for it."""
    stocks = market.stocks[:6]
    codes = [stock.replace(".", "").upper() for stock in stocks]
    known = Baostock.daily

    def silent(source: Baostock, code: str, start: str, end: str) -> pd.DataFrame:
        if code == codes[at]:
            raise Unreachable("no answer within 60 s")
        return known(source, code, start, end)

    collect("calm", stocks=stocks)
    with monkeypatch.context() as patched:
        patched.setattr(Baostock, "daily", silent)
        collected = collect("rough", stocks=stocks)
    assert (collected.refused, collected.waiting) == ({codes[at]: "no answer within 60 s"}, [])
    assert f"not from baostock: {codes[at]}: no answer within 60 s" in str(collected)
    of_calm, there = ({path.stem for path in (tmp_path / out).rglob("daily/*/*")} for out in ("calm", "rough"))
    assert there == of_calm - {codes[at]} != of_calm
    assert collect("rough", stocks=stocks).refused == {}
    assert contents(tmp_path / "rough") == contents(tmp_path / "calm")


@pytest.mark.parametrize("late", [1, 2])
def test_a_calendar_that_lags_behind_the_levels(
    collect: Collect, server: Server, market: VendorMarket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: int
) -> None:
    """The days that it lacks are asked for by the next run, on the same evening or on a later one."""
    server.today = market.days[-2]
    known = Baostock.calendar
    with monkeypatch.context() as patched:
        patched.setattr(Baostock, "calendar", lambda *asked: known(*asked)[:-1])
        assert collect("rough", stocks=STOCKS).last == f"{market.days[-3]:%Y-%m-%d}"
    server.today = market.days[-late]
    collect("rough", stocks=STOCKS)
    server.today = market.days[-1]
    collect("rough", stocks=STOCKS)
    collect("calm", stocks=STOCKS)
    assert contents(tmp_path / "rough") == contents(tmp_path / "calm")


def test_a_calendar_without_a_day_is_one_line(
    collect: Collect, market: VendorMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Baostock, "calendar", lambda *_: [])
    first, last = (f"{market.days[at]:%Y-%m-%d}" for at in (0, -1))
    words = f"^the calendar has no days from {first} to {last}, though SH000300 has: run again later$"
    with pytest.raises(InputError, match=words):
        collect(stocks=STOCKS)


def test_a_stock_without_rows_is_in_the_account(
    collect: Collect, server: Server, market: VendorMarket, tmp_path: Path
) -> None:
    server.faults = Faults(empty=frozenset({"sh.600001"}))
    collected = collect(stocks=STOCKS)
    listed = [f"{day:%Y-%m-%d}" for day in market.daily("sh.600001").index]
    (gap,) = [gap for gap in collected.gaps if gap.what == "no daily row"]
    assert (gap.code, gap.first) == ("SH600001", listed[0])
    assert gap.days == len(listed) if market.listing("sh.600001")[1] < len(market.days) - 1 else gap.days < len(listed)
    assert f"SH600001,no daily row,{listed[0]},{gap.last},{gap.days}\n" in (tmp_path / "out/gaps.csv").read_text()
    assert collected.waiting == ["SH600001"]


def test_no_other_host_is_asked(collect: Collect, server: Server) -> None:
    """A key of the vendor's paying customers would send its client to another host."""
    import baostock

    baostock.set_API_key("bs-00" + "0" * 28)
    try:
        assert collect(stocks=STOCKS).asked > 0
    finally:
        baostock.set_API_key("0")


def test_an_index_without_members_is_not_believed(
    collect: Collect, tmp_path: Path, calm: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Baostock.members
    with monkeypatch.context() as patched:
        patched.setattr(Baostock, "members", lambda *asked: frozenset() if asked[2] == DAY else known(*asked))
        collected = collect("rough", stocks=STOCKS)
    assert collected.refused["members of csi300"] == f"nobody is a member on {DAY}, which cannot be"
    assert collect("rough", stocks=STOCKS).refused == {}
    assert contents(tmp_path / "rough") == calm
