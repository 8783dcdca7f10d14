"""The panel: what it holds, when it is made anew, and that it is whole or not there."""

from __future__ import annotations

import errno
import os
import pickle
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from reference import series
from small_market import BARS, CODES, DAYS, FIRST_BAR_DAY, HALTED, LISTED_LATE, LONG_SUSPENDED, NO_BARS, SUSPENDED, use
from started import Started

from qlib_mfgru.data import FIELDS, BarPanel
from qlib_mfgru.data.panel import cache
from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import SUMS, Holder, lock_file
from qlib_mfgru.folders.box import new_box
from qlib_mfgru.machine import ADVICE
from qlib_mfgru.provider.storage.stored import SeriesReader

STOCK = {code: number for number, code in enumerate(CODES)}
FIELD = {field: number for number, field in enumerate(FIELDS)}
PRICES = [FIELD[field] for field in FIELDS if field != "volume"]


@pytest.fixture
def panel(provider: Path, cache: Path) -> BarPanel:
    use(provider)
    return BarPanel.open("15min", cache)


@pytest.fixture
def copy(provider: Path, tmp_path: Path) -> Path:
    """A provider of this test's own."""
    return Path(shutil.copytree(provider, tmp_path / "copy"))


def test_axes(panel: BarPanel) -> None:
    assert FIELDS == ("open", "high", "low", "close", "vwap", "volume")
    assert panel.bars.shape == (50, 16, 6, 14)
    assert panel.bars.dtype == np.float32
    assert list(panel.days) == list(DAYS[FIRST_BAR_DAY:])
    assert panel.instruments == CODES
    assert panel.bars_per_day == 16


def test_a_stocks_day_lies_together_in_memory_and_in_the_file(provider: Path, tmp_path: Path) -> None:
    use(provider)
    panel = BarPanel.open("15min", tmp_path)
    [folder] = tmp_path.glob("15min-*")
    stored = np.load(folder / "bars.npy")
    np.testing.assert_array_equal(stored, panel.bars.transpose(0, 3, 1, 2))
    assert np.shares_memory(panel.bars, replace(panel).bars)
    others = [np.array(panel.bars, order="C"), np.array(panel.bars, order="F"), panel.bars.astype(">f8")]
    for copied in (*(replace(panel, bars=bars) for bars in others), pickle.loads(pickle.dumps(panel))):
        assert copied.bars.strides == panel.bars.strides == (4 * 14 * 16 * 6, 4 * 6, 4, 4 * 16 * 6)
        assert copied.bars.dtype == np.dtype(np.float32)
        np.testing.assert_array_equal(copied.bars, panel.bars)


def test_bars_are_the_providers(panel: BarPanel, provider: Path) -> None:
    for field in FIELDS:
        stored = series(provider, CODES[9], field, "15min", 50 * BARS)
        np.testing.assert_array_equal(panel.bars[:, :, FIELD[field], 9].ravel(), stored.astype(np.float32))


def test_a_suspended_day_carries_the_last_close_and_volume_0(panel: BarPanel) -> None:
    before = 49 - FIRST_BAR_DAY
    last_close = panel.bars[before, -1, FIELD["close"], STOCK[SUSPENDED]]
    gone = panel.bars[before + 1 : before + 4, :, :, STOCK[SUSPENDED]]
    assert (gone[:, :, PRICES] == last_close).all()
    assert (gone[:, :, FIELD["volume"]] == 0).all()
    assert panel.traded[before : before + 5, STOCK[SUSPENDED]].tolist() == [True, False, False, False, True]
    assert panel.traded[:, STOCK[LONG_SUSPENDED]].sum() == 50 - 7


def test_a_halt_within_a_day(panel: BarPanel, provider: Path) -> None:
    """Bars 3 .. 6 keep their prices; 7 and 8, which have none, take the close of bar 6."""
    day = panel.bars[55 - FIRST_BAR_DAY, :, :, STOCK[HALTED]]
    stored = series(provider, HALTED, "open", "15min", 50 * BARS).reshape(50, BARS)[55 - FIRST_BAR_DAY]
    np.testing.assert_array_equal(day[3:7, FIELD["open"]], stored[3:7].astype(np.float32))
    assert (day[7:9][:, PRICES] == day[6, FIELD["close"]]).all()
    assert (day[3:9, FIELD["volume"]] == 0).all()
    assert panel.traded[55 - FIRST_BAR_DAY, STOCK[HALTED]]


