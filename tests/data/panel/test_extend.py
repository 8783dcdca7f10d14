"""A panel of days that were added: filled as one that is made anew, whatever its fields are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_market import use

from qlib_mfgru.data import BarPanel, Field
from qlib_mfgru.data.panel import REPORT_FIELDS, cache
from qlib_mfgru.data.panel.fields import KNOWN
from qlib_mfgru.provider.storage.updates import content_key
from qlib_mfgru.provider.writer import new_provider

DAYS = pd.bdate_range("2024-01-02", periods=9)
N_BEFORE = 6
CODES = ("SH600000", "SH600001")
"""The second one is suspended from day 4 to day 7: all that is stored of these days is 0."""
LAST_CLOSE = 13.0


def write(folder: Path, n_days: int, updates: list[dict[str, Any]]) -> None:
    values = np.arange(10.0, 10.0 + n_days)
    suspended = np.where((np.arange(n_days) >= 4) & (np.arange(n_days) < 8), 0, values)
    with new_provider(folder, DAYS[:n_days]) as writer:
        for code, series in zip(CODES, (values, suspended), strict=True):
            writer.write_features(code, "day", 0, {field.name: series for field in REPORT_FIELDS})
        writer.write_instruments("all", [(code, DAYS[0], DAYS[n_days - 1]) for code in CODES])
        writer.write_manifest({"updates": updates})


def opened_before_and_after(folder: Path, fields: tuple[Field, ...]) -> BarPanel:
    """The panel after an update whose earlier one is in the cache."""
    provider = folder / "provider"
    write(provider, N_BEFORE, [])
    use(provider)
    BarPanel.open("day", folder / "panels", fields)
    write(provider, len(DAYS), [{"before": content_key(provider), "changed": {"day": N_BEFORE}}])
    use(provider)
    return BarPanel.open("day", folder / "panels", fields)


def check_as_anew(panel: BarPanel, folder: Path) -> None:
    anew = BarPanel.open("day", folder / "others", panel.fields)
    for name in ("bars", "traded", "priced", "digests"):
        np.testing.assert_array_equal(getattr(panel, name), getattr(anew, name))


def test_prices_of_0_in_days_that_are_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, whole = [], cache.write
    monkeypatch.setattr(cache, "write", lambda *args: made.append(args) or whole(*args))
    panel = opened_before_and_after(tmp_path, REPORT_FIELDS)
    assert len(made) == 1, "the second panel is made from the first"
    assert (panel.bars[4:8, 0, :5, 1] == LAST_CLOSE).all()
    assert panel.bars[8, 0, :, 1].tolist() == [18.0] * 6
    assert panel.traded[:, 1].tolist() == [True] * 4 + [False] * 4 + [True]
    check_as_anew(panel, tmp_path)


def test_a_close_that_is_no_price_is_not_carried_over(tmp_path: Path) -> None:
    """Its last value in the earlier panel is 0, and what other prices take is not in it."""
    panel = opened_before_and_after(tmp_path, (Field(name="close", kind="quantity"), KNOWN["open"]))
    assert panel.bars[7, 0, :, 1].tolist() == [0.0, LAST_CLOSE]
    check_as_anew(panel, tmp_path)
