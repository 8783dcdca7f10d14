"""``MultiFreqHandler``: a qlib DataHandler that serves the report's tensors, one cross-section a date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from qlib.data.dataset.handler import DataHandler

from qlib_mfgru.data.labels import REPORT_LABEL, Label, z_score
from qlib_mfgru.data.market import MarketData
from qlib_mfgru.data.window import REPORT_INPUTS, InputSpec
from qlib_mfgru.errors import InputError


@dataclass(frozen=True, eq=False)
class CrossSection:
    """All samples of one date.

    Attributes
    ----------
    date : Timestamp
    instruments : ndarray of str (object), shape (n_stocks,)
        Ascending codes of the members whose windows are complete.
    features : dict of str to ndarray of shape (n_stocks, n_steps, 6), float32
        Per frequency the normalised window: open, high, low, close, vwap, volume.
    label : ndarray of shape (n_stocks,), float32
        The label z-scored over the stocks for which it is known; NaN where it is not (yet) known.
    raw_label : ndarray of shape (n_stocks,), float32
        The label's own value, e.g. a return as a fraction.
    """

    date: pd.Timestamp
    instruments: np.ndarray
    features: dict[str, np.ndarray]
    label: np.ndarray
    raw_label: np.ndarray


class MultiFreqHandler(DataHandler):
    """Windows of several frequencies, normalised as in the report, and a label from any qlib expression.

    Nothing is loaded before it is asked for; panels are memory maps shared by all processes, and a pickled handler
    holds its configuration only.

    Parameters
    ----------
    instruments : str, list of str, or dict
        Market (point-in-time members), codes, or what ``D.instruments`` returns.
    start_time, end_time : str or Timestamp, optional
        First and last date of a sample; by default the calendar's.
    inputs : mapping, optional
        Frequency -> ``{days: window length, scale: mean | last}``; by default the report's (figures 7 and 9),
        ``{day: {days: 40, scale: last}, 15min: {days: 20, scale: mean}}``.
    label : str or sequence
        One qlib expression over daily data; by default the report's ten-day return from the close of t+1.
    min_traded : float
        Share of a window's days on which a stock must have traded (REPORT section 8).
    clip : float, optional
        Bound on the absolute normalised values; the report has none.
    cache_dir : path, optional
        Where panels are kept, see `BarPanel.open`.
    """

    def __init__(
        self,
        instruments: Any = "all",
        start_time: Any = None,
        end_time: Any = None,
        inputs: Mapping[str, Mapping[str, Any]] | None = None,
        label: str | Sequence[Any] = REPORT_LABEL,
        min_traded: float = 0.8,
        clip: float | None = None,
        cache_dir: Path | str | None = None,
    ) -> None:
        self.inputs = InputSpec.parse(REPORT_INPUTS if inputs is None else inputs)
        self.label = Label.parse(label)
        self.min_traded, self.clip, self.cache_dir = min_traded, clip, cache_dir
        # the base class insists on a loader, which it would only call in the setup_data that is replaced here
        super().__init__(instruments, start_time, end_time, data_loader=_NO_LOADER, init_data=False)
        self._market: MarketData | None = None

    def setup_data(self, enable_cache: bool = False) -> None:
        """Read again, e.g. after `config` changed the dates; the panels are reopened only if needed."""
        self._market = None

    def config(self, **kwargs: Any) -> None:
        """As in qlib: `instruments`, `start_time`, `end_time` may be changed; the data are then read anew."""
        if kwargs.keys() & {"instruments", "start_time", "end_time"}:
            self._market = None
        super().config(**kwargs)

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"_market": None}

    @property
    def market(self) -> MarketData:
        """The opened data, on common axes."""
        if self._market is None:
            self._market = MarketData(
                self.instruments,
                self.start_time,
                self.end_time,
                self.inputs,
                self.label,
                self.min_traded,
                self.clip,
                self.cache_dir,
            )
        return self._market

    @property
    def horizon(self) -> int:
        """Trading days after t that the label of t needs."""
        return self.label.horizon

    def frequencies(self, freqs: Sequence[str] | None = None) -> tuple[str, ...]:
        """`freqs`, checked against this handler's inputs; all of its inputs for None."""
        chosen = tuple(self.inputs if freqs is None else freqs)
        unknown = [freq for freq in chosen if freq not in self.inputs]
        if unknown:
            raise InputError(f"the handler has no input {unknown}; its inputs are {list(self.inputs)}")
        return chosen

    def cross_section(self, date: Any, freqs: Sequence[str] | None = None) -> CrossSection:
        """All samples of one date.

        Parameters
        ----------
        date : str or Timestamp
            A trading day.
        freqs : sequence of str, optional
            Inputs in use; a stock counts if its windows in these are complete. By default all of the handler's.

        Raises
        ------
        InputError
            If the date is no trading day of the handler's range, or no stock has complete windows on it.
        """
        chosen, market = self.frequencies(freqs), self.market
        stamp = pd.Timestamp(date)
        if stamp not in market.days:
            raise InputError(
                f"{date} is not a trading day between {market.days[0]:%Y-%m-%d} and {market.days[-1]:%Y-%m-%d}"
            )
        day = int(market.days.searchsorted(stamp))
        complete = market.complete(chosen)
        stocks = np.flatnonzero(complete[day])
        if len(stocks) == 0:
            raise InputError(self._nothing_left(complete, stamp, chosen))
        raw = market.labels[day, stocks]
        return CrossSection(
            date=stamp,
            instruments=np.array(market.instruments, dtype=object)[stocks],
            features={freq: self._windows(freq, day, complete[day]) for freq in chosen},
            label=z_score(raw),
            raw_label=raw,
        )

    def _windows(self, freq: str, day: int, members: np.ndarray) -> np.ndarray:
        """Normalised windows (n_stocks, n_steps, 6) of one date across exactly its `members`, (n_stocks,) bool."""
        stocks = np.flatnonzero(members)
        days = np.full(len(stocks), day)
        moments = self.market.moments(freq, days[:1], members[None])
        return self.market.samples(freq, days, stocks, moments, np.zeros_like(days)).transpose(2, 0, 1)

    def fetch(
        self,
        selector: Any = slice(None, None),
        level: str | int = "datetime",
        col_set: str | list[str] = DataHandler.CS_ALL,
        data_key: str = DataHandler.DK_I,
        squeeze: bool = False,
        proc_func: Any = None,
    ) -> pd.DataFrame:
        """Labels as a frame over (datetime, instrument), in the column group ``label``, as qlib's records ask.

        Raises
        ------
        InputError
            If features are asked for: they are tensors, see `cross_section`.
        """
        if "feature" in ([col_set] if isinstance(col_set, str) else col_set):
            raise InputError("features are tensors, not columns: use handler.cross_section(date) or dataset.batches")
        return super().fetch(selector, level, col_set, data_key, squeeze, proc_func)

    @property
    def _data(self) -> pd.DataFrame:
        """What `DataHandler.fetch` selects from: raw labels of all members."""
        market = self.market
        rows, columns = np.nonzero(market.members)
        codes = np.array(market.instruments, dtype=object)
        index = pd.MultiIndex.from_arrays([market.days[rows], codes[columns]], names=["datetime", "instrument"])
        return pd.DataFrame({("label", self.label.name): market.labels[rows, columns]}, index=index)

    def _nothing_left(self, complete: np.ndarray, date: pd.Timestamp, freqs: tuple[str, ...]) -> str:
        usable = self.market.days[np.flatnonzero(complete.any(axis=1))]
        span = f"samples exist from {usable[0]:%Y-%m-%d} to {usable[-1]:%Y-%m-%d}" if len(usable) else "no date has any"
        return f"no stock of {self.instruments} has complete windows in {list(freqs)} on {date:%Y-%m-%d}; {span}"


_NO_LOADER = {"class": "StaticDataLoader", "module_path": "qlib.data.dataset.loader", "kwargs": {"config": {}}}
