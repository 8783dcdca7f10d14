"""The record: on a recorder with nothing but pred.pkl, its artifacts and metrics, and the published figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from experiments import start_qlib
from market_world import random_scores, to_scores
from qlib.workflow import R

from qlib_mfgru.errors import InputError
from qlib_mfgru.factor import FactorTestRecord, FactorTestSettings, run_factor_test
from qlib_mfgru.report import measures
from qlib_mfgru.report.published import published

SETTINGS: dict[str, Any] = {"pools": ["all", "few"], "n_layers": 5}


@pytest.fixture(scope="module")
def recorder(market_provider: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A recorder of somebody's, with a prediction and no label, after the test."""
    start_qlib(market_provider, tmp_path_factory.mktemp("store") / "mlruns.db")
    with R.start(experiment_name="factor", recorder_name="mine"):
        R.save_objects(**{"pred.pkl": to_scores(random_scores())})
        FactorTestRecord(R.get_recorder(), **SETTINGS).generate()
        return R.get_recorder()


@pytest.fixture(scope="module")
def folder(recorder: Any) -> Path:
    return Path(recorder.artifact_uri.removeprefix("file://")) / "factor_test"


def test_summary_has_the_reports_columns_and_the_tests_numbers(folder: Path) -> None:
    summary = pd.read_csv(folder / "summary.csv")
    assert list(summary.columns) == list(published("factor_tests").columns)
    assert list(summary["pool"]) == ["ALL", "FEW"]
    assert set(summary["model"]) == {"mine"}
    test = run_factor_test(to_scores(random_scores()), FactorTestSettings(**SETTINGS))
    for row, result in zip(summary.to_dict("records"), test.pools.values(), strict=True):
        ic, top = result.rank_ic, (result.returns[5], result.pool_returns)
        assert row["rank_ic_mean"] == pytest.approx(ic.mean())
        assert row["rank_ic_std"] == pytest.approx(ic.std())
        assert row["ic_ir"] == pytest.approx(ic.mean() / ic.std())
        assert row["ic_positive_share"] == pytest.approx((ic > 0).mean())
        assert row["top_annual_excess"] == pytest.approx(measures.annual_excess(*top, 252))
        assert row["top_information_ratio"] == pytest.approx(measures.information_ratio(*top, 252))
        assert row["top_monthly_win_rate"] == pytest.approx(measures.monthly_win_rate(*top))
        assert row["top_turnover"] == pytest.approx(result.turnover[5].mean())


def test_metrics_are_the_tables_numbers(recorder: Any, folder: Path) -> None:
    logged = recorder.list_metrics()
    summary = pd.read_csv(folder / "summary.csv").set_index("pool")
    expected = {
        f"{pool}.{name}": summary.loc[pool, name]
        for pool in ("ALL", "FEW")
        for name in ("rank_ic_mean", "top_annual_excess")
    }
    assert logged == pytest.approx(expected)


def test_series_are_aligned_with_the_tables(recorder: Any, folder: Path) -> None:
    ic, layers = (recorder.load_object(f"factor_test/{name}.pkl") for name in ("ic", "layers"))
    assert ic["all"].columns.tolist() == ["ic", "rank_ic", "rank_autocorrelation"]
    assert layers["few"].columns.tolist() == [1, 2, 3, 4, 5, "pool"]
    table = pd.read_csv(folder / "layers.csv").set_index(["pool", "layer"])
    third = measures.annual_return(layers["all"][3], 252)
    assert table.loc[("ALL", "3"), "annual_return"] == pytest.approx(third)
    spread = layers["all"][5] - layers["all"][1]
    assert table.loc[("ALL", "long_short"), "annual_return"] == pytest.approx(measures.annual_return(spread, 252))
    counts = pd.read_csv(folder / "exclusions.csv")
    reasons = counts.drop(columns=["pool", "members", "kept"]).sum(axis=1)
    np.testing.assert_allclose(counts["members"], reasons + counts["kept"])


