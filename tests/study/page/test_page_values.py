"""Every figure of the page is that of the records or of the Huatai report, to the last digit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from parsed import ParsedPage, ParsedTable
from study_recorders import Recorders

from qlib_mfgru.report.published import published
from qlib_mfgru.report.recorders import find_recorder, load_result
from qlib_mfgru.study import Page
from qlib_mfgru.study.page.parts.portfolios import Named, performance, yearly

INDICES = {"csi300": ("34", "35", "36", "37"), "csi1000": ("42", "43", "44", "45")}


@pytest.fixture(scope="module")
def parsed(page: Page) -> ParsedPage:
    return ParsedPage(page.html)


def recorded(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / name, float_precision="round_trip", dtype={"turnover_limit": str, "layer": str})


def assert_same(table: ParsedTable, source: str, expected: pd.DataFrame, by: Sequence[str]) -> None:
    """Rows of a source hold exactly the numbers of a frame, in its order; `by` names its rows."""
    rows = [row for row, of in zip(table.rows, table.sources, strict=True) if of == source]
    assert len(rows) == len(expected)
    numbers = [column for column in expected.columns if column not in by]
    assert numbers
    for row, (_, want) in zip(rows, expected.iterrows(), strict=True):
        for name in by:
            assert row[name][0] == want[name] or row[name][0] == "index"
        for name in numbers:
            shown = row[name][1]
            assert (shown is None and np.isnan(want[name])) or shown == want[name], (name, row, want)


def test_factor_tables(parsed: ParsedPage, recorders: Recorders) -> None:
    for recorder, section in ((recorders.network, "figure-24"), (recorders.lightgbm, "figure-other")):
        summary = recorded(recorders.folder(recorder) / "factor_test", "summary.csv")
        assert_same(parsed.table(section), "run", summary.drop(columns=["figure", "model"]), ["pool"])
    printed = published("factor_tests").query("pool == 'ALL' and figure == 24").drop(columns=["figure", "model"])
    assert_same(parsed.table("figure-24"), "report", printed, ["pool"])
    assert parsed.table("figure-24").sources == ["run", "report", "report", "run"]
    assert [row["model"][0] for row in parsed.table("figure-24").rows][-2:] == ["incremental", "IncrementalGRUModel"]
    assert set(parsed.table("figure-other").sources) == {"run"}


@pytest.mark.parametrize("name", ["statistics.csv", "layers.csv"])
def test_more_of_each_factor(name: str, parsed: ParsedPage, recorders: Recorders) -> None:
    title = {"statistics.csv": "More statistics", "layers.csv": "Layers"}[name]
    for recorder in (recorders.network, recorders.lightgbm):
        expected = recorded(recorders.folder(recorder) / "factor_test", name)
        by = [column for column in ("pool", "layer") if column in expected]
        table = parsed.table(f"factor-{recorder}", title)
        if "layer" in expected:
            expected["layer"] = expected["layer"].replace("long_short", "long-short")
        assert_same(table, "run", expected, by)


def test_exclusions(parsed: ParsedPage, recorders: Recorders) -> None:
    ours = {"IncrementalGRUModel": recorders.network, "LGBModel": recorders.lightgbm}
    frames = [
        recorded(recorders.folder(recorder) / "factor_test", "exclusions.csv").assign(model=name)
        for name, recorder in ours.items()
    ]
    expected = pd.concat(frames).iloc[[0, 2, 1, 3]]  # pool by pool
    assert list(expected["pool"]) == ["FEW", "FEW", "ALL", "ALL"]
    assert_same(parsed.table("exclusions"), "run", expected, ["pool", "model"])


@pytest.mark.parametrize("index", INDICES)
def test_portfolio_tables(index: str, parsed: ParsedPage, recorders: Recorders) -> None:
    folder = recorders.folder(recorders.portfolios) / "index_enhancement" / index
    for section, name, table in (
        ("performance", "performance.csv", "enhancement_performance"),
        ("yearly", "yearly.csv", "enhancement_yearly"),
    ):
        shown = parsed.table(f"{index}-{section}")
        ours = recorded(folder, name).drop(columns=["index", "figure"])
        assert_same(shown, "run", ours, ["turnover_limit"])
        printed = published(table)
        printed = printed[printed["index"] == index.upper()].drop(columns=["index", "figure"])
        assert_same(shown, "report", printed, ["turnover_limit"])
        assert shown.sources == ["report", "run", "report", "report", "run", "report", "run"]  # 0.4 is not among ours
    expected = recorded(folder, "statistics.csv")
    assert_same(parsed.table(f"{index}-more-0", "Costs"), "run", expected, ["turnover_limit"])


@pytest.mark.parametrize("index", INDICES)
def test_parts_of_years_are_said(index: str, parsed: ParsedPage) -> None:
    said = parsed.texts[f"{index}-yearly"]
    assert "2021 of this run is only 2021-12-16 .. 2021-12-31; trading days: 12." in said
    assert "2024 of this run is only 2024-01-01 .. 2024-04-03; trading days: 68." in said
    assert "2022 of this run" not in said
    assert "2023 of this run" not in said


def test_the_index_of_several_models_stands_once(recorders: Recorders) -> None:
    result = load_result(find_recorder(recorders.portfolios), "index_enhancement/csi300")
    for table in (performance, yearly):
        shown = table([Named("a", result), Named("b", result)])
        ours = shown[shown["source"] == "run"]
        assert list(ours["turnover_limit"]) == ["0.3", "0.3", "0.5", "0.5", "benchmark"]


def test_settings(parsed: ParsedPage) -> None:
    table = parsed.table("csi300-settings")
    assert table.sources == ["report", "run"]
    printed, ours = table.rows
    assert (printed["industry_exposure"][1], ours["industry_exposure"][1]) == (0.0, 0.02)
    assert (printed["two_sided_cost"][1], ours["two_sided_cost"][1]) == (0.004, 0.004)
    assert (printed["turnover_limits"][0], ours["turnover_limits"][0]) == ("0.3, 0.4, 0.5", "0.3, 0.5")


def test_correlation(parsed: ParsedPage, recorders: Recorders) -> None:
    from qlib_mfgru.factor.correlate import correlate
    from qlib_mfgru.factor.settings import FactorTestSettings
    from qlib_mfgru.report.recorders import find_recorder, load_prediction

    ids = {"a": recorders.network, "b": recorders.lightgbm, "c": recorders.rolling}
    predictions = {name: load_prediction(find_recorder(recorder)) for name, recorder in ids.items()}
    expected = correlate(predictions, FactorTestSettings(pools=["all"], n_layers=5)).matrix
    table = parsed.table("figure-33")
    ours = [row for row, source in zip(table.rows, table.sources, strict=True) if source == "run"]
    pairs = [expected.loc[one, other] for one, other in (("a", "b"), ("a", "c"), ("b", "c"))]
    assert [row["correlation"][1] for row in ours] == pairs
    assert table.sources == ["run", "report", "run", "run"]  # of gru and incremental the Huatai report has one
    assert table.rows[1]["correlation"][1] == 0.5527


def test_every_figure_is_numbered_once(parsed: ParsedPage, page: Page) -> None:
    of_indices = [number for numbers in INDICES.values() for number in numbers]
    assert sorted(parsed.figures) == sorted(["14", "15, 16-23", "24", "25-32", "33", *of_indices])
    assert parsed.figures == list(page.figures)


def test_the_main_figures_come_first_and_are_compared(parsed: ParsedPage, recorders: Recorders) -> None:
    assert parsed.ids.index("main-figures") < parsed.ids.index("data")
    summary = recorded(recorders.folder(recorders.network) / "factor_test", "summary.csv").set_index("pool")
    factors = parsed.table("main-figures", "Factors")
    assert factors.title == "Factors, in their widest pool: ALL"  # once, and not below every name
    assert [row["of"][0] for row in factors.rows] == ["IncrementalGRUModel", "LGBModel"]
    printed_by = {"rank_ic_mean": "10.22%", "top_annual_excess": "36.36%", "top_information_ratio": "5.95"}
    for name, printed in printed_by.items():
        text, value = factors.rows[0][name]
        assert value == summary.loc["ALL", name]
        assert text.endswith(f"report {printed}")
    assert "report" not in factors.rows[1]["rank_ic_mean"][0]  # which has no such model


def test_the_main_figures_of_portfolios_are_by_limit(parsed: ParsedPage, recorders: Recorders) -> None:
    portfolios = parsed.table("main-figures", "net of costs")
    assert portfolios.names == ["of", "0.3", "0.5"]
    assert [row["of"][0] for row in portfolios.rows] == [
        "CSI300IncrementalGRUModel, csi300",
        "CSI1000IncrementalGRUModel, csi1000",
    ]
    for row, index in zip(portfolios.rows, ("csi300", "csi1000"), strict=True):
        folder = recorders.folder(recorders.portfolios) / "index_enhancement" / index
        want = recorded(folder, "performance.csv").set_index("turnover_limit")["annual_excess"]
        assert [row["0.3"][1], row["0.5"][1]] == [want["0.3"], want["0.5"]]
    assert portfolios.rows[0]["0.3"][0].endswith("report 9.48% · 1.66")


def test_a_short_time_is_warned_of_once(parsed: ParsedPage) -> None:
    words = " ".join(parsed.texts["summary"].split())
    assert words.count("to a year of 252: so short a time says little of a year") == 1
    assert not any("so short a time" in parsed.texts[part] for part in ("factors", "index-csi300", "conventions"))


def test_what_the_report_says_of_csi300_stands_there_alone(parsed: ParsedPage) -> None:
    said = {part for part in ("factors", "index-csi300", "index-csi1000") if "Calmar column" in parsed.texts[part]}
    assert said == {"index-csi300"}
    assert "1/306" in parsed.texts["figure-24"]
    assert "1/306" not in parsed.texts["figure-other"]


def test_no_zero_has_a_minus(parsed: ParsedPage) -> None:
    cells = [cell for table in parsed.tables for row in table.rows for cell in row.values()]
    assert not [text for text, _ in cells if text.startswith(("−0", "-0")) and not set(text) & set("123456789")]
    assert not [value for _, value in cells if value == 0 and np.signbit(value)]


def test_training_says_what_was_kept(parsed: ParsedPage) -> None:
    """By the recorder's metrics: the second stage's third epoch has the higher IC, 0.1000."""
    words = " ".join(parsed.texts["training"].split())
    assert "Stage 1: epoch 3 is the best by the model's settings, with a validation IC of 0.0900." in words
    assert "Stage 2: epoch 4 is the best by the model's settings, with a validation IC of 0.0900." in words
    assert "Stage 3 counts for nothing: it does not better the validation IC of what it adds to." in words
    assert "2 trained models (members, or folds and seeds)" in words
    assert "No training history: LGBModel" in words


def test_how_to_make_it_again(parsed: ParsedPage, recorders: Recorders) -> None:
    rows = parsed.table("recorders").rows
    assert [row["recorder"][0] for row in rows] == recorders.all
    assert [row["seeds"][0] for row in rows] == ["7", "–", "–", "0, 1"]
    assert rows[0]["test"][0] == "2023-01-02 .. 2023-03-31"
    assert [row["key"][0] for row in parsed.table("units").rows] == ["0badc0de", "600dc0de"]
    assert "class: LGBModel" in parsed.texts["tasks"]
