"""How alike several predictions are: figure 33 of the Huatai report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from qlib_mfgru.errors import InputError
from qlib_mfgru.factor.ic import pearson_ic
from qlib_mfgru.factor.inputs import FactorTestInputs
from qlib_mfgru.factor.settings import FEWEST_LAYERS, FactorTestSettings
from qlib_mfgru.factor.study import PoolFactor
from qlib_mfgru.provider.reader import provider_name
from qlib_mfgru.report import marks, style
from qlib_mfgru.report.markdown import markdown, numbers_as
from qlib_mfgru.report.published import PERIOD, published
from qlib_mfgru.report.scores import as_series, on_axes
from qlib_mfgru.report.show.shown import Shown, View
from qlib_mfgru.report.words import label


@dataclass(frozen=True, repr=False)
class FactorCorrelation(Shown):
    """Mean over test dates of the Pearson correlation of preprocessed factors, over the stocks that both score.

    Attributes
    ----------
    matrix : DataFrame
        Square, by name.
    pool : str
    dates : DatetimeIndex
        Test dates, within the time that all predictions cover.
    mean_stocks : float
        Stocks per date that all factors score.
    source : str
        The provider of the data, as charts name it.
    """

    matrix: pd.DataFrame
    pool: str
    dates: pd.DatetimeIndex
    mean_stocks: float
    source: str = ""

    def view(self) -> View:
        """The matrix."""
        title = f"Mean correlation of factors, pool {self.pool.upper()}, {len(self.dates)} dates"
        return View(title, self.matrix.round(3).rename_axis("factor").reset_index())

    def document(self) -> str:
        """The table with its conventions, and the Huatai report's."""
        blocks = [
            f"# Correlation of factors, pool {self.pool.upper()}",
            markdown(self.matrix.rename_axis("factor").reset_index(), numbers_as(".3f")),
            "Mean over test dates of the Pearson correlation across stocks, after winsorising, neutralising and "
            f"standardising each factor as in the factor test; {len(self.dates)} dates, {self.dates[0]:%Y-%m-%d} .. "
            f"{self.dates[-1]:%Y-%m-%d}; all factors score {self.mean_stocks:.0f} stocks a date on average.",
            f"The models of the Huatai report (figure 33; {PERIOD}, all A-shares):",
            markdown(published("model_correlation")),
        ]
        return "\n\n".join(blocks) + "\n"

    def write(self, folder: Path) -> None:
        """Write ``correlation.csv``, ``correlation.md`` and ``correlation.png`` into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self.matrix.to_csv(folder / "correlation.csv", index_label="factor")
        (folder / "correlation.md").write_text(self.document(), encoding="utf-8")
        style.save(self.plot(), folder / "correlation.png")

    def plot(self) -> Figure:
        """The matrix as a heatmap."""
        stocks = label("stocks", pool=self.pool.upper(), n=self.mean_stocks)
        period = f"{self.dates[0]:%Y-%m-%d} .. {self.dates[-1]:%Y-%m-%d}"
        subtitle = f"{stocks} · {period} · {label('dates', n=len(self.dates))}"
        figure, (ax,) = style.panels(label("correlation"), [""], subtitle, style.sourced(self.source))
        names = list(self.matrix.columns)
        marks.heatmap(ax, self.matrix.to_numpy(), names, names, limit=1.0)
        style.slant_labels(ax)
        return figure


def correlate(predictions: Mapping[str, Any], settings: FactorTestSettings) -> FactorCorrelation:
    """Correlate predictions after the preprocessing of the factor test.

    Parameters
    ----------
    predictions : mapping of str to DataFrame or Series over (datetime, instrument)
    settings : FactorTestSettings
        With one pool; the number of layers does not count.

    Raises
    ------
    InputError
        Fewer than two predictions, several pools, fewer than two stocks, or no time that all predictions cover.
    """
    if len(predictions) < 2 or len(settings.pools) != 1:
        raise InputError("a correlation needs at least two predictions and exactly one pool")
    series = {name: as_series(scores) for name, scores in predictions.items()}
    settings = settings.changed(n_layers=FEWEST_LAYERS)  # a date counts that has the two stocks of a correlation
    inputs = FactorTestInputs.read(settings, *_common_time(list(series.values())))
    factors = [_factor(inputs, scores) for scores in series.values()]
    matrix = np.array([[_mean_correlation(a, b) for b in factors] for a in factors])
    by_all = np.logical_and.reduce([np.isfinite(factor) for factor in factors])
    names = list(series)
    frame = pd.DataFrame(matrix, names, names)
    n_stocks = float(by_all.sum(axis=1).mean())
    return FactorCorrelation(frame, settings.pools[0], inputs.dates, n_stocks, provider_name())


def _common_time(series: list[pd.Series]) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last day that all predictions cover."""
    stamps = [scores.index.get_level_values("datetime") for scores in series]
    first, last = max(stamp.min() for stamp in stamps), min(stamp.max() for stamp in stamps)
    if first > last:
        raise InputError(f"the predictions share no dates: one begins on {first:%Y-%m-%d}, one ends on {last:%Y-%m-%d}")
    return first, last


def _factor(inputs: FactorTestInputs, series: pd.Series) -> np.ndarray:
    """Preprocessed factor on (test date, stock)."""
    scores = on_axes(series, inputs.dates, inputs.stocks)
    factor = PoolFactor.of(inputs.settings.pools[0], inputs, scores)
    dense = np.full(scores.shape, np.nan)
    dense[:, factor.columns] = factor.values
    return dense


def _mean_correlation(left: np.ndarray, right: np.ndarray) -> float:
    by_date = pearson_ic(left, right)
    by_date = by_date[np.isfinite(by_date)]
    return float(by_date.mean()) if len(by_date) else np.nan
