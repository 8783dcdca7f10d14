"""The checks of every ingested provider can fail: each planted fault is found."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from qlib_mfgru.ingest.mapping import IngestMapping

from ..vendor import BARS, CODES, DAILY, make_bars, make_daily, run
from . import Reference, check_provider, check_sound, market

SERIES = "features/sz000001"


def changed(name: str, position: int, value: float) -> Callable[[Path], None]:
    """Put a value at a position of a series."""

    def change(provider: Path) -> None:
        values = np.fromfile(provider / name, "<f4")
        values[position] = value
        values.tofile(provider / name)

    return change


def rewritten(name: str, old: str, new: str) -> Callable[[Path], None]:
    def rewrite(provider: Path) -> None:
        text = (provider / name).read_text(encoding="utf-8")
        assert old in text
        (provider / name).write_text(text.replace(old, new), encoding="utf-8")

    return rewrite


def left_beside(suffix: str) -> Callable[[Path], None]:
    return lambda provider: provider.with_name(f".{provider.name}{suffix}").mkdir()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (changed(f"{SERIES}/close.15min.bin", 5, np.inf), "sz000001 15min close: inf"),
        (changed(f"{SERIES}/open.day.bin", 2, 0.0), "sz000001 day open: [0.]"),
        (changed(f"{SERIES}/volume.day.bin", 2, -1.0), "sz000001 day volume: [-1.]"),
        (changed(f"{SERIES}/high.day.bin", 2, np.nan), "sz000001 day high: NaN where volume is"),
        (changed(f"{SERIES}/vwap.15min.bin", 9, 40.0), "sz000001 15min vwap: [40.] outside"),
        (changed(f"{SERIES}/close.day.bin", 0, 1.0), "sz000001 day close: beyond the calendar"),
        (changed(f"{SERIES}/close.day.bin", 0, 0.5), "starts at 0.5"),
        (rewritten("instruments/all.txt", "2025-03-06", "2025-03-07"), "is outside the calendar"),
        (rewritten("instruments/all.txt", "2025-03-06", "2025-03-05"), "prices are not of"),
        (rewritten("mfgru.json", '"read": 192', '"read": 193'), "bars: 193 read, 192 kept, 0"),
        (rewritten("mfgru.json", '"read": 192', '"read": NaN'), "mfgru.json holds NaN"),
        (rewritten("calendars/day.txt", "2025-03-04", "2025-03-03"), "day calendar does not ascend"),
        (left_beside(".12345678"), "left beside the provider: ['.provider.12345678']"),
    ],
)
def test_an_unsound_provider_is_found(source: Path, target: Path, spoil: Callable[[Path], None], message: str) -> None:
    run(source, target)
    spoil(target)
    with pytest.raises(AssertionError) as error:
        check_sound(target)
    assert message in str(error.value)


def test_the_usual_files_are_read_by_pandas_alone(source: Path) -> None:
    expected = market(IngestMapping(bars=BARS, daily=DAILY), source)
    assert expected is not None
    assert expected.symbols == sorted(CODES)
    assert len(expected.series("SZ000001", "15min")) == 64


@pytest.mark.parametrize("field", ["open", "high", "low", "close", "vwap", "volume", "amount"])
@pytest.mark.parametrize("freq", ["day", "15min"])
def test_a_value_that_is_off_by_a_millionth_is_found(source: Path, target: Path, field: str, freq: str) -> None:
    run(source, target)
    bars = make_bars(["SH600000", "SZ000001", "SZ300750"])
    expected = Reference(bars, make_daily(bars))
    check_provider(target, expected)
    file = target / SERIES / f"{field}.{freq}.bin"
    values = np.fromfile(file, "<f4")
    values[3] *= 1.000001
    values.tofile(file)
    with pytest.raises(AssertionError, match=f"SZ000001 {freq} {field}"):
        check_provider(target, expected)
