"""The best of several: which one, of how many, and its deflated Sharpe ratio."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from matplotlib.figure import Figure
from parsed import ParsedPage
from study_recorders import Recorders

from qlib_mfgru.report.significance import deflated_sharpe
from qlib_mfgru.study import Page, report


@pytest.fixture(scope="module")
def tops(recorders: Recorders) -> dict[str, pd.Series]:
    """Daily excess of the TOP layers in the last pool."""
    named = {"IncrementalGRUModel": recorders.network, "LGBModel": recorders.lightgbm}
    pools = {name: result_of(recorders, each, "factor_test").pools["all"] for name, each in named.items()}
    return {name: pool.returns[5] - pool.pool_returns for name, pool in pools.items()}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts without a drawing."""
    monkeypatch.setattr("qlib_mfgru.study.page.draw.inline_svg", lambda figure, key: f'<svg id="{key}"></svg>')
    monkeypatch.setattr("qlib_mfgru.study.page.draw.Drawer.plot", lambda self, *_: self.drawn(Figure, "chart"))


def result_of(recorders: Recorders, recorder: str, folder: str) -> Any:
    return pd.read_pickle(recorders.folder(recorder) / folder / "result.pkl")


def ratio(series: pd.Series) -> float:
    return float(series.mean() / series.std())


def test_the_best_factor_and_of_how_many(page: Page, tops: dict[str, pd.Series]) -> None:
    best, deflated = max(tops, key=lambda name: ratio(tops[name])), deflated_sharpe(list(tops.values()))
    assert (
        f"Best of 2 factors by the TOP layer's daily excess, mean / standard deviation: {best}. "
        f"Its deflated Sharpe ratio: {deflated:.2f}."
    ) in ParsedPage(page.html).texts["summary"]
    assert page.html.count("Deflated Sharpe ratio (Bailey and Lopez de Prado 2014)") == 1


def test_the_best_portfolio_of_all_indices_and_limits(page: Page, recorders: Recorders) -> None:
    portfolios = {
        f"{index.upper()}, IncrementalGRUModel, {index}, turnover limit {run.limit:g}": run.returns - run.benchmark
        for index in ("csi300", "csi1000")
        for run in result_of(recorders, recorders.portfolios, f"index_enhancement/{index}").runs
    }
    best = max(portfolios, key=lambda name: ratio(portfolios[name]))
    assert (
        f"Best of 4 portfolios by the daily excess net of costs, mean / standard deviation: {best}. "
        f"Its deflated Sharpe ratio: {deflated_sharpe(list(portfolios.values())):.2f}."
    ) in ParsedPage(page.html).texts["summary"]


@pytest.mark.usefixtures("quick")
def test_in_chinese(recorders: Recorders, tops: dict[str, pd.Series]) -> None:
    names = [recorders.network, recorders.lightgbm]
    html = report(names, provider=recorders.provider, store=recorders.uri, lang="zh").html
    best, deflated = max(tops, key=lambda name: ratio(tops[name])), deflated_sharpe(list(tops.values()))
    words = f"2 个因子中 TOP 层每日超额收益的均值 / 标准差最高者：{best}；其紧缩夏普比率：{deflated:.2f}。"
    assert words in ParsedPage(html).texts["summary"]


@pytest.mark.usefixtures("quick")
def test_one_factor_alone_is_the_best_of_none(recorders: Recorders) -> None:
    html = report([recorders.lightgbm], provider=recorders.provider, store=recorders.uri).html
    assert "eflated Sharpe" not in html
