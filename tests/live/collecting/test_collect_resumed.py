"""Evening by evening, after a kill, with a hole: the folder ends with the bytes of one that was collected at once."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import time
from pathlib import Path

import pandas as pd
import pytest

from live.collecting.conftest import QUICK, Collect, contents
from qlib_mfgru.demo.baostock import Server, VendorMarket
from qlib_mfgru.errors import InputError
from qlib_mfgru.live import collect
from qlib_mfgru.live.collecting.sources.baostock import Baostock

FEW = ("sh.600000", "sh.600001", "sh.600002", "sh.688001", "sz.000001", "sz.300001")


def test_evening_by_evening_is_as_at_once(
    collect: Collect, server: Server, market: VendorMarket, tmp_path: Path
) -> None:
    new_year = int(market.days.searchsorted("2021-01-01"))
    for day in market.days[[new_year - 9, new_year - 1, new_year, -2, -1]]:
        server.today = day
        collect("evenings", stocks=FEW)
    collect("once", stocks=FEW)
    assert contents(tmp_path / "evenings") == contents(tmp_path / "once")


def test_a_dividend_that_no_previous_close_tells_is_known_when_the_month_is_over(
    collect: Collect, server: Server, market: VendorMarket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 3 yuan for 1,000 shares: the previous close, in cents, is the last close."""
    known, ex_date = Baostock.events, "2020-11-10"

    def events(source: Baostock, code: str, end: str) -> pd.DataFrame:
        rows = known(source, code, end)
        before = rows["factor"][rows["date"] < ex_date].iloc[-1:].sum() or 1.0
        later = rows.assign(factor=rows["factor"] * 1.0003)[rows["date"] >= ex_date]
        paid = pd.DataFrame({"date": [ex_date], "factor": [before * 1.0003]})
        return rows if end < ex_date else pd.concat([rows[rows["date"] < ex_date], paid, later], ignore_index=True)

    monkeypatch.setattr(Baostock, "events", events)
    for day in market.days[(market.days >= "2020-11-09") & (market.days <= "2020-12-01")][[0, 1, 5, -2, -1]]:
        server.today = day
        collect("evenings", stocks=FEW[:2])
        dates = pd.read_parquet(tmp_path / "evenings/events/SH600000.parquet")["date"].astype(str)
        assert (ex_date in set(dates)) == (f"{day:%Y-%m}" == "2020-12")
    collect("once", stocks=FEW[:2])
    assert contents(tmp_path / "evenings") == contents(tmp_path / "once")


