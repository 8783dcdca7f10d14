"""``DenseQuote``: daily quotes for qlib's Exchange in dense arrays, looked up instead of sliced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from qlib.backtest.high_performance_ds import BaseQuote
from qlib.utils.index_data import SingleData


class DenseQuote(BaseQuote):
    """Answers as qlib's NumpyQuote does, in float64 and several times faster; daily bars only.

    It goes into qlib's own Exchange (``quote_cls=DenseQuote``), or is made from arrays with `of_arrays`.

    Parameters
    ----------
    quote_df : DataFrame over (instrument, datetime)
    freq : str
        ``day``.

    Raises
    ------
    ValueError
        Another frequency.
    """

    def __init__(self, quote_df: pd.DataFrame, freq: str = "day") -> None:
        super().__init__(quote_df=quote_df, freq=freq)
        if freq not in ("day", "1day", "1d"):
            raise ValueError(f"DenseQuote holds daily bars, not {freq!r}; use qlib's NumpyQuote")
        dates = pd.DatetimeIndex(quote_df.index.get_level_values("datetime"))
        days, codes = dates.unique().sort_values(), quote_df.index.get_level_values("instrument")
        stocks = codes.unique().sort_values()
        rows, columns = days.get_indexer(dates), stocks.get_indexer(codes)
        fields = {}
        for name in quote_df.columns:
            values = quote_df[name].to_numpy()
            dense = np.full((len(days), len(stocks)), False if values.dtype == bool else np.nan)
            dense[rows, columns] = values
            fields[name] = dense
        present = np.zeros((len(days), len(stocks)), dtype=bool)
        present[rows, columns] = True
        self._hold(days, list(stocks), fields, present)

    @classmethod
    def of_arrays(cls, days: pd.DatetimeIndex, stocks: Sequence[str], fields: Mapping[str, np.ndarray]) -> DenseQuote:
        """Quotes from arrays.

        Parameters
        ----------
        days : DatetimeIndex of length n_days
        stocks : sequence of str, length n_stocks
        fields : mapping of str to ndarray of shape (n_days, n_stocks), float64 or bool
        """
        quote = cls.__new__(cls)
        BaseQuote.__init__(quote, pd.DataFrame(), "day")
        quote._hold(days, stocks, fields, np.ones((len(days), len(stocks)), dtype=bool))
        return quote

    def _hold(
        self, days: pd.DatetimeIndex, stocks: Sequence[str], fields: Mapping[str, np.ndarray], present: np.ndarray
    ) -> None:
        self.days, self.fields, self.present = days, dict(fields), present
        self._columns = {str(code): column for column, code in enumerate(stocks)}
        self._spans: dict[tuple[Any, Any], tuple[int, int]] = {}

    def get_all_stock(self) -> Iterable[str]:
        """Codes of all stocks."""
        return self._columns.keys()

    def get_data(
        self, stock_id: str, start_time: Any, end_time: Any, field: str, method: str | None = None
    ) -> Any:  # None, a number, or an IndexData: as BaseQuote documents
        """Values of a stock between two stamps, both included: aggregated, or if there is no method a number for one
        day and an IndexData for several. None where there is nothing.

        One trading day is one value also where the span reaches over a weekend, which qlib's NumpyQuote slices.
        """
        column = self._columns.get(stock_id)
        if column is None:
            return None
        first, last = self._rows(start_time, end_time)
        if last - first == 1:
            return self._value(self.fields[field][first, column], method) if self.present[first, column] else None
        present = self.present[first:last, column]
        if not present.any():
            return None
        values = self.fields[field][first:last, column][present]
        return SingleData(values, self.days[first:last][present]) if method is None else _AGGREGATED[method](values)

    def _rows(self, start: Any, end: Any) -> tuple[int, int]:
        """First row between two stamps, and the one after the last."""
        span = self._spans.get((start, end))
        if span is None:
            first = int(self.days.searchsorted(pd.Timestamp(start)))
            span = self._spans[(start, end)] = first, int(self.days.searchsorted(pd.Timestamp(end), "right"))
        return span

    @staticmethod
    def _value(value: Any, method: str | None) -> Any:
        """One day's value, aggregated or not: most of a backtest's questions."""
        if method == "ts_data_last" and value != value:
            return None
        return 0.0 if method == "sum" and value != value else value


def _last_known(values: np.ndarray) -> Any:
    known = values[~np.isnan(values)] if values.dtype != bool else values
    return known[-1] if len(known) else None


_AGGREGATED: dict[str, Callable[[np.ndarray], Any]] = {
    "sum": np.nansum,
    "mean": np.nanmean,
    "last": lambda values: values[-1],
    "all": lambda values: bool(values.all()),
    "ts_data_last": _last_known,
}
