"""qlib's own graphs on what our recorders hold (extra `graphs`).

Four of them fail in pyqlib 0.9.7 itself on pandas 3, whatever the recorder: there they are marked with the error, and
the test says so on the day they work.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("plotly")
pytest.importorskip("statsmodels")
from qlib.contrib.evaluate import risk_analysis
from qlib.contrib.report import analysis_model, analysis_position

PANDAS_3 = int(pd.__version__.split(".")[0]) >= 3
DAYS = pd.bdate_range("2023-07-03", periods=60)


@pytest.fixture(scope="module")
def pred_label() -> pd.DataFrame:
    """pred.pkl and label.pkl side by side, in qlib's order for graphs."""
    random = np.random.default_rng(0)
    index = pd.MultiIndex.from_product([DAYS, [f"SH{600000 + i}" for i in range(20)]], names=["datetime", "instrument"])
    pred = pd.DataFrame({"score": random.standard_normal(len(index))}, index)
    label = pd.DataFrame({"LABEL0": 0.02 * random.standard_normal(len(index))}, index)
    both = pd.concat([pred, label.set_axis(["label"], axis=1)], axis=1)
    return both.swaplevel().sort_index()


@pytest.fixture(scope="module")
def report() -> pd.DataFrame:
    """report_normal_1day.pkl."""
    random = np.random.default_rng(1)
    columns = ["return", "cost", "bench", "turnover"]
    return pd.DataFrame(0.01 * np.abs(random.standard_normal((60, 4))), pd.Index(DAYS, name="date"), columns)


def test_model_graphs(pred_label: pd.DataFrame) -> None:
    names = ["group_return", "pred_autocorr", "pred_turnover"]
    figures = analysis_model.model_performance_graph(pred_label, graph_names=names, show_notebook=False)
    assert len(figures) == 4
    assert all(len(figure.data) > 0 for figure in figures)


def test_position_graphs(pred_label: pd.DataFrame, report: pd.DataFrame) -> None:
    (score_ic,) = analysis_position.score_ic_graph(pred_label, show_notebook=False)
    assert {trace.name for trace in score_ic.data} == {"ic", "rank_ic"}
    (curves,) = analysis_position.report_graph(report, show_notebook=False)
    assert "cum return w cost" in {trace.name for trace in curves.data}


@pytest.mark.xfail(PANDAS_3, raises=ValueError, strict=True, reason="qlib asks pandas for the frequency '1M'")
def test_graph_of_ic_by_month(pred_label: pd.DataFrame) -> None:
    analysis_model.model_performance_graph(pred_label, graph_names=["pred_ic"], show_notebook=False)


@pytest.mark.xfail(PANDAS_3, raises=KeyError, strict=True, reason="in qlib's table of months")
def test_graph_of_risk_by_month(report: pd.DataFrame) -> None:
    excess = report["return"] - report["bench"]
    analysis = pd.concat({"excess_return_without_cost": risk_analysis(excess, freq="day")})
    list(analysis_position.risk_analysis_graph(analysis, report, show_notebook=False))


@pytest.mark.xfail(PANDAS_3, raises=TypeError, strict=True, reason="qlib calls fillna(method=...)")
@pytest.mark.parametrize("graph", ["cumulative_return_graph", "rank_label_graph"])
def test_graphs_of_positions(graph: str, pred_label: pd.DataFrame, report: pd.DataFrame) -> None:
    from qlib.backtest.position import Position

    label = pred_label[["label"]]
    held = {day: Position(1e6, {"SH600000": {"amount": 10.0, "price": 10.0, "weight": 0.5}}) for day in DAYS}
    arguments: dict[str, Any] = {"rank_label_graph": (held, label)}
    list(getattr(analysis_position, graph)(*arguments.get(graph, (held, report, label)), show_notebook=False))
