"""The published figures: complete, and consistent with themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.provider import ASHARE, SESSIONS
from qlib_mfgru.report.published import SLIPS, TABLES, beside, comparison_heading, printed_of, published, slips


def test_sizes() -> None:
    assert {table: len(published(table)) for table in TABLES} == {
        "factor_tests": 16,
        "model_correlation": 6,
        "enhancement_settings": 4,
        "enhancement_performance": 16,
        "enhancement_yearly": 16,
    }
    assert {slip.table for slip in SLIPS} <= set(TABLES)


@pytest.mark.parametrize(
    ("table", "rows", "words"),
    [
        ("enhancement_performance", "index == 'CSI300'", ["Calmar column", "leaves out the 9.58 %"]),
        ("enhancement_performance", "index == 'CSI300' and turnover_limit != '0.4'", ["Calmar column"]),
        ("enhancement_performance", "index != 'CSI300'", []),
        ("factor_tests", "pool == 'ALL' and model == 'mixed'", ["belong to CSI1000"]),
        ("factor_tests", "pool == 'CSI300' and model == 'incremental'", ["1/306"]),
        ("factor_tests", "model in ['gru', 'attention']", []),
    ],
)
def test_a_slip_is_said_where_its_rows_stand(table: str, rows: str, words: list[str]) -> None:
    said = slips(table, published(table).query(rows))
    assert len(said) == len(words)
    assert all(word in sentence for word, sentence in zip(words, said, strict=True))


def test_ic_ir_is_mean_over_deviation() -> None:
    table = published("factor_tests")
    np.testing.assert_allclose(table["ic_ir"], table["rank_ic_mean"] / table["rank_ic_std"], atol=0.0061)


def counts(shares: np.ndarray, n: int) -> np.ndarray:
    """By how much the nearest multiples of 1/n miss the printed shares."""
    return np.abs(np.round(shares * n) / n - shares)


@pytest.mark.parametrize(("model", "n"), [("gru", 307), ("attention", 307), ("mixed", 307), ("incremental", 306)])
def test_weeks_behind_the_shares(model: str, n: int) -> None:
    table = published("factor_tests").query("model == @model")
    assert counts(table["ic_positive_share"].to_numpy(), n).max() < 6e-5
    others = [m for m in (305, 306, 307, 308) if counts(table["ic_positive_share"].to_numpy(), m).max() < 6e-5]
    assert others == [n]


def test_win_rates_count_76_months() -> None:
    assert counts(published("factor_tests")["top_monthly_win_rate"].to_numpy(), 76).max() < 6e-5


def run_of(pool: str) -> pd.DataFrame:
    report = published("factor_tests")
    return pd.DataFrame([{**report.iloc[0], "pool": pool, "model": "mine", "figure": pd.NA, "n_dates": 7}])


def test_a_run_stands_below_the_rows_of_its_key() -> None:
    report, printed = published("factor_tests"), printed_of("factor_tests", "pool", ["FEW", "CSI300"], ASHARE)
    assert comparison_heading(printed) == "The Huatai report and this run"
    both = beside(printed, run_of("CSI300"))
    assert list(both.columns) == ["source", *report.columns, "n_dates"]
    assert both["source"].tolist() == ["report"] * 4 + ["this run"]
    assert both["model"].tolist() == [*report.query("pool == 'CSI300'")["model"], "mine"]
    assert both["n_dates"].tolist()[4] == 7


@pytest.mark.parametrize(("pool", "session"), [("FEW", "ashare"), ("ALL", "us"), ("CSI300", "hk")])
def test_a_run_of_what_the_report_lacks_stands_alone(pool: str, session: str) -> None:
    """Also where another market has a pool of the same name."""
    printed = printed_of("factor_tests", "pool", [pool], SESSIONS[session])
    assert printed.empty
    assert comparison_heading(printed) == "This run"
    alone = beside(printed, run_of(pool))
    assert list(alone.columns) == ["source", *run_of(pool).columns.drop("figure")]
    assert alone[["source", "pool", "n_dates"]].to_numpy().tolist() == [["this run", pool, 7]]
