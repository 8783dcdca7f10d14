"""``Drawer``: registered plots as charts of the page."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

from matplotlib.figure import Figure

from qlib_mfgru.report import style
from qlib_mfgru.report.outputs import Plot
from qlib_mfgru.report.words import spoken
from qlib_mfgru.study.page.elements import Chart
from qlib_mfgru.study.page.svg import inline_svg
from qlib_mfgru.study.page.words import Words

_PIXELS = 84
"""To an inch: letters of charts are then as large as those of tables."""


class Drawer:
    """Draws the charts of one page, each under names of its own."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._numbers = count(1)

    @property
    def words(self) -> Words:
        """The words of charts: English where no installed font has Chinese."""
        with style.language(self._words.language):
            return Words(spoken())

    def called(self, name: str) -> str:
        """A model's name in the words of charts."""
        return self._words.translated(name, self.words)

    def plot(self, file: str, plot: Plot[Any], result: Any, of: str = "") -> Chart:
        """A plot of a registry.

        Parameters
        ----------
        file : str
            The name under which it is registered: its title is in the table of words, or is what it says of itself.
        plot : callable
        result : dataclass
            Its `model` is what the page calls the model.
        of : str
            What the chart is of, before its title.
        """
        says = (inspect.getdoc(plot) or file).splitlines()[0].rstrip(".")
        title = self._words.head(file) if file in self._words else says
        result = replace(result, model=self.called(result.model))
        return self.drawn(lambda: plot(result), f"{of}: {title}" if of else title[:1].upper() + title[1:])

    def drawn(self, draw: Callable[[], Figure], title: str) -> Chart:
        """What a function draws, in the words of charts."""
        with style.language(self._words.language):
            figure = draw()
            svg = inline_svg(figure, f"c{next(self._numbers)}")
        width = round(figure.get_figwidth() * _PIXELS)
        return Chart(svg, title, width)
