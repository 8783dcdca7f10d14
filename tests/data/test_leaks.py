"""No look-ahead: what comes after a date changes nothing that is known on it, and a leak would be caught."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from field_market import INPUTS as FIELD_INPUTS
from field_market import declared, write_field_market
from small_market import BARS, DAYS, FIRST_BAR_DAY, INPUTS, LABEL, use

from qlib_mfgru.data import CrossSection, MultiFreqHandler
from qlib_mfgru.data.panel import build
from qlib_mfgru.data.panel_set import PanelSet

DATES = [DAYS[48], DAYS[55], DAYS[66]]


def poison(provider: Path, after: int, value: float) -> None:
    """Overwrite every stored value after day `after`, at both frequencies."""
    for path in (provider / "features").glob("*/*.bin"):
        stored = np.fromfile(path, "<f4")
        known = after + 1 if ".day." in path.name else (after + 1 - FIRST_BAR_DAY) * BARS
        stored[1 + known - int(stored[0]) :] = value
        stored.tofile(path)


def cut(provider: Path, after: int) -> None:
    """End calendars and series with day `after`."""
    for path in (provider / "features").glob("*/*.bin"):
        stored = np.fromfile(path, "<f4")
        known = after + 1 if ".day." in path.name else (after + 1 - FIRST_BAR_DAY) * BARS
        stored[: 1 + known - int(stored[0])].tofile(path)
    for path in (provider / "calendars").glob("*.txt"):
        stamps = path.read_text().splitlines()
        path.write_text("".join(f"{s}\n" for s in stamps if s[:10] <= f"{DAYS[after]:%Y-%m-%d}"))


CHANGES: dict[str, Callable[[Path, int], None]] = {
    "NaN after t": lambda provider, after: poison(provider, after, np.nan),
    "1e9 after t": lambda provider, after: poison(provider, after, 1e9),
    "cut at t": cut,
}


def section_after(
    change: Callable[[Path, int], None],
    handler: type[MultiFreqHandler],
    provider: Path,
    date: pd.Timestamp,
    work: Path,
    inputs: dict[str, dict[str, Any]] = INPUTS,
) -> CrossSection:
    changed = work / "changed"
    shutil.copytree(provider, changed)
    change(changed, DAYS.get_loc(date))
    use(changed)
    return handler(inputs=inputs, label=LABEL, cache_dir=work / "panels").cross_section(date)


def differs(one: CrossSection, other: CrossSection) -> bool:
    """Whether two cross-sections differ in any bit of their stocks or features."""
    return list(one.instruments) != list(other.instruments) or any(
        not np.array_equal(one.features[freq], other.features[freq]) for freq in one.features
    )


@pytest.mark.parametrize("date", DATES, ids=lambda date: f"{date:%m-%d}")
@pytest.mark.parametrize("name", CHANGES)
def test_the_future_changes_no_feature(
    name: str, date: pd.Timestamp, handler: MultiFreqHandler, provider: Path, tmp_path: Path
) -> None:
    honest = handler.cross_section(date)
    assert not differs(honest, section_after(CHANGES[name], MultiFreqHandler, provider, date, tmp_path))


class OneDayAhead(MultiFreqHandler):
    """Leaks: its windows end a day late."""

    @property
    def panels(self) -> PanelSet:
        fresh = self._panels is None
        panels = super().panels
        if fresh:
            for windows in panels.windows.values():
                rows, last = windows.rows, len(windows.source.panel.days) - 1
                rows[rows >= 0] = np.minimum(rows[rows >= 0] + 1, last)
        return panels


class TradedTomorrow(MultiFreqHandler):
    """Leaks: takes only stocks that trade on the next day."""

    @property
    def panels(self) -> PanelSet:
        fresh = self._panels is None
        panels = super().panels
        if fresh:
            complete = panels.windows["day"].complete
            complete[:-1] &= complete[1:]
        return panels


@pytest.mark.parametrize(
    ("leaking", "name"), [(OneDayAhead, "NaN after t"), (OneDayAhead, "1e9 after t"), (TradedTomorrow, "cut at t")]
)
def test_a_leaking_handler_is_caught(
    leaking: type[MultiFreqHandler], name: str, provider: Path, cache: Path, tmp_path: Path
) -> None:
    date = DAYS[60]  # the last day of the delisted stock
    use(provider)
    honest = leaking(inputs=INPUTS, label=LABEL, cache_dir=cache).cross_section(date)
    assert differs(honest, section_after(CHANGES[name], leaking, provider, date, tmp_path))


@pytest.fixture(scope="module")
def of_fields(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_field_market(tmp_path_factory.mktemp("fields") / "provider")


def fields_differ(of_fields: Path, name: str, date: pd.Timestamp, work: Path) -> bool:
    """Whether the future changes the windows of fields of every kind."""
    use(of_fields)
    inputs = declared(FIELD_INPUTS)
    honest = MultiFreqHandler(inputs=inputs, label=LABEL, cache_dir=work / "honest").cross_section(date)
    return differs(honest, section_after(CHANGES[name], MultiFreqHandler, of_fields, date, work, inputs))


@pytest.mark.parametrize("date", DATES, ids=lambda date: f"{date:%m-%d}")
@pytest.mark.parametrize("name", CHANGES)
def test_the_future_changes_no_field_of_any_kind(
    name: str, date: pd.Timestamp, of_fields: Path, tmp_path: Path
) -> None:
    assert not fields_differ(of_fields, name, date, tmp_path)


@pytest.mark.parametrize("name", ["NaN after t", "cut at t"])
def test_a_level_filled_from_later_values_is_caught(
    name: str, of_fields: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "carried_forward", lambda values: pd.DataFrame(values).ffill().bfill().to_numpy())
    assert fields_differ(of_fields, name, DAYS[48], tmp_path)  # a limit is known from day 50 on
