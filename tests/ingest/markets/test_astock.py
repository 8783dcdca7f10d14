"""The documented mapping on the real sample, against an independent computation.

The sample lies beside the checkout, or in the folder that ``MFGRU_ASTOCK_FILES`` names; skipped where it is absent.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.ingest.mapping import load_mapping
from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.ingest.report import IngestReport

from ..reference import check_sound
from ..vendor import spans, stored

ROOT = Path(__file__).parents[3]
MAPPING = ROOT / "workflow_configs/astock/mapping.yaml"
SOURCE = Path(os.environ.get("MFGRU_ASTOCK_FILES", ROOT.parent / "shared" / "data" / "astock"))
pytestmark = pytest.mark.skipif(not (SOURCE / "daily.parquet").exists(), reason="the real sample is not here")


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, IngestReport]:
    target = tmp_path_factory.mktemp("astock") / "provider"
    return target, ingest(load_mapping(MAPPING), SOURCE, target, quiet=True)


def test_the_provider_is_sound(provider: tuple[Path, IngestReport]) -> None:
    check_sound(provider[0])


def test_every_bar_is_accounted_for(provider: tuple[Path, IngestReport]) -> None:
    rows = provider[1].inputs["bars"]
    assert rows.read == rows.kept + sum(tally.count for tally in rows.dropped.values()) == 1916704
    assert {reason: tally.count for reason, tally in rows.dropped.items()} == {"suspended day": 196 * 16}


@pytest.mark.parametrize("symbol", ["600004", "600777", "601026"])
def test_bars_are_raw_prices_times_the_days_factor(provider: tuple[Path, IngestReport], symbol: str) -> None:
    month = pd.read_parquet(SOURCE / "bars_15min" / "202512.parquet")
    month = month[month["symbol"] == symbol].set_index("datetime")
    daily = pd.read_parquet(SOURCE / "daily.parquet", filters=[("symbol", "==", symbol)]).set_index("date")
    day = pd.DatetimeIndex(month.index).normalize()
    factor = daily["factor"].reindex(day).to_numpy(dtype="f8")
    live = (month["volume"].groupby(day).transform("sum") > 0).to_numpy()
    for name in ("open", "high", "low", "close"):
        expected = np.where(live, month[name].to_numpy(dtype="f8") * factor, np.nan)
        found = stored(provider[0], f"SH{symbol}", name, "15min").reindex(month.index)
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_suspended_days_have_no_price_before_and_after_the_splice(provider: tuple[Path, IngestReport]) -> None:
    daily = pd.read_parquet(SOURCE / "daily.parquet")
    dead = daily[daily["volume"].isna() & daily["date"].between("2025-01-02", "2026-04-01")]
    for row in dead.groupby(dead["date"].dt.year).head(20).itertuples():
        day = str(row.date)[:10]
        assert np.isnan(stored(provider[0], f"SH{row.symbol}", "close")[day])
        assert stored(provider[0], f"SH{row.symbol}", "close", "15min")[day].isna().all()


def test_limits_fit_what_was_traded(provider: tuple[Path, IngestReport]) -> None:
    outside = [tally for what, tally in provider[1].warnings.items() if "outside the limits" in what]
    assert [tally.count for tally in outside] == [4, 15]


def test_a_factor_that_came_a_day_late_is_put_right(provider: tuple[Path, IngestReport]) -> None:
    """SH600506 goes ex-rights on 2026-05-06, 22.64 -> 17.72; its factor goes from 1.004955 to 1.308348 a day later."""
    tally = provider[1].warnings["days whose factor was lost, early or late, replaced by that of the day beside it"]
    assert (tally.count, tally.examples) == (1, ["SH600506 2026-05-06"])
    close = stored(provider[0], "SH600506", "close")
    assert close["2026-05-06"] / close["2026-04-30"] == pytest.approx(17.72 * 1.308348 / (22.64 * 1.004955), rel=1e-4)
    wrong = [each for each in provider[1].consistency if "adjusted return is beyond the limit" in str(each["kind"])]
    assert [each["cases"] for each in wrong] == [["SH600655 2020-11-25"]]


def test_the_judge_tolerates_what_the_sample_is_known_for(provider: tuple[Path, IngestReport]) -> None:
    found = {str(each["kind"]): (each["count"], each["left out"]) for each in provider[1].consistency}
    assert found["bars whose amount / volume lies outside [low, high]"] == (279, [])
    assert all(not left_out for _, left_out in found.values())
    assert not any(each["severity"] == "error" for each in provider[1].consistency)


@pytest.mark.parametrize("freq", ["15min", "day"])
def test_no_mean_price_is_outside_its_range(provider: tuple[Path, IngestReport], freq: str) -> None:
    for code in [code for code, _, _ in spans(provider[0])][::40]:
        vwap, low, high = (stored(provider[0], code, name, freq) for name in ("vwap", "low", "high"))
        known = vwap.notna()
        assert known.any()
        assert ((vwap >= low * 0.99899) & (vwap <= high * 1.00101))[known].all()


def test_members_are_in_the_sample(provider: tuple[Path, IngestReport]) -> None:
    stocks = {code for code, _, _ in spans(provider[0])}
    assert len(stocks) == 400
    members = spans(provider[0], "csi300")
    assert {code for code, _, _ in members} < stocks
    assert max(last for _, _, last in members) == "2026-05-08"
