"""What a panel holds of fields of each kind, whichever they are, and how panels of several sets lie side by side."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from field_market import BARS, store, write_field_market
from reference import series
from small_market import CODES, DAYS, FIRST_BAR_DAY, HALTED, LISTED_LATE, SUSPENDED, use

from qlib_mfgru.data import BarPanel, Field
from qlib_mfgru.data.panel import build, cache
from qlib_mfgru.data.panel.fields import KNOWN, PRICES, REPORT_FIELDS, with_typical_vwap
from qlib_mfgru.errors import InputError

LEVEL, QUANTITY, PRICE = (Field(name="signal", kind=kind) for kind in ("level", "quantity", "price"))


@pytest.fixture
def market(tmp_path: Path) -> Path:
    """A provider of this test's own, in use."""
    provider = write_field_market(tmp_path / "provider")
    use(provider)
    return provider


@pytest.mark.parametrize("code", [SUSPENDED, LISTED_LATE, HALTED])
def test_gaps_are_filled_by_kind(code: str, market: Path, tmp_path: Path) -> None:
    stock, stored = CODES.index(code), {}
    for name in ("signal", "close"):
        values = series(market, code, name, "15min", 50 * BARS)
        stored[name] = pd.Series(values.astype(np.float32))
    expected = {
        LEVEL: stored["signal"].ffill(),
        QUANTITY: stored["signal"].fillna(0),
        PRICE: stored["signal"].fillna(stored["close"].ffill()),
    }
    assert stored["signal"].isna().sum() > 100
    for field, values in expected.items():
        panel = BarPanel.open("15min", tmp_path / "panels", (KNOWN["open"], field))
        np.testing.assert_array_equal(panel.bars[:, :, 1, stock].ravel(), values)


@pytest.mark.parametrize(
    ("field", "expected"),
    [(LEVEL, [np.nan, np.nan, 5, 5, 7, 7]), (QUANTITY, [0, 0, 5, 0, 7, 0])],
    ids=["level", "quantity"],
)
def test_infinite_values_are_gaps(field: Field, expected: list[float], market: Path, tmp_path: Path) -> None:
    store(market, CODES[8], "day", {"signal": np.array([np.inf, np.nan, 5.0, -np.inf, 7.0])})
    panel = BarPanel.open("day", tmp_path / "panels", (field,))
    np.testing.assert_array_equal(panel.bars[:6, 0, 0, 8], expected)


@pytest.mark.parametrize("names", [("vwap",), ("limit_up", "amount"), ("volume", "close"), ("close",)])
def test_who_traded_comes_from_close_and_volume_whatever_the_fields_are(
    names: tuple[str, ...], market: Path, tmp_path: Path
) -> None:
    for code in CODES:
        store(market, code, "day", {"amount": np.ones(80)})
    panel = BarPanel.open("day", tmp_path / "panels", tuple(KNOWN[name] for name in names))
    assert panel.bars.shape == (80, 1, len(names), 14)
    close, volume = (
        np.stack([series(market, code, name, "day", 80) for code in CODES], axis=1) for name in ("close", "volume")
    )
    assert not panel.traded[50:53, 1].any()
    np.testing.assert_array_equal(panel.traded, np.isfinite(close) & (volume > 0))


def test_close_and_volume_may_be_declared_otherwise(market: Path, tmp_path: Path) -> None:
    """As levels they keep their own last values; the other prices still take the close, and nobody traded."""
    fields = (Field(name="volume", kind="level"), Field(name="close", kind="quantity"), KNOWN["open"])
    panel, stock = BarPanel.open("day", tmp_path / "panels", fields), CODES.index(SUSPENDED)
    close, volume = (series(market, SUSPENDED, name, "day", 80).astype(np.float32) for name in ("close", "volume"))
    volume_then = volume[49] if np.isnan(volume[50]) else 0
    assert panel.bars[51, 0, :, stock].tolist() == [volume_then, 0, close[49]]
    assert not panel.traded[50:53, stock].any()


def test_a_price_of_0_is_none(market: Path, tmp_path: Path) -> None:
    """The last close takes its place, as where nothing is stored: the panel is the same."""
    whole, stock = BarPanel.open("day", tmp_path / "whole"), CODES.index(SUSPENDED)
    zeros = {name: series(market, SUSPENDED, name, "day", 80) for name in PRICES}
    last = np.float32(zeros["close"][49])
    for values in zeros.values():
        values[50:53] = 0
    store(market, SUSPENDED, "day", zeros)
    panel = BarPanel.open("day", tmp_path / "panels")
    assert (panel.bars[50:53, 0, :5, stock] == last).all()
    for name in ("bars", "traded", "priced", "digests"):
        np.testing.assert_array_equal(getattr(panel, name), getattr(whole, name))