def test_nothing_is_carried_back(panel: BarPanel) -> None:
    before = panel.bars[: 45 - FIRST_BAR_DAY, :, :, STOCK[LISTED_LATE]]
    assert np.isnan(before[:, :, PRICES]).all()
    assert not panel.traded[:, STOCK[NO_BARS]].any()


def test_gather_copies_windows_of_any_days_and_stocks(panel: BarPanel) -> None:
    days, stocks = np.array([4, 20, 20, 49]), np.array([8, 0, 13, 13])
    windows = panel.gather(days, stocks, 5)
    assert windows.shape == (80, 6, 4)
    for place, (day, stock) in enumerate(zip(days, stocks, strict=True)):
        expected = panel.bars[day - 4 : day + 1, :, :, stock].reshape(80, 6)
        np.testing.assert_array_equal(windows[:, :, place], expected)


@pytest.mark.parametrize("day", [3, 50, -1])
def test_a_window_beyond_the_calendar_is_an_error(panel: BarPanel, day: int) -> None:
    with pytest.raises(IndexError, match="no room for windows of 5 days"):
        panel.gather(np.array([day]), np.array([0]), 5)


@pytest.mark.parametrize("stock", [-1, 14])
def test_a_stock_beyond_the_axis_is_an_error(panel: BarPanel, stock: int) -> None:
    """-1 would be the day before's last stock, 14 the day after's first, or beyond the panel nobody's memory."""
    days, stocks = np.array([20, 49, 30]), np.array([0, stock, 13])
    with pytest.raises(IndexError, match=r"stocks (-1 \.\. 13|0 \.\. 14) are not all among the panel's 0 \.\. 13"):
        panel.places(days, stocks, 5)
    assert panel.places(days, np.array([0, 13, 13]), 5)[1] == (45 * 14 + 13) * 16 * 6


