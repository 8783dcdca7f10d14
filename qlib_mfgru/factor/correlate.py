"""How alike several predictions are: the report's figure 33."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.factor.rows import correlations
from qlib_mfgru.factor.settings import FactorTestSettings
from qlib_mfgru.factor.stage import Stage
from qlib_mfgru.factor.study import pool_factor
from qlib_mfgru.report import style
from qlib_mfgru.report.markdown import markdown
from qlib_mfgru.report.published import PERIOD, published
from qlib_mfgru.report.scores import as_series, on_axes


@dataclass(frozen=True)
class FactorCorrelation:
    """Mean over test dates of the Pearson correlation of preprocessed factors, over the stocks that both score.

    Attributes
    ----------
    matrix : DataFrame
        Square, by name.
    pool : str
    dates : DatetimeIndex
        Test dates, within the time that all predictions cover.
    mean_stocks : float
        Stocks a date that all of them score.
    """

    matrix: pd.DataFrame
    pool: str
    dates: pd.DatetimeIndex
    mean_stocks: float

    def document(self) -> str:
        """The table with its conventions, and the report's."""
        table = self.matrix.rename_axis("factor").reset_index()
        report = published("model_correlation")
        lines = [
            f"# Correlation of factors, pool {self.pool.upper()}",
            markdown(table, dict.fromkeys(map(str, self.matrix.columns), ".3f")),
            "Mean over test dates of the Pearson correlation across stocks, after winsorising, neutralising and "
            f"standardising each factor as in the factor test; {len(self.dates)} dates, {self.dates[0]:%Y-%m-%d} .. "
            f"{self.dates[-1]:%Y-%m-%d}, on average {self.mean_stocks:.0f} stocks that all of them score.",
            f"The report's models (figure 33; {PERIOD}, all A-shares):",
            markdown(report, {"correlation": ".3f"}),
        ]
        return "\n\n".join(lines) + "\n"

    def write(self, folder: Path) -> None:
        """Write ``correlation.csv``, ``correlation.md`` and ``correlation.png`` into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self.matrix.to_csv(folder / "correlation.csv", index_label="factor")
        (folder / "correlation.md").write_text(self.document(), encoding="utf-8")
        title = f"Mean correlation of factors, {len(self.dates)} dates"
        figure, (ax,) = style.panels(title, [f"{self.pool.upper()} ({self.mean_stocks:.0f} stocks a date)"])
        names = list(self.matrix.columns)
        style.heatmap(ax, self.matrix.to_numpy(), names, names, limit=1.0)
        style.slant_labels(ax)
        style.save(figure, folder / "correlation.png")


def correlate(predictions: Mapping[str, Any], settings: FactorTestSettings) -> FactorCorrelation:
    """Correlate predictions after the preprocessing of the factor test.

    Parameters
    ----------
    predictions : mapping of str to DataFrame or Series over (datetime, instrument)
    settings : FactorTestSettings
        With one pool.

    Raises
    ------
    InputError
        Fewer than two predictions, several pools, or no time that all predictions cover.
    """
    if len(predictions) < 2 or len(settings.pools) != 1:
        raise InputError("a correlation needs at least two predictions and exactly one pool")
    series = {name: as_series(scores) for name, scores in predictions.items()}
    stamps = [found.index.get_level_values("datetime") for found in series.values()]
    first, last = max(stamp.min() for stamp in stamps), min(stamp.max() for stamp in stamps)
    if first > last:
        raise InputError(f"the predictions share no dates: one begins on {first:%Y-%m-%d}, one ends on {last:%Y-%m-%d}")
    stage = Stage.set_up(settings, first, last)
    factors = [_factor(stage, found) for found in series.values()]
    matrix = np.array([[_mean_correlation(a, b) for b in factors] for a in factors])
    common = np.logical_and.reduce([np.isfinite(factor) for factor in factors])
    names = list(series)
    frame = pd.DataFrame(matrix, names, names)
    return FactorCorrelation(frame, settings.pools[0], stage.dates, float(common.sum(axis=1).mean()))


def _factor(stage: Stage, series: pd.Series) -> np.ndarray:
    """Preprocessed factor on (test date, stock)."""
    scores = on_axes(series, stage.dates, stage.stocks)
    columns, factor, _ = pool_factor(stage, scores, stage.settings.pools[0])
    dense = np.full(scores.shape, np.nan)
    dense[:, columns] = factor
    return dense


def _mean_correlation(left: np.ndarray, right: np.ndarray) -> float:
    by_date = correlations(left, right)
    known = by_date[np.isfinite(by_date)]
    return float(known.mean()) if len(known) else np.nan
