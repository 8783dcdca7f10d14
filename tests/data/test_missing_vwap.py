"""A provider without vwap: refused with what to do, or read with the typical price in its place."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from field_market import store
from plain_market import CODES, DAYS, WITH_VWAP, write_plain_market
from reference import series
from small_market import use

from qlib_mfgru.data import MultiFreqHandler
from qlib_mfgru.data.panel import REPORT_FIELDS, BarPanel, build, with_typical_vwap
from qlib_mfgru.errors import InputError
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.storage.files import ProviderFiles

TYPICAL = with_typical_vwap(REPORT_FIELDS)
SETTINGS: dict[str, Any] = {"inputs": {"day": {"days": 10, "scale": "last"}}, "instruments": "csi300"}


def test_without_the_setting_it_says_what_to_do(tmp_path: Path) -> None:
    use(write_plain_market(tmp_path / "cn_data"))
    with pytest.raises(
        InputError,
        match=r"cn_data has no \$vwap at day; set missing_vwap: typical, or ingest it \(daily: \{provider: \.\.\.\}\)$",
    ):
        MultiFreqHandler(**SETTINGS, cache_dir=tmp_path / "panels").cross_section(DAYS[60])


@pytest.mark.parametrize("one_vwap", [False, True])
def test_the_mean_of_four_prices_stands_in_for_what_is_not_stored(tmp_path: Path, one_vwap: bool) -> None:
    provider = write_plain_market(tmp_path / "cn_data", one_vwap=one_vwap)
    use(provider)
    panel, files = BarPanel.open("day", tmp_path / "panels", TYPICAL), ProviderFiles(provider)
    assert [field.name for field in panel.fields] == ["open", "high", "low", "close", "vwap", "volume"]
    for number, code in enumerate(CODES):
        prices = {name: files.dense(code, name, "day") for name in ("open", "high", "low", "close")}
        if one_vwap and code == WITH_VWAP:
            expected = files.dense(code, "vwap", "day")
        else:
            expected = (prices["open"] + prices["high"] + prices["low"] + prices["close"]) / 4
        traded = np.isfinite(prices["close"])
        np.testing.assert_allclose(panel.bars[traded, 0, 4, number], expected[traded], rtol=1e-7)
        np.testing.assert_array_equal(panel.bars[traded, 0, 3, number], prices["close"][traded].astype("f4"))
    assert panel.bars[51, 0, 4, 1] == panel.bars[49, 0, 3, 1], "a suspended day has the last close"


def test_prices_of_0_make_no_stand_in(tmp_path: Path) -> None:
    """Of a suspended day some programs keep the last close, and write 0 for all else."""
    provider = write_plain_market(tmp_path / "cn_data")
    stored = {name: series(provider, CODES[1], name, "day", len(DAYS)) for name in ("open", "high", "low", "close")}
    for name, values in stored.items():
        values[50:53] = values[49] if name == "close" else 0
    store(provider, CODES[1], "day", stored)
    use(provider)
    panel = BarPanel.open("day", tmp_path / "panels", TYPICAL)
    assert (panel.bars[50:53, 0, :5, 1] == np.float32(stored["close"][49])).all()


def test_the_stand_in_is_said_each_time_a_panel_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(write_plain_market(tmp_path / "cn_data", one_vwap=True))
    said: list[str] = []
    monkeypatch.setattr(
        "qlib_mfgru.data.panel.build.get_module_logger",
        lambda _: SimpleNamespace(info=lambda _: None, warning=said.append),
    )
    for _ in range(2):
        BarPanel.open("day", tmp_path / "panels", TYPICAL)
    message = f"$vwap at day is the mean of open, high, low and close for the {len(CODES) - 1} stocks without it"
    assert said == [message, message]


def test_the_stand_in_is_part_of_the_panels_key_and_the_default_key_is_as_it_was(tmp_path: Path) -> None:
    use(write_plain_market(tmp_path / "cn_data", one_vwap=True))
    plain, typical = (build.folder_name("day", CODES, fields) for fields in (REPORT_FIELDS, TYPICAL))
    names = ("open", "high", "low", "close", "vwap", "volume")
    kinds = [[name, "quantity" if name == "volume" else "price"] for name in names]
    state = [reader.fingerprint("day", CODES, names), *kinds]
    assert plain == f"day-5-{hashlib.sha256(json.dumps(state).encode()).hexdigest()[:32]}"
    assert typical != plain


def test_only_a_known_stand_in_is_taken() -> None:
    with pytest.raises(InputError, match=r"^missing_vwap is 'close': must be 'typical'$"):
        MultiFreqHandler(**SETTINGS, missing_vwap="close")
