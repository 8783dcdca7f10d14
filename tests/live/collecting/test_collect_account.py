"""The account of a collection, and what its settings and its command refuse."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from live.collecting.conftest import Collect
from qlib_mfgru import live
from qlib_mfgru.cli import main
from qlib_mfgru.demo.baostock import Server, VendorMarket
from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import locked
from qlib_mfgru.live import collect
from qlib_mfgru.live.collecting.account import Collected, Gap, gap_lines, gaps_csv, gaps_of
from qlib_mfgru.live.collecting.settings import CollectSettings
from qlib_mfgru.live.collecting.store import Covered, StockState

DAYS = ["2020-12-29", "2020-12-30", "2020-12-31", "2021-01-04", "2021-01-05"]


def test_gaps_are_runs_of_trading_days() -> None:
    daily = {
        "2020": Covered("", "", missing=["2020-12-30", "2020-12-31"]),
        "2021": Covered("", "", missing=["2021-01-04"]),
    }
    bars = {"2020": Covered("", "", missing=["2020-12-29", "2020-12-31"], short=["2020-12-30"])}
    gaps = gaps_of("SH600000", StockState(daily, bars), DAYS)
    assert gaps == [
        Gap("SH600000", "no daily row", "2020-12-30", "2021-01-04", 3),
        Gap("SH600000", "no bars", "2020-12-29", "2020-12-29", 1),
        Gap("SH600000", "no bars", "2020-12-31", "2020-12-31", 1),
        Gap("SH600000", "few bars", "2020-12-30", "2020-12-30", 1),
    ]
    assert gaps_csv(gaps[:1]) == "code,what,first,last,days\nSH600000,no daily row,2020-12-30,2021-01-04,3\n"
    assert gap_lines(gaps, "2020-12-30") == [
        "no bars before 2020-12-30 of any stock, though daily rows have trade: 1 day of 1 stock",
        "no daily row, though the stock is listed: 3 days of 1 stock; SH600000 2020-12-30 .. 2021-01-04 (3)",
        "no bars, though the daily row has trade: 1 day of 1 stock; SH600000 2020-12-31",
        "fewer bars than a day has: 1 day of 1 stock; SH600000 2020-12-30",
    ]


def test_days_of_several_stocks_are_counted_together_and_said_so() -> None:
    """Two stocks that lack the same two days are four days of stocks, and not four days of the market."""
    early = [Gap(code, "no bars", *DAYS[:2], 2) for code in ("SH600000", "SH600001")]
    few = [Gap(f"SH60000{at}", "few bars", DAYS[3], DAYS[3], 1) for at in range(4)]
    assert gap_lines([*early, *few], DAYS[2]) == [
        f"no bars before {DAYS[2]} of any stock, though daily rows have trade: 4 days of 2 stocks in all",
        f"fewer bars than a day has: 4 days of 4 stocks in all; SH600000 {DAYS[3]}, SH600001 {DAYS[3]}, "
        f"SH600002 {DAYS[3]}, ..",
    ]


def test_the_account_of_evenings_says_what_is_new(collect: Collect, server: Server, market: VendorMarket) -> None:
    """The first evening, one more, again on that evening, and with an earlier first day."""
    first, *days = (f"{day:%Y-%m-%d}" for day in market.days)
    few = ("sh.600000", "sz.000001")
    heads = []
    for today, since in ((-2, days[0]), (-1, days[0]), (-1, days[0]), (-1, first)):
        server.today = market.days[today]
        heads.append(str(collect(stocks=few, since=since)).splitlines()[:2])
    span = f"{days[0]} .. {days[-2]}"
    assert heads[0][0] == f"baostock, 15min bars: 2 stocks, 148 trading days (148 new), {span}"
    assert heads[1][0] == f"baostock, 15min bars: 2 stocks, 149 trading days (1 new), {days[0]} .. {days[-1]}"
    assert heads[2] == [
        f"baostock, 15min bars: 2 stocks, 149 trading days, {days[0]} .. {days[-1]}",
        "1 question answered: every stock was complete before",
    ]
    assert heads[3][0] == f"baostock, 15min bars: 2 stocks, 150 trading days (1 new), {first} .. {days[-1]}"
    assert heads[0][1].endswith(" questions answered: 2 stocks continued or begun")


def test_a_notebook_sees_names_defaults_and_the_account(collect: Collect, market: VendorMarket) -> None:
    names = inspect.signature(live.collect).parameters
    assert list(names) == [
        *("out", "since", "source", "until", "freq", "stocks", "jobs", "address", "patience", "quiet")
    ]
    defaults = {name: field.default for name, field in CollectSettings.model_fields.items() if name in names}
    assert {name: names[name].default for name in defaults if name not in ("out", "since")} == {
        name: default for name, default in defaults.items() if name not in ("out", "since")
    }
    assert set(CollectSettings.model_fields) == set(names) - {"quiet"}
    collected = collect(stocks=("sh.600000",), since=market.days[100])
    assert repr(collected) == str(collected)


def test_an_account_has_at_most_fifteen_lines() -> None:
    gaps = [
        Gap(f"SH60000{at}", what, "2020-12-30", "2020-12-30", 1)
        for what in ("no daily row", "no bars", "few bars")
        for at in range(9)
    ]
    refused = {f"SH60000{at}": "10004011" for at in range(9)}
    collected = Collected(
        "baostock", Path("out"), "15min", "2020-12-29", "2021-01-05", 5, 9, 1, gaps=gaps, refused=refused
    )
    collected.waiting, collected.bars_begin = ["SH600000"] * 5, "2020-01-01"
    collected.retried.update({"no answer": 4})
    assert len(str(collected).splitlines()) <= 15


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"source": "wind"}, "source is 'wind': must be one of baostock, tushare, xtquant"),
        ({"freq": "1min"}, "freq is '1min': must be one of 5min, 15min, 30min, 60min"),
        ({"jobs": 0}, "jobs is 0: must be at least 1"),
        ({"since": "yesterday"}, "since is 'yesterday'"),
        ({"stocks": ("600519", "moutai")}, "stocks: unknown symbol 'moutai'"),
        ({"stocks": ("600519",)}, "stocks: SH600519: no share that the vendor knows"),
        ({"since": "2030-01-01"}, "there are no days from 2030-01-01 on"),
        ({"since": "2001-01-01", "until": "2001-02-01"}, "there are no days from 2001-01-01 to 2001-02-01"),
    ],
)
def test_what_is_refused(collect: Collect, settings: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=re.escape(words)):
        collect(**settings)


def test_one_at_a_time(tmp_path: Path) -> None:
    with locked(tmp_path / "out", wait=False), pytest.raises(InputError, match="is being written by process"):
        collect(tmp_path / "out", "2020-01-01")


def test_a_folder_has_one_lock_by_whatever_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "link").symlink_to("out")
    monkeypatch.chdir(tmp_path / "out")
    for path in (".", "../out", "../link"):
        with locked(tmp_path / "out", wait=False), pytest.raises(InputError, match="is being written by process"):
            collect(path, "2020-01-01")


def test_the_command(collect: Collect, server: Server, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    address = ["--host", server.host, "--port", str(server.port)]
    out = ["--out", str(tmp_path / "out")]
    few = ["--stocks", "600000", "000001", "--jobs", "2"]
    assert main(["collect", "baostock", "--since", "2020-06-01", *out, *few, *address]) == 0
    printed = capfd.readouterr()
    assert printed.out.startswith("baostock, 15min bars: 2 stocks, 150 trading days (150 new), 2020-06-15 .. ")
    assert printed.out.endswith(f"mapping: {tmp_path}/out/mapping.yaml\n")
    assert "login" not in printed.out + printed.err
    assert (
        main(
            [
                "collect",
                "baostock",
                "--since",
                "2020-06-01",
                *out,
                "--host",
                "127.0.0.1",
                "--port",
                "1",
                "--patience",
                "0.1",
            ]
        )
        == 2
    )
    line = "mfgru: baostock does not answer: 127.0.0.1:1: Connection refused; what was collected is kept: run again"
    assert capfd.readouterr().err.splitlines()[-1].startswith(line)