def test_reopened_without_reading(copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(copy)
    made = BarPanel.open("day", tmp_path / "cache")
    monkeypatch.setattr(SeriesReader, "whole", lambda *_: pytest.fail("the provider was read again"))
    again = BarPanel.open("day", tmp_path / "cache")
    np.testing.assert_array_equal(again.bars, made.bars)
    np.testing.assert_array_equal(again.traded, made.traded)


def test_what_a_builder_left_that_was_killed_at_its_end_goes_when_the_panel_is_opened(
    copy: Path, tmp_path: Path
) -> None:
    use(copy)
    BarPanel.open("day", tmp_path / "cache")
    (folder,) = (tmp_path / "cache").iterdir()
    new_box(folder)
    Holder.this().write(lock_file(folder))
    BarPanel.open("day", tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == [folder]


@pytest.mark.parametrize("content", ["[]", "3", "null", "{"])
def test_a_description_of_nonsense_beside_it_is_left(copy: Path, tmp_path: Path, content: str) -> None:
    file = tmp_path / "cache" / "day-mine" / "panel.json"
    file.parent.mkdir(parents=True)
    file.write_text(content)
    use(copy)
    BarPanel.open("day", tmp_path / "cache")
    assert file.read_text() == content


def test_a_provider_changed_in_place_makes_a_new_panel_and_removes_the_old(copy: Path, tmp_path: Path) -> None:
    use(copy)
    old = BarPanel.open("day", tmp_path / "cache")
    path = copy / "features" / CODES[9].lower() / "close.day.bin"
    stored = np.fromfile(path, "<f4")
    stored[11] *= 2
    stored.tofile(path)  # as many bytes as before
    new = BarPanel.open("day", tmp_path / "cache")
    assert float(new.bars[10, 0, FIELD["close"], 9] / old.bars[10, 0, FIELD["close"], 9]) == 2
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_a_panel_is_read_only(panel: BarPanel) -> None:
    with pytest.raises(ValueError, match="read-only"):
        panel.bars[0, 0, 0, 0] = 0


BUILD = """
import sys, numpy as np, qlib
from qlib_mfgru.data import BarPanel, panel
from qlib_mfgru.data.panel import cache
from qlib_mfgru.provider.storage.stored import SeriesReader
qlib.init(provider_uri=sys.argv[1], region="cn", kernels=1, logging_level=40)
{code}
print(np.nansum(BarPanel.open("15min", sys.argv[2]).bars[-1]))
"""
KILL_WHILE_READING = """
read = SeriesReader.whole
def dies(reader, instrument, *what):
    if instrument == "SH600009":
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
    return read(reader, instrument, *what)
SeriesReader.whole = dies
"""


def build(provider: Path, cache: Path, code: str = "", number: int = 0) -> Started:
    folder = cache.parent / f"build{number}"
    folder.mkdir()
    return Started(BUILD.format(code=code), provider, cache, folder=folder)


def test_a_killed_build_leaves_nothing_that_opens_and_is_cleaned_up(copy: Path, tmp_path: Path) -> None:
    killed = build(copy, tmp_path / "cache", KILL_WHILE_READING)
    assert killed.end() == -9
    assert len(list((tmp_path / "cache").glob(".15min-*/.mfgru-unfinished"))) == 1
    use(copy)
    BarPanel.open("15min", tmp_path / "cache")
    (made,) = (tmp_path / "cache").iterdir()
    assert made.name.startswith("15min-")


def damaged(folder: Path, how: str) -> None:
    bars, days, sums = (folder / name for name in ("bars.npy", "days.npy", "checksums.txt"))
    if how == "truncated":
        os.truncate(bars, bars.stat().st_size - 4)
    elif how == "missing":
        bars.unlink()
    elif how == "flipped":
        content = bytearray(days.read_bytes())
        content[-3] ^= 1
        days.write_bytes(content)
    elif how == "listless":
        sums.unlink()
    else:
        sums.write_bytes(b"\xff\xfe")


@pytest.mark.parametrize("how", ["truncated", "missing", "flipped", "listless", "garbage"])
def test_a_damaged_panel_is_said_and_made_again(
    copy: Path, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(cache, "get_module_logger", lambda _: SimpleNamespace(warning=said.append, info=str))
    use(copy)
    whole = np.array(BarPanel.open("15min", tmp_path / "cache").bars)
    (folder,) = (tmp_path / "cache").iterdir()
    damaged(folder, how)
    again = BarPanel.open("15min", tmp_path / "cache")
    assert np.array_equal(whole, again.bars, equal_nan=True)
    (line,) = said
    assert line.startswith(str(folder))
    assert line.endswith(": the panel is made again")
    assert len(list((tmp_path / "cache").iterdir())) == 1


FULL_DISK = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
"""


def test_a_panel_without_room_ends_in_an_error_that_names_its_folder(copy: Path, tmp_path: Path) -> None:
    failed = build(copy, tmp_path / "cache", FULL_DISK)
    assert failed.end() == 1
    assert f"[Errno 27] File too large: {ADVICE[errno.EFBIG]}: '{tmp_path / 'cache'}/15min-" in failed.said
    assert not list((tmp_path / "cache").iterdir())


def test_two_processes_may_build_at_once(copy: Path, tmp_path: Path) -> None:
    builds = [build(copy, tmp_path / "cache", number=number) for number in range(2)]
    assert [one.end() for one in builds] == [0, 0]
    sums = {one.said.split()[-1] for one in builds}
    assert len(sums - {"nan"}) == 1
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_an_irregular_calendar_is_an_error_that_names_the_day(copy: Path, tmp_path: Path) -> None:
    path = copy / "calendars/15min.txt"
    stamps = path.read_text().splitlines()
    path.write_text("\n".join(stamps[:20] + stamps[21:]) + "\n")
    use(copy)
    with pytest.raises(InputError, match="the 15min calendar has 16 bars on 2024-02-13, but 15 on 2024-02-14"):
        BarPanel.open("15min", tmp_path / "cache")


def test_a_field_that_no_stock_has_is_an_error_that_names_it(copy: Path, tmp_path: Path) -> None:
    for path in [copy / SUMS, *(copy / "features").glob("*/vwap.day.bin")]:  # a provider that never had it
        path.unlink()
    use(copy)
    with pytest.raises(InputError, match=r"has no \$vwap at day"):
        BarPanel.open("day", tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_places_are_whole_numbers_of_any_kind_and_nothing_else(panel: BarPanel) -> None:
    days, stocks = np.array([20, 49], dtype=np.int32), np.array([3, 13], dtype=np.int8)
    places = panel.places(days, stocks, 5)
    assert places.dtype == np.int64
    assert places.tolist() == panel.places(days.astype(np.int64), stocks.astype(np.int64), 5).tolist()
    with pytest.raises(TypeError, match="float64"):
        panel.places(np.array([20.0]), np.array([0]), 5)
    with pytest.raises(IndexError, match="no room for windows of 0 days"):
        panel.places(days, stocks, 0)
