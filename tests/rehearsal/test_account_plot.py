"""The chart of the account: its legend covers no line, and its dates are evenings, each with its month."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from qlib_mfgru.rehearsal.page import drawn

DAYS = pd.bdate_range("2020-06-12", "2020-07-03")


@pytest.mark.parametrize("shape", [np.linspace(0, 1, 16), np.linspace(1, 0, 16), np.arange(16) % 2], ids=str)
def test_the_legend_covers_no_line(shape: np.ndarray) -> None:
    curves = pd.DataFrame({"live": 1e7 + 1e5 * shape, "backtest": 1e7 + 1e5 * shape, "index": 1e7 + 9e4 * shape}, DAYS)
    figure = drawn(curves, list(DAYS[[1, 6, 11]]))
    (ax,) = figure.axes
    FigureCanvasAgg(figure).draw()
    box = ax.get_legend().get_window_extent()
    for line in ax.get_lines():
        assert (ax.transData.transform(line.get_xydata())[:, 1] < box.y0).all()


@pytest.mark.parametrize(("n_weeks", "shown"), [(3, 3), (6, 6), (13, 7), (52, 7)])
def test_dates_are_first_days_of_weeks_and_the_last_evening(n_weeks: int, shown: int) -> None:
    days = pd.bdate_range("2020-06-12", periods=5 * n_weeks + 1)
    curves = pd.DataFrame(dict.fromkeys(("live", "backtest", "index"), np.full(len(days), 1e7)), days)
    (ax,) = drawn(curves, list(days[1::5])).axes
    labels = [text.get_text() for text in ax.get_xticklabels()]
    assert labels[:2] == ["06-15", f"{days[1 + 5 * (n_weeks // 7 + 1)]:%m-%d}"]
    assert (labels[-1], len(labels)) == (f"{days[-1]:%m-%d}", shown + 1)
