"""Files and notes that lie damaged in the folder are asked for again, the account says which, and all is as before."""

from __future__ import annotations

import json
import pickle
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from live.collecting.conftest import Collect, contents
from qlib_mfgru.cli import main
from qlib_mfgru.demo.baostock import Server, VendorMarket
from qlib_mfgru.errors import InputError
from qlib_mfgru.live.collecting.store import Damaged

FEW = ("sh.600000", "sh.600001", "sz.000001")
TABLES = (
    "calendar.parquet",
    "universe.parquet",
    "industry.parquet",
    "members/csi300.parquet",
    "index/SH000300.parquet",
    "index/SH000905.parquet",
)
NOTES = ("calendar", "universe", "industry", "members/csi300", "index/SH000300", "index/SH000905", "stocks/SH600000")
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "half": lambda content: content[: len(content) // 2],
    "nothing": lambda content: b"",
    "other bytes": lambda content: content[:4] + bytes(byte ^ 255 for byte in content[4:40]) + content[40:],
    "one bit": lambda content: content[:60] + bytes([content[60] ^ 1]) + content[61:],
}


def damage(file: Path, how: Callable[[bytes], bytes]) -> None:
    content = file.read_bytes()
    file.write_bytes(how(content))
    assert file.read_bytes() != content


def said(account: object) -> str:
    """The account's line of damaged files."""
    (line,) = [line for line in str(account).splitlines() if "lost or damaged" in line]
    return line


@pytest.mark.parametrize("how", DAMAGES.values(), ids=list(DAMAGES))
def test_a_table_is_collected_anew(how: Callable[[bytes], bytes], collect: Collect, tmp_path: Path) -> None:
    collect(stocks=FEW)
    before = contents(tmp_path / "out")
    for name in TABLES:
        damage(tmp_path / "out" / name, how)
        assert said(collect(stocks=FEW)) == f"1 file lost or damaged, and so collected anew: {name}"
        assert contents(tmp_path / "out") == before
    assert "lost or damaged" not in str(collect(stocks=FEW))


@pytest.mark.parametrize("text", ["", '{"a": 1}', '{"first": 1}', "\udcff"])
def test_a_note_is_written_anew(text: str, collect: Collect, tmp_path: Path) -> None:
    collect(stocks=FEW)
    before = contents(tmp_path / "out")
    for name in NOTES:
        (tmp_path / f"out/state/{name}.json").write_text(text, errors="surrogateescape")
        assert said(collect(stocks=FEW)).endswith(f"collected anew: state/{name}.json")
        assert contents(tmp_path / "out") == before


@pytest.mark.parametrize(("jobs", "how"), [(1, "one bit"), (2, "half")])
def test_a_stocks_file_is_collected_anew_before_it_is_continued(
    jobs: int, how: str, collect: Collect, server: Server, market: VendorMarket, tmp_path: Path
) -> None:
    collect("once", stocks=FEW)
    server.today = market.days[-2]
    collect("out", stocks=FEW)
    server.today = market.days[-1]
    names = ["15min/2021/SH600000.parquet", "daily/2021/SH600000.parquet", "daily/2021/SZ000001.parquet"]
    for name in names:
        damage(tmp_path / "out" / name, DAMAGES[how])
    account = collect("out", stocks=FEW, jobs=jobs)
    assert said(account) == f"3 files lost or damaged, and so collected anew: {', '.join(names)}"
    assert contents(tmp_path / "out") == contents(tmp_path / "once")


def test_of_many_damaged_files_three_are_named(collect: Collect, tmp_path: Path) -> None:
    collect(stocks=FEW)
    for file in (tmp_path / "out/daily").rglob("*.parquet"):
        file.unlink()
    names = [f"daily/{year}/{code}.parquet" for year in (2020, 2021) for code in ("SH600000", "SH600001", "SZ000001")]
    assert said(collect(stocks=FEW)) == (f"6 files lost or damaged, and so collected anew: {', '.join(names[:3])}, ..")


@pytest.mark.parametrize("text", ["{", '{"a": 1}'])
def test_what_a_folder_is_of_cannot_be_asked_for(
    text: str, collect: Collect, market: VendorMarket, tmp_path: Path
) -> None:
    collect(stocks=FEW)
    before = contents(tmp_path / "out")
    note = tmp_path / "out/state/collection.json"
    note.write_text(text)
    with pytest.raises(InputError) as error:
        collect(stocks=FEW)
    begun, _, example = str(error.value).partition(", such as ")
    assert begun == f"{note} is damaged: write into it what the folder was begun with"
    assert json.loads(example) == {"source": "baostock", "freq": "15min", "since": f"{market.days[0]:%Y-%m-%d}"}
    note.write_text(example)
    collect(stocks=FEW)
    assert contents(tmp_path / "out") == before


def test_what_a_folder_is_of_can_be_written_anew_where_all_notes_are_gone(collect: Collect, tmp_path: Path) -> None:
    collect(stocks=FEW)
    before = contents(tmp_path / "out")
    shutil.rmtree(tmp_path / "out/state")
    with pytest.raises(InputError, match=r"state/collection.json is lost: write into it") as error:
        collect(stocks=FEW)
    (tmp_path / "out/state").mkdir()
    (tmp_path / "out/state/collection.json").write_text(str(error.value).partition(", such as ")[2])
    collect(stocks=FEW)
    assert contents(tmp_path / "out") == before


def test_a_damaged_file_is_said_by_a_worker_process_too() -> None:
    error = Damaged(Path("out"), "calendar.parquet")
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.name) == (str(error), "calendar.parquet")


def test_a_folder_in_the_place_of_a_file_is_named(collect: Collect, tmp_path: Path) -> None:
    collect(stocks=FEW)
    (tmp_path / "out/calendar.parquet").unlink()
    (tmp_path / "out/calendar.parquet").mkdir()
    with pytest.raises(IsADirectoryError, match="a file is meant, and this is a folder") as error:
        collect(stocks=FEW)
    assert error.value.filename == str(tmp_path / "out/calendar.parquet")


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--port", "99999", "port is 99999: must be at most 65535"),
        ("--port", "-1", "port is -1: must be at least 0"),
        (
            "--host",
            "市" * 70,
            f"baostock does not answer: '{'市' * 70}' cannot be the name of a host; nothing was collected",
        ),
        ("--since", "2020-06-15 10:00", "since is '2020-06-15 10:00': must be a day, without a time"),
        ("--until", "2020-06-15T10:00", "until is '2020-06-15T10:00': must be a day, without a time"),
    ],
)
def test_a_wrong_option_is_named(
    option: str, value: str, words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("baostock")
    options = ["--since", "2020-06-01", "--out", str(tmp_path / "out"), "--patience", "0.01", "--quiet", option, value]
    assert main(["collect", "baostock", *options]) == 2
    assert re.fullmatch(f"mfgru: {re.escape(words)}.*", capfd.readouterr().err.splitlines()[-1])
