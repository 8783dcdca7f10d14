"""The account of a collection, and what its settings and its command refuse."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from live.collecting.conftest import Collect
from qlib_mfgru.cli import main
from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import locked
from qlib_mfgru.live import collect
from qlib_mfgru.live.collecting.account import Collected, Gap, gap_lines, gaps_csv, gaps_of
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
        "bars begin on 2020-12-30: 1 days before it",
        "3 trading days of listed stocks without a daily row, of 1 stocks: SH600000 2020-12-30 .. 2021-01-04 (3)",
        "1 days without bars that daily rows say were traded, of 1 stocks: SH600000 2020-12-31",
        "1 days with fewer bars than a day has, of 1 stocks: SH600000 2020-12-30",
    ]


def test_an_account_has_at_most_fifteen_lines() -> None:
    gaps = [
        Gap(f"SH60000{at}", what, "2020-12-30", "2020-12-30", 1)
        for what in ("no daily row", "no bars", "few bars")
        for at in range(9)
    ]
    refused = {f"SH60000{at}": "10004011" for at in range(9)}
    collected = Collected(
        "baostock", Path("out"), "15min", "2020-12-29", "2021-01-05", 5, 9, gaps=gaps, refused=refused
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


def test_the_command(collect: Collect, server: object, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    address = ["--host", server.host, "--port", str(server.port)]  # type: ignore[attr-defined]
    out = ["--out", str(tmp_path / "out")]
    few = ["--stocks", "600000", "000001", "--jobs", "2"]
    assert main(["collect", "baostock", "--since", "2020-06-01", *out, *few, *address]) == 0
    printed = capfd.readouterr()
    assert printed.out.startswith("baostock, 15min: 2 stocks, 150 days, 2020-06-15 .. ")
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
