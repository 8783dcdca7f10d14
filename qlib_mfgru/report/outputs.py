"""``Outputs``: the tables, series and plots that a result is written as, registered where they are defined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import pandas as pd
from matplotlib.figure import Figure

from qlib_mfgru.report import style
from qlib_mfgru.report.markdown import Formats, markdown, page

Result = TypeVar("Result")
Table = Callable[[Result], pd.DataFrame]
Plot = Callable[[Result], Figure]
Notes = Callable[[Result], Sequence[str]]
Heading = str | Callable[[Result], str]


def _no_notes(_: Any) -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class Section:
    """A table of the page.

    Attributes
    ----------
    heading : str, or callable
        Result -> str where it depends on the result.
    table : callable
        Result -> DataFrame.
    formats : mapping of str to str, function of the frame, or None
        Formats besides those that all pages share: see `markdown`.
    notes : callable
        Result -> sentences below the table.
    empty : str
        What the page shows instead of a table without rows.
    """

    heading: Heading[Any]
    table: Table[Any]
    formats: Formats | None
    notes: Notes[Any]
    empty: str

    def of(self, result: Any) -> tuple[str, str, Sequence[str]]:
        """Heading, table in Markdown, and notes of a result: see `page`."""
        heading = self.heading if isinstance(self.heading, str) else self.heading(result)
        frame = self.table(result)
        text = self.empty if frame.empty and self.empty else markdown(frame, self.formats)
        return heading, text, self.notes(result)


@dataclass
class Outputs(Generic[Result]):
    """What a kind of result is written as; decorators add to it, so that a new table or plot is one function.

    Examples
    --------
    ::

        @outputs.table("layers.csv", heading="Layers")
        def layers(test: FactorTest) -> pd.DataFrame: ...

        @outputs.plot("layers.png")
        def layer_curves(test: FactorTest) -> Figure: ...

    Modules that register keep an `Outputs` of their own; ``tables.outputs | plots.outputs`` is what both leave.

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
    sections: list[Section] = field(default_factory=list)
    series: dict[str, Table[Any]] = field(default_factory=dict)
    plots: dict[str, Plot[Any]] = field(default_factory=dict)

    def table(
        self,
        file: str | None = None,
        *,
        heading: Heading[Result] | None = None,
        formats: Formats | None = None,
        notes: Notes[Result] = _no_notes,
        empty: str = "",
    ) -> Callable[[Table[Result]], Table[Result]]:
        """Register a table: as a CSV if `file` names one, on the page if it has a `heading`; see `Section`."""

        def register(function: Table[Result]) -> Table[Result]:
            if file:
                self._check_new([file])
                self.tables[file] = function
            if heading:
                self.sections.append(Section(heading, function, formats, notes, empty))
            return function

        return register

    def pickle(self, file: str) -> Callable[[Table[Result]], Table[Result]]:
        """Register a frame that is kept as a pickle."""

        def register(function: Table[Result]) -> Table[Result]:
            self._check_new([file])
            self.series[file] = function
            return function

        return register

    def plot(self, file: str) -> Callable[[Plot[Result]], Plot[Result]]:
        """Register a plot."""

        def register(function: Plot[Result]) -> Plot[Result]:
            self._check_new([file])
            self.plots[file] = function
            return function

        return register

    def __or__(self, other: Outputs[Result]) -> Outputs[Result]:
        """Both together, the other's behind this one's."""
        self._check_new(other.files())
        return Outputs(
            self.tables | other.tables,
            self.sections + other.sections,
            self.series | other.series,
            self.plots | other.plots,
        )

    def files(self) -> list[str]:
        """Names of all files but the page."""
        return [*self.tables, *self.series, *self.plots]

    def write(self, result: Result, folder: Path) -> None:
        """Write tables and plots into a folder."""
        for file, table in self.tables.items():
            table(result).to_csv(folder / file, index=False)
        for file, plot in self.plots.items():
            style.save(plot(result), folder / file)

    def page(self, result: Result, title: str, conventions: Sequence[str]) -> str:
        """The tables that have a heading on one Markdown page, and what their numbers mean."""
        return page(title, (section.of(result) for section in self.sections), conventions)

    def _check_new(self, files: Sequence[str]) -> None:
        """Two functions that write one file are a slip of ours: the second would replace the first in silence."""
        twice = set(files) & set(self.files())
        if twice:
            raise ValueError(f"registered twice: {', '.join(sorted(twice))}")
