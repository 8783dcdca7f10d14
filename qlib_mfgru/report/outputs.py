"""``Outputs``: the tables, series and plots that a result leaves, registered where they are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import pandas as pd
from matplotlib.figure import Figure

from qlib_mfgru.report import style
from qlib_mfgru.report.markdown import markdown

Result = TypeVar("Result")
Table = Callable[[Result], pd.DataFrame]
Notes = Callable[[Result], Sequence[str]]


def _no_notes(_: Any) -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class Section(Generic[Result]):
    """A table of the page.

    Attributes
    ----------
    heading : str
    table : callable
        Result -> DataFrame.
    formats : mapping of str to str
        Format specification by column, as `markdown` takes it.
    notes : callable
        Result -> sentences below the table.
    empty : str
        What stands there instead of a table without rows.
    """

    heading: str
    table: Table[Any]
    formats: Mapping[str, str] | Callable[[pd.DataFrame], Mapping[str, str]]
    notes: Notes[Any]
    empty: str

    def text(self, result: Any) -> str:
        """The table in Markdown."""
        frame = self.table(result)
        if frame.empty and self.empty:
            return self.empty
        return markdown(frame, self.formats(frame) if callable(self.formats) else self.formats)


@dataclass
class Outputs(Generic[Result]):
    """What a kind of result is written as; decorators add to it, so that a new table or plot is one function.

    Examples
    --------
    ::

        @outputs.table("layers.csv", heading="Layers", formats=FORMATS)
        def layers(test: FactorTest) -> pd.DataFrame: ...

        @outputs.plot("layers.png")
        def layer_curves(test: FactorTest) -> Figure: ...

    Attributes
    ----------
    tables : dict of str to callable
        File name of each CSV -> table.
    sections : list of Section
        Tables of the page, in the order of their registration.
    series : dict of str to callable
        File name of each pickle -> frame.
    plots : dict of str to callable
        File name of each PNG -> figure.
    """

    tables: dict[str, Table[Any]] = field(default_factory=dict)
    sections: list[Section[Any]] = field(default_factory=list)
    series: dict[str, Table[Any]] = field(default_factory=dict)
    plots: dict[str, Callable[[Any], Figure]] = field(default_factory=dict)

    def table(
        self,
        file: str | None = None,
        *,
        heading: str | None = None,
        formats: Mapping[str, str] | Callable[[pd.DataFrame], Mapping[str, str]] | None = None,
        notes: Notes[Result] = _no_notes,
        empty: str = "",
    ) -> Callable[[Table[Result]], Table[Result]]:
        """Register a table: as a CSV if `file` names one, on the page if it has a `heading`; see `Section`."""

        def register(function: Table[Result]) -> Table[Result]:
            if file:
                self.tables[file] = function
            if heading:
                self.sections.append(Section(heading, function, formats or {}, notes, empty))
            return function

        return register

    def pickle(self, file: str) -> Callable[[Table[Result]], Table[Result]]:
        """Register a frame that is kept as a pickle."""

        def register(function: Table[Result]) -> Table[Result]:
            self.series[file] = function
            return function

        return register

    def plot(self, file: str) -> Callable[[Callable[[Result], Figure]], Callable[[Result], Figure]]:
        """Register a plot."""

        def register(function: Callable[[Result], Figure]) -> Callable[[Result], Figure]:
            self.plots[file] = function
            return function

        return register

    def files(self) -> list[str]:
        """Names of all files but the page."""
        return [*self.tables, *self.series, *self.plots]

    def write(self, result: Result, folder: Path) -> None:
        """Write tables and plots into a folder."""
        for file, table in self.tables.items():
            table(result).to_csv(folder / file, index=False)
        for file, plot in self.plots.items():
            style.save(plot(result), folder / file)