def test_every_artifact_is_there_and_plots_are_pictures(recorder: Any, folder: Path) -> None:
    record = FactorTestRecord(recorder, **SETTINGS)
    record.check(include_self=True)
    assert sorted(record.list()) == sorted(file.name for file in folder.iterdir())
    for name in record.outputs.plots:
        assert (folder / name).read_bytes().startswith(b"\x89PNG")


def test_the_page_states_its_conventions(folder: Path) -> None:
    page = (folder / "factor_test.md").read_text()
    for words in (
        "next trading day's vwap",
        "252 days",
        "compounded daily difference",
        "buys plus sells",
        "equally weighted",
        "13 of them, 2023-01-06 .. 2023-03-31",
        "Universe: the Huatai report has all A-shares; this run",
        "8.58 %",
        "Limit-up means opening at the limit price. A stock",
        "to a year of 252: so short a time says little of a year.",
    ):
        assert words in page


def test_comparison_keeps_the_reports_figures(folder: Path) -> None:
    comparison = pd.read_csv(folder / "comparison.csv")
    report = comparison[comparison["source"] == "report"]
    expected = published("factor_tests").query("pool == 'ALL'")
    pd.testing.assert_frame_equal(
        report[expected.columns].reset_index(drop=True), expected.reset_index(drop=True), check_dtype=False
    )
    ours = comparison[comparison["source"] == "this run"]
    assert ours[["pool", "n_dates"]].to_numpy().tolist() == [["ALL", 13], ["FEW", 13]]


def test_pools_that_the_report_lacks_stand_alone(recorder: Any) -> None:
    settings = SETTINGS | {"pools": ["few"]}
    page = FactorTestRecord(recorder, **settings).document(
        run_factor_test(to_scores(random_scores()), FactorTestSettings(**settings))
    )
    assert "\n## This run\n" in page
    assert "Huatai" not in page


def test_skip_existing_does_nothing_twice(recorder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qlib_mfgru.factor.results.record.run_factor_test", lambda *_: pytest.fail("it ran again"))
    assert FactorTestRecord(recorder, skip_existing=True, **SETTINGS).generate() is None


def test_a_recorder_without_prediction(recorder: Any) -> None:
    with R.start(experiment_name="factor"), pytest.raises(InputError, match=r"no pred\.pkl"):
        FactorTestRecord(R.get_recorder(), **SETTINGS).generate()
    with pytest.raises(TypeError, match="unknown setting 'n_layer'; did you mean 'n_layers'"):
        FactorTestRecord(recorder, n_layer=5)
    with pytest.raises(TypeError, match="unknown setting 'model'"):  # qrun tries these first, and relies on the error
        FactorTestRecord(recorder, model=None, dataset=None, **SETTINGS)


def test_the_page_has_its_tables_in_order(folder: Path) -> None:
    headings = [line for line in (folder / "factor_test.md").read_text().splitlines() if line.startswith("#")]
    assert headings == [
        "# Factor test of mine",
        "## The Huatai report and this run",
        "## More statistics",
        "## Layers",
        "## Mean RankIC by horizon in trading days",
        "## RankIC t (NW) by horizon in trading days",
        "## Mean RankIC of each stretch of trading days alone",
        "## Stocks per test date, by reason of exclusion",
        "## Conventions of all tables",
    ]


def test_the_test_prints_its_summary_and_shows_a_chart(folder: Path) -> None:
    test = run_factor_test(to_scores(random_scores()), FactorTestSettings(**SETTINGS), "mine")
    title, _, *rows = repr(test).splitlines()
    assert title == "Factor test of mine, 13 dates, 2023-01-06 .. 2023-03-31"
    mean = pd.read_csv(folder / "summary.csv")["rank_ic_mean"]
    assert [row.split()[:2] for row in rows] == [["ALL", f"{mean[0]:.2%}"], ["FEW", f"{mean[1]:.2%}"]]
    assert test._repr_html_().count("data:image/png;base64,") == 1
    assert repr(test.pools["all"]) == f"<PoolTest of 13 dates, 5 layers: mean RankIC {mean[0]:.2%}>"