def test_days_of_the_old_year_that_come_in_the_new_one(
    collect: Collect, server: Server, market: VendorMarket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until daily rows say on which of them a stock traded, no bars of these days are taken for all that there are."""
    server.today = market.days[market.days.searchsorted("2021-01-01") + 2]
    known, since = Baostock.daily, "2020-12-29"
    collect("once", stocks=FEW[:2], since=since)
    for missing in (since, "2020-12-31"):  # all days of the old year, its last one

        def late(source: Baostock, code: str, start: str, end: str, missing: str = missing) -> pd.DataFrame:
            rows = known(source, code, start, end)
            return rows[~rows["date"].between(missing, "2020-12-31")].reset_index(drop=True)

        with monkeypatch.context() as patched:
            patched.setattr(Baostock, "daily", late)
            collect(missing, stocks=FEW[:2], since=since)
        collect(missing, stocks=FEW[:2], since=since)
        assert contents(tmp_path / missing) == contents(tmp_path / "once")


def test_tomorrow_changes_nothing_of_today(
    collect: Collect, server: Server, market: VendorMarket, tmp_path: Path
) -> None:
    server.today = market.days[60]
    collect("known")
    server.today = market.days[-1]
    collect("asked", until=market.days[60])
    known, asked = contents(tmp_path / "known"), contents(tmp_path / "asked")
    names = (known.pop("universe.parquet"), asked.pop("universe.parquet"))  # those of the day on which they were asked
    assert known == asked
    assert_same_but_names(*(pd.read_parquet(io.BytesIO(name)) for name in names))


def assert_same_but_names(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one.drop(columns="name"), other.drop(columns="name"))


def test_nothing_is_asked_twice(collect: Collect, server: Server, market: VendorMarket) -> None:
    server.today = market.days[-2]
    collect()
    first = len(server.asked)
    again = collect()
    assert (again.asked, again.finished, again.waiting) == (1, again.stocks, [])
    assert [asked.question.name for asked in server.asked[first:]] == ["login", "query_history_k_data_plus", "logout"]
    server.today = market.days[-1]
    evening = collect()
    newest = ("sh.000300", "2099-12-31")  # is there a day that we do not have?
    repeated = [asked for asked in server.repeated() if not set(newest) <= set(asked.arguments)]
    assert [question.name for question in repeated] == ["query_stock_basic"]  # once a day: new and delisted shares
    listed = sum(market.listing(code)[1] == len(market.days) - 1 for code in market.stocks)
    assert listed < evening.asked < 1.5 * listed + 20
    assert server.counts["query_daily_history_k_AStock"] == 1  # instead of one question a stock
    assert server.counts["query_adjust_factor"] < 1.2 * len(market.stocks)


def test_what_a_folder_is_for_is_written_when_it_changes(
    collect: Collect, market: VendorMarket, tmp_path: Path
) -> None:
    """The one file that cannot be collected anew is not written every evening."""
    note = tmp_path / "out/state/collection.json"
    collect(stocks=FEW[:1], since=market.days[60])
    written = note.stat().st_mtime_ns, note.stat().st_ino
    for since in (60, 90):
        collect(stocks=FEW[:1], since=market.days[since])
        assert (note.stat().st_mtime_ns, note.stat().st_ino) == written
    collect(stocks=FEW[:1])
    assert json.loads(note.read_text())["since"] == f"{market.days[0]:%Y-%m-%d}"


def test_a_longer_past_and_a_lost_file(collect: Collect, market: VendorMarket, tmp_path: Path) -> None:
    collect("whole", stocks=FEW)
    collect("late", since=market.days[30], stocks=FEW)
    collect("late", stocks=FEW)
    assert collect("late", since=market.days[50], stocks=FEW).first == f"{market.days[0]:%Y-%m-%d}"
    assert contents(tmp_path / "late") == contents(tmp_path / "whole")
    before = contents(tmp_path / "whole")
    (tmp_path / "whole/15min/2020/SH600000.parquet").unlink()
    (tmp_path / "whole/daily/2021/SZ000001.parquet").write_bytes(b"cut")
    (tmp_path / "whole/index/SH000905.parquet").unlink()
    assert collect("whole", stocks=FEW).asked == 4
    assert contents(tmp_path / "whole") == before


def _collect(out: Path, since: str, host: str, port: int, jobs: int) -> None:
    address = {"host": host, "port": port}
    collect(out, since, jobs=jobs, stocks=FEW, quiet=True, patience=QUICK, address=address)


@pytest.mark.parametrize(("jobs", "shares"), [(1, (0.1, 0.6)), (2, (0.3, 0.8))])
def test_a_kill_at_any_moment(
    collect: Collect, server: Server, market: VendorMarket, tmp_path: Path, jobs: int, shares: tuple[float, ...]
) -> None:
    collect("once", stocks=FEW)
    whole, since = len(server.asked), f"{market.days[0]:%Y-%m-%d}"
    context, begin = multiprocessing.get_context("spawn"), whole
    for share in shares:
        process = context.Process(target=_collect, args=(tmp_path / "out", since, server.host, server.port, jobs))
        process.start()
        while len(server.asked) - begin < share * whole:
            assert process.is_alive()
            time.sleep(0.001)
        process.kill()
        process.join()
        time.sleep(0.2)  # its workers end with it
    killed = len(server.asked)
    collect("out", stocks=FEW)
    assert len(server.asked) - killed < (1.3 - shares[-1]) * whole
    assert contents(tmp_path / "out") == contents(tmp_path / "once")


class Killed(BaseException):
    """As a kill: nothing may handle it."""


def test_a_kill_before_and_after_every_file(
    collect: Collect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, market: VendorMarket
) -> None:
    """Each run comes a file further: the first ends at its first one, the next at its second, .. of what is left."""
    stocks = FEW[:2]
    collect("once", stocks=stocks, until=market.days[-2])
    collect("once", stocks=stocks)
    replace, left = os.replace, 0

    def killed(*paths: str) -> None:
        nonlocal left
        left -= 1
        if left == 0 and limit % 2:
            raise Killed
        replace(*paths)
        if left == 0:
            raise Killed

    monkeypatch.setattr(os, "replace", killed)
    for until in (market.days[-2], None):
        for limit in range(1, 99):
            left = limit
            try:
                collect("out", stocks=stocks, until=until)
                break
            except Killed:
                pass
        assert limit > 5
    assert contents(tmp_path / "out") == contents(tmp_path / "once")


def test_a_folder_of_another_collection(collect: Collect, tmp_path: Path) -> None:
    collect("out", stocks=("sh.600000",))
    with pytest.raises(InputError, match="holds 15min bars from baostock: name another folder"):
        collect("out", freq="5min")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("")
    with pytest.raises(InputError, match="holds files that `mfgru collect` did not make"):
        collect("mine")


@pytest.mark.parametrize("bars_there", [0, 9])
def test_bars_that_come_after_the_daily_rows(
    collect: Collect, market: VendorMarket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bars_there: int
) -> None:
    """None, or the first nine of the newest day: it is late, and no gap; the next run asks for it again."""
    newest = market.days[-1]
    known = Baostock.bars

    def early(*asked: str) -> pd.DataFrame:
        rows = known(*asked)  # type: ignore[arg-type]
        return rows[(rows["datetime"] < newest) | (rows["datetime"].rank() <= rank_of(rows) + bars_there)]

    def rank_of(rows: pd.DataFrame) -> int:
        return int((rows["datetime"] < newest).sum())

    collect("once", stocks=FEW)
    with monkeypatch.context() as patched:
        patched.setattr(Baostock, "bars", early)
        collected = collect("late", stocks=FEW)
    traded = [code for code in FEW if market.daily(code).index[-1] == newest and market.daily(code)["traded"].iloc[-1]]
    assert collected.waiting == [code.replace(".", "").upper() for code in traded]
    late = f"{len(traded)} stocks not up to {newest:%Y-%m-%d} yet, which may only be late: run again; SH600000"
    assert late in str(collected)
    assert not any(gap.last == f"{newest:%Y-%m-%d}" for gap in collected.gaps)
    again = collect("late", stocks=FEW)
    assert (again.asked, again.waiting) == (len(traded) + 1, [])
    assert contents(tmp_path / "late") == contents(tmp_path / "once")
