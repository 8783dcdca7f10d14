"""``MultiFreqHandler``: a qlib DataHandler that serves the report's tensors, one cross-section per date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from qlib.data.dataset.handler import DataHandler

from qlib_mfgru.data.labels import REPORT_LABEL, Label
from qlib_mfgru.data.panel_set import PanelSet
from qlib_mfgru.data.settings import REPORT_INPUTS, Frequencies, HandlerSettings, InputSpec, span
from qlib_mfgru.errors import InputError
from qlib_mfgru.machine import advice
from qlib_mfgru.provider.reader import provider_name
from qlib_mfgru.settings import Stamp, checked, refuse_unknown


@dataclass(frozen=True, eq=False, repr=False)
class CrossSection:
    """All samples of one date.

    Attributes
    ----------
    date : Timestamp
    instruments : ndarray of str (object), shape (n_stocks,)
        Ascending codes of the members whose windows are complete.
    features : dict of str to ndarray of shape (n_stocks, n_steps, n_fields), float32
        Per frequency the normalised window, fields in the order of the input's `fields`.
    label : ndarray of shape (n_stocks,), float32
        The label z-scored over the stocks for which it is known, within industries if it is to be neutral; NaN where it
        is not (yet) known.
    raw_label : ndarray of shape (n_stocks,), float32
        The label's own value, e.g. a return as a fraction.
    """

    date: pd.Timestamp
    instruments: np.ndarray
    features: dict[str, np.ndarray]
    label: np.ndarray
    raw_label: np.ndarray

    def __repr__(self) -> str:
        shapes = ", ".join(f"{freq} {window.shape[1:]}" for freq, window in self.features.items())
        return f"<CrossSection of {self.date:%Y-%m-%d}: {len(self.instruments):,} stocks; {shapes}>"


class MultiFreqHandler(DataHandler):
    """Windows of several frequencies, normalised as in the report, and a label from any qlib expression.

    Nothing is loaded before it is asked for; panels are memory maps shared by all processes, and a pickled handler
    holds its settings only.

    Parameters
    ----------
    instruments : str, list of str, or dict
        Market (point-in-time members), codes, or what ``D.instruments`` returns.
    start_time, end_time : date, optional
        First and last date of a sample; by default the calendar's.
    inputs : mapping, optional
        Frequency -> ``{days: window length, scale: mean | last, fields: [...]}``; by default the report's (figures 7
        and 9), ``{day: {days: 40, scale: last}, 15min: {days: 20, scale: mean}}`` of its six fields, see `InputSpec`.
    label : str or sequence
        One qlib expression over daily data that looks ahead; by default the report's ten-day return from the close
        of t+1.
    min_traded : float
        Share of a window's days on which a stock must have traded.
    clip : float, optional
        Bound on the absolute normalised values; the report has none.
    cache_dir : path, optional
        Where panels are kept, see `BarPanel.open`.
    missing_vwap : str, optional
        ``typical``: a stock without ``$vwap``, as in qlib's own cn_data, takes (open + high + low + close) / 4 in its
        place. By default such a provider is refused.
    label_neutral : str, optional
        ``industry``: z-score the label's distance from its mean in the stock's last known ``$industry`` (or none).

    Raises
    ------
    InputError
        What is wrong with the settings, in one line; the label can be checked only once qlib is initialised.

    Notes
    -----
    The settings are attributes under their own names; `settings` is the checked record of them.
    """

    inputs: dict[str, InputSpec]
    label: Label
    min_traded: float
    clip: float | None
    cache_dir: Path | None
    missing_vwap: Literal["typical"] | None = None
    label_neutral: Literal["industry"] | None = None
    _panels: PanelSet | None = None

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
        missing_vwap: str | None = None,
        label_neutral: str | None = None,
        **unknown: Any,
    ) -> None:
        settings = HandlerSettings.of(
            instruments=instruments,
            start_time=start_time,
            end_time=end_time,
            inputs=REPORT_INPUTS if inputs is None else inputs,
            label=label,
            min_traded=min_traded,
            clip=clip,
            cache_dir=cache_dir,
            missing_vwap=missing_vwap,
            label_neutral=label_neutral,
            **unknown,
        )
        # the base class insists on a loader, which it would only call in the setup_data that is replaced here
        super().__init__(data_loader=_NO_LOADER, init_data=False)
        self._use(settings)

    @property
    def settings(self) -> HandlerSettings:
        """The settings as they are now, checked again."""
        return HandlerSettings.of(**{name: getattr(self, name) for name in HandlerSettings.model_fields})

    @property
    def params(self) -> dict[str, Any]:
        """What decides the samples, in few words by name, defaults included."""
        fields = {freq: ", ".join(map(str, spec.fields)) for freq, spec in self.inputs.items()}
        return {
            "instruments": self._market,
            "windows": ", ".join(f"{freq}: {spec.days} days by {spec.scale}" for freq, spec in self.inputs.items()),
            **{f"fields_{freq}": names for freq, names in fields.items()},
            "label": self.label.expression,
            "label_neutral": self.label_neutral,
            "min_traded": self.min_traded,
            "clip": self.clip,
        }

    @property
    def _market(self) -> str:
        """Its instruments in a word or two."""
        if isinstance(self.instruments, dict):
            return str(self.instruments.get("market", f"{len(self.instruments)} instruments"))
        return self.instruments if isinstance(self.instruments, str) else f"{len(self.instruments)} instruments"

    def __repr__(self) -> str:
        bounds = (self.start_time, self.end_time)
        dates = "all dates" if bounds == (None, None) else span(bounds)
        return f"<{type(self).__name__} of {self._market}, {dates}; {self.params['windows']}; label {self.label}>"

    def setup_data(self, **kwargs: Any) -> None:
        """Read again, e.g. after `config` changed the dates; the panels are reopened only if needed.

        qlib's ``enable_cache`` and ``init_type``, which its updaters pass, change nothing here.
        """
        refuse_unknown(kwargs, ["enable_cache", "init_type"])
        self._panels = None

    def config(self, **kwargs: Any) -> None:
        """Change settings, as in qlib its `instruments`, `start_time` and `end_time`; the data are then read anew.

        What qlib says about pickling, ``dump_all``, ``include``, ``exclude`` and ``recursive``, is passed on.
        """
        names = list(HandlerSettings.model_fields)
        refuse_unknown(kwargs, [*names, "dump_all", "include", "exclude", "recursive"])
        changes = {name: kwargs.pop(name) for name in names if name in kwargs}
        if changes:
            self._use(self.settings.changed(**changes))
        super().config(**kwargs)

    def _use(self, settings: HandlerSettings) -> None:
        self.__dict__.update(dict(settings))
        self._panels = None

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"_panels": None}

    @property
    def panels(self) -> PanelSet:
        """The opened data, on common axes."""
        if self._panels is None:
            with advice():
                self._panels = PanelSet(self.settings)
        return self._panels

    @property
    def source(self) -> str:
        """The provider that it reads, as charts name it."""
        return provider_name()

    @property
    def horizon(self) -> int:
        """Trading days after t that the label of t needs."""
        return self.label.horizon

    def frequencies(self, freqs: Sequence[str] | None = None) -> tuple[str, ...]:
        """`freqs`, checked against this handler's inputs; all of its inputs for None."""
        in_use: tuple[str, ...] = tuple(self.inputs) if freqs is None else checked(Frequencies, "freqs", freqs)
        unknown = [freq for freq in in_use if freq not in self.inputs]
        if unknown:
            raise InputError(f"the handler has no input {unknown}; its inputs are {list(self.inputs)}")
        return in_use

    def input_shapes(self, freqs: Sequence[str] | None = None) -> dict[str, tuple[int, int]]:
        """Steps and fields of the windows of `freqs`, by default of all inputs: what networks are built for."""
        return {freq: self.panels.windows[freq].source.shape for freq in self.frequencies(freqs)}

    def reading(self, freqs: Sequence[str]) -> dict[str, Any]:
        """How the windows of `freqs` are made, by the settings' names: what a model is fitted for."""
        return {f"inputs.{freq}": self.inputs[freq] for freq in self.frequencies(freqs)} | {"clip": self.clip}

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
        in_use, panels, stamp = self.frequencies(freqs), self.panels, checked(Stamp, "date", date)
        if stamp not in panels.days:
            raise InputError(
                f"{stamp:%Y-%m-%d} is not a trading day between {panels.days[0]:%Y-%m-%d} and "
                f"{panels.days[-1]:%Y-%m-%d}"
            )
        day = int(panels.days.searchsorted(stamp))
        complete = panels.complete(in_use)
        stocks = np.flatnonzero(complete[day])
        if len(stocks) == 0:
            raise InputError(self._nothing_left(complete, stamp, in_use))
        return CrossSection(
            date=stamp,
            instruments=np.array(panels.instruments, dtype=object)[stocks],
            features={freq: self._windows(freq, day, complete[day]) for freq in in_use},
            label=panels.label_scores(day, complete[day])[stocks],
            raw_label=panels.labels[day, stocks],
        )

    def _windows(self, freq: str, day: int, members: np.ndarray) -> np.ndarray:
        """Normalised windows (n_stocks, n_steps, n_fields) of one date across its `members`, (n_stocks,) bool."""
        stocks = np.flatnonzero(members)
        days = np.full(len(stocks), day)
        moments = self.panels.moments(freq, days[:1], members[None])
        return self.panels.samples(freq, days, stocks, moments, np.zeros_like(days)).transpose(2, 0, 1)

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
        panels = self.panels
        rows, columns = np.nonzero(panels.members)
        codes = np.array(panels.instruments, dtype=object)
        index = pd.MultiIndex.from_arrays([panels.days[rows], codes[columns]], names=["datetime", "instrument"])
        return pd.DataFrame({("label", self.label.name): panels.labels[rows, columns]}, index=index)

    def _nothing_left(self, complete: np.ndarray, date: pd.Timestamp, freqs: tuple[str, ...]) -> str:
        usable = self.panels.days[np.flatnonzero(complete.any(axis=1))]
        span = f"samples exist from {usable[0]:%Y-%m-%d} to {usable[-1]:%Y-%m-%d}" if len(usable) else "no date has any"
        return f"no stock of {self.instruments} has complete windows in {list(freqs)} on {date:%Y-%m-%d}; {span}"


_NO_LOADER = {"class": "StaticDataLoader", "module_path": "qlib.data.dataset.loader", "kwargs": {"config": {}}}
