"""What holds of every provider that an ingest writes, whatever the vendor's files were."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from qlib_mfgru.provider.symbols import feature_folder

PRICES = ("open", "high", "low", "close", "vwap")
POSITIVE = frozenset({*PRICES, "factor", "limit_up", "limit_down", "market_cap"})
TOLERANCE = 1e-3
"""Share of the price by which a day's mean price may lie outside its range, as that of open and close."""

Series = dict[str, tuple[int, np.ndarray]]
"""Field -> position of its first value in the calendar, and its values."""


def check_sound(target: Path) -> None:
    """Assert that a provider has no impossible number, nothing outside its calendar, and a report that adds up."""
    _nothing_beside(target)
    calendars = {file.stem: file.read_text().split("\n")[:-1] for file in (target / "calendars").iterdir()}
    for freq, stamps in calendars.items():
        assert stamps, f"{freq} calendar is empty"
        assert stamps == sorted(set(stamps)), f"{freq} calendar does not ascend"
    spans = _spans(target, "all", calendars["day"])
    assert spans, "no stock"
    for folder in sorted((target / "features").iterdir()):
        is_stock = folder.name in {feature_folder(code) for code in spans}
        for freq, stamps in calendars.items():
            _check_series(f"{folder.name} {freq}", read_series(folder, freq), len(stamps), is_stock=is_stock)
    _check_lives(target, spans, calendars["day"])
    for market in sorted(file.stem for file in (target / "instruments").iterdir()):
        strangers = set(_spans(target, market, calendars["day"])) - set(spans)
        assert not strangers, f"{market}: {strangers} have no prices"
    _check_report(target)


def read_series(folder: Path, freq: str) -> Series:
    """The series of an instrument, byte by byte."""
    series = {}
    for file in sorted(folder.glob(f"*.{freq}.bin")):
        values = np.fromfile(file, "<f4")
        assert file.stat().st_size == 4 * len(values) > 4, f"{file}: no whole numbers"
        assert values[0] >= 0, f"{file}: starts at {values[0]}"
        assert values[0] == int(values[0]), f"{file}: starts at {values[0]}"
        series[file.name.removesuffix(f".{freq}.bin")] = int(values[0]), values[1:]
    return series


def _nothing_beside(target: Path) -> None:
    left = [path.name for path in target.parent.glob(f".{target.name}.*")]
    assert not left, f"left beside the provider: {left}"


def _check_series(where: str, series: Series, n_stamps: int, *, is_stock: bool) -> None:
    for field, (start, values) in series.items():
        assert start + len(values) <= n_stamps, f"{where} {field}: beyond the calendar"
        assert not np.isinf(values).any(), f"{where} {field}: inf"
        bad = values <= 0 if field in POSITIVE else values < 0
        assert not bad.any(), f"{where} {field}: {values[bad][:3]}"
    prices = {field: values for field, (_, values) in series.items() if field in PRICES}
    if not prices:
        return
    assert len({(start, len(series[field][1])) for field, (start, _) in series.items() if field in prices}) == 1, (
        f"{where}: prices of other lengths"
    )
    if is_stock:
        traded = series["volume"][1] > 0
        for field in ("open", "high", "low", "close", *(["factor"] if "factor" in series else [])):
            unknown = traded & np.isnan(series[field][1])
            assert not unknown.any(), f"{where} {field}: NaN where volume is {series['volume'][1][unknown][:3]}"
    _check_range(where, prices)


def _check_range(where: str, prices: dict[str, np.ndarray]) -> None:
    if "low" not in prices or "high" not in prices:
        return
    low, high = prices["low"] * (1 - TOLERANCE), prices["high"] * (1 + TOLERANCE)
    for field, values in prices.items():
        outside = (values < low) | (values > high)
        assert not outside.any(), (
            f"{where} {field}: {values[outside][:3]} outside "
            f"[{prices['low'][outside][:3]}, {prices['high'][outside][:3]}]"
        )


def _spans(target: Path, market: str, days: list[str]) -> dict[str, list[tuple[str, str]]]:
    """Spans of a market, which lie within the calendar, in order and apart."""
    spans: dict[str, list[tuple[str, str]]] = {}
    for line in (target / "instruments" / f"{market}.txt").read_text().splitlines():
        code, first, last = line.split("\t")
        last = last[:10]
        assert days[0] <= first <= last <= days[-1], f"{market}: {line!r} is outside the calendar"
        before = spans.setdefault(code, [])
        assert not before or before[-1][1] < first, f"{market}: {line!r} overlaps {before[-1]}"
        before.append((first, last))
    return spans


def _check_lives(target: Path, spans: dict[str, list[tuple[str, str]]], days: list[str]) -> None:
    """A stock's daily prices begin and end with its span."""
    for code, lives in spans.items():
        series = read_series(target / "features" / feature_folder(code), "day")
        start, closes = series["close"]
        assert [(days[start], days[start + len(closes) - 1])] == lives, f"{code}: prices are not of {lives}"
        assert np.isfinite(closes[0]), f"{code}: its life begins without a price"


def _check_report(target: Path) -> None:
    manifest = json.loads((target / "mfgru.json").read_text(encoding="utf-8"), parse_constant=_no_number)
    for name, rows in manifest["report"]["inputs"].items():
        dropped = sum(tally["count"] for tally in rows["dropped"].values())
        assert rows["read"] == rows["kept"] + dropped, f"{name}: {rows['read']} read, {rows['kept']} kept, {dropped}"
    for text in _texts(manifest["report"]):
        assert text.isprintable(), f"the report is not readable: {text!r}"


def _no_number(text: str) -> None:
    raise AssertionError(f"mfgru.json holds {text}")


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    for each in content.values() if isinstance(content, dict) else content if isinstance(content, list) else ():
        yield from _texts(each)
