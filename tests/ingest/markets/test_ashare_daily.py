"""The documented mapping on the real market's daily bars of 2012 and 2013, against an independent computation.

The files lie beside the checkout, or in the folder that ``MFGRU_ASHARE_DAILY_FILES`` names; skipped where absent.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.ingest.explain import explain
from qlib_mfgru.ingest.mapping import load_mapping
from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.ingest.report import IngestReport

from ..vendor import spans, stored

ROOT = Path(__file__).parents[3]
SOURCE = Path(os.environ.get("MFGRU_ASHARE_DAILY_FILES", ROOT.parent / "shared" / "data" / "ashare_daily"))
YEARS = ["daily/2012.parquet", "daily/2013.parquet"]
pytestmark = pytest.mark.skipif(not (SOURCE / YEARS[0]).exists(), reason="the real market is not here")


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, IngestReport]:
    mapping = load_mapping(ROOT / "workflow_configs/ashare_daily/mapping.yaml")
    assert mapping.daily is not None
    assert mapping.st is not None
    mapping = mapping.changed(
        daily=mapping.daily.changed(files=YEARS),
        st=mapping.st.changed(files=YEARS),
        members={"csi300": mapping.members["csi300"], "csi500": mapping.members["csi500"]},
        weights={},
    )
    target = tmp_path_factory.mktemp("ashare") / "provider"
    return target, ingest(mapping, SOURCE, target, quiet=True)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    frame = pd.concat([pd.read_parquet(SOURCE / year) for year in YEARS])
    return frame.assign(date=pd.to_datetime(frame["交易日期"])).set_index("date")


@pytest.mark.parametrize("code", ["sh600000", "sz000001", "sz300015", "sh600519"])
def test_prices_are_raw_times_the_running_product_of_previous_closes(
    provider: tuple[Path, IngestReport], rows: pd.DataFrame, code: str
) -> None:
    one = rows[rows["股票代码"] == code]
    close, before = one["收盘价"].round(2), one["前收盘价"].round(2)
    factor = (close.shift() / before).where((close.shift() - before).abs() > 0.006, 1.0).cumprod()
    np.testing.assert_allclose(stored(provider[0], code, "close").dropna(), close * factor, rtol=1e-5)
    np.testing.assert_allclose(stored(provider[0], code, "factor").reindex(one.index), factor, rtol=1e-5)


def test_every_row_is_accounted_for_in_a_report_that_is_read_in_a_minute(
    provider: tuple[Path, IngestReport], rows: pd.DataFrame
) -> None:
    daily = provider[1].inputs["daily"]
    assert daily.read == len(rows) == daily.kept + sum(tally.count for tally in daily.dropped.values())
    assert daily.kept > 0.9999 * len(rows)
    assert str(provider[1]).count("\n") < 40
    assert len(spans(provider[0])) == rows["股票代码"].nunique()


def test_special_treatment_is_that_of_the_name_on_the_day(
    provider: tuple[Path, IngestReport], rows: pd.DataFrame
) -> None:
    special = rows["股票名称"].str.match(r"S?\*?S?\*?ST")
    code = rows["股票代码"][special].value_counts().index[0]
    of_code = special[rows["股票代码"] == code]
    flags = stored(provider[0], code, "is_st").reindex(of_code.index)
    np.testing.assert_array_equal(flags.to_numpy() == 1, of_code.to_numpy())


def test_few_closes_lie_beyond_the_derived_limits(provider: tuple[Path, IngestReport], rows: pd.DataFrame) -> None:
    beyond = [tally.count for what, tally in provider[1].warnings.items() if "limits" in what]
    assert sum(beyond) < 0.001 * len(rows)


def test_explained_it_is_what_it_is() -> None:
    found = explain([SOURCE / year for year in YEARS], SOURCE)
    assert found.mapping == (
        f"daily: {{files: [{', '.join(YEARS)}], volume: shares, amount: yuan, prices: raw, factor: from_prev_close}}\n"
        f"st: {{files: [{', '.join(YEARS)}], from_name: true}}"
    )