def test_a_close_of_0_is_no_trade(market: Path, tmp_path: Path) -> None:
    close = series(market, CODES[8], "close", "day", 80)
    close[30] = 0
    store(market, CODES[8], "day", {"close": close})
    panel = BarPanel.open("day", tmp_path / "panels")
    assert panel.traded[29:32, 8].tolist() == [True, False, True]
    assert panel.bars[30, 0, 3, 8] == np.float32(close[29])


def test_prices_that_are_all_0_are_no_values(market: Path, tmp_path: Path) -> None:
    for code in CODES:
        store(market, code, "day", {"vwap": np.zeros(80)})
    with pytest.raises(InputError, match=r"holds no value of \$vwap at day; set missing_vwap: typical"):
        BarPanel.open("day", tmp_path / "panels")
    typical = BarPanel.open("day", tmp_path / "panels", with_typical_vwap(REPORT_FIELDS)).bars[50, 0, :5]
    np.testing.assert_allclose(typical[4], typical[:4].mean(axis=0), rtol=1e-6)


def test_panels_of_several_field_sets_side_by_side(market: Path, tmp_path: Path) -> None:
    cache = tmp_path / "panels"
    sets = [(KNOWN["close"],), (KNOWN["close"], KNOWN["volume"]), (KNOWN["volume"], KNOWN["close"]), (LEVEL,), (PRICE,)]
    for fields in sets:
        BarPanel.open("day", cache, fields)
    BarPanel.open("day", cache)
    made = {folder.name for folder in cache.iterdir()}
    assert len(made) == 6
    for fields in sets:
        assert BarPanel.open("day", cache, fields).fields == fields
    BarPanel.open("day", cache, (KNOWN["close"].changed(scale="none"),))  # how it is scaled is no matter of the panel
    assert {folder.name for folder in cache.iterdir()} == made


def test_a_changed_provider_removes_the_old_panel_of_the_same_fields_alone(market: Path, tmp_path: Path) -> None:
    cache = tmp_path / "panels"
    BarPanel.open("day", cache)
    (six,) = cache.iterdir()
    old = BarPanel.open("day", cache, (LEVEL,))
    store(market, CODES[8], "day", {"signal": np.arange(81.0)[1:]})
    new = BarPanel.open("day", cache, (LEVEL,))
    assert new.bars[10, 0, 0, 8] == 11 != old.bars[10, 0, 0, 8]
    assert len(list(cache.iterdir())) == 2
    assert six.exists()


def test_a_panel_of_the_earlier_format_is_removed(market: Path, tmp_path: Path) -> None:
    earlier = tmp_path / "panels/day-1-0123"
    earlier.mkdir(parents=True)
    (earlier / "panel.json").write_text(json.dumps({"freq": "day", "provider": str(market), "shape": [80, 1, 6, 14]}))
    BarPanel.open("day", tmp_path / "panels", (LEVEL,))
    assert not earlier.exists()


def test_a_field_that_the_frequency_lacks(market: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no \$market_cap \$factor at 15min$"):
        BarPanel.open("15min", tmp_path / "panels", (KNOWN["market_cap"], KNOWN["open"], KNOWN["factor"]))
    assert not list((tmp_path / "panels").iterdir())


@pytest.mark.parametrize("nothing", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("field", [LEVEL, QUANTITY, PRICE], ids=["level", "quantity", "price"])
def test_a_field_without_any_value(field: Field, nothing: float, market: Path, tmp_path: Path) -> None:
    for code in CODES:
        store(market, code, "day", {"signal": np.full(80, nothing)})
    with pytest.raises(InputError, match=r"holds no value of \$signal at day$"):
        BarPanel.open("day", tmp_path / "panels", (KNOWN["open"], field))
    assert not list((tmp_path / "panels").iterdir())
    store(market, CODES[8], "day", {"signal": np.append(np.full(79, nothing), 0.0)})
    assert BarPanel.open("day", tmp_path / "panels", (KNOWN["open"], field)).bars[79, 0, 1, 8] == 0


def test_stocks_without_a_field_are_counted(market: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    for module in (build, cache):
        monkeypatch.setattr(module, "get_module_logger", lambda _: Log(said))
    BarPanel.open("day", tmp_path / "panels", (LEVEL, KNOWN["open"]))
    assert said[0] == "of the 14 stocks with day bars the provider has $signal of 13"
    BarPanel.open("day", tmp_path / "panels")
    assert len(said) == 3
    assert DAYS[FIRST_BAR_DAY] in BarPanel.open("15min", tmp_path / "panels").days


class Log:
    """A logger that keeps what it is told."""

    def __init__(self, said: list[str]) -> None:
        self.warning = self.info = said.append
