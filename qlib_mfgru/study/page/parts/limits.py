"""Whether more turnover pays: excess and information ratio against the turnover limit, all indices of a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from qlib_mfgru.portfolio.results.limit_plot import against_limits
from qlib_mfgru.study.page.draw import Drawer
from qlib_mfgru.study.page.elements import Block, Part, Section
from qlib_mfgru.study.page.subjects import Enhanced, Subject
from qlib_mfgru.study.page.words import Words

LIMITS_CHART = "turnover_limits.png"
"""The registered chart of one index, which the page draws for all at once."""
_FEW = 2
"""With no more limits there is no curve."""


def limit_parts(subjects: Sequence[Subject], drawer: Drawer, words: Words) -> list[Part]:
    """A part with a chart for each recorder that has portfolios of more than two limits; none where no recorder has."""
    charts = [chart for subject in subjects for chart in _charts(subject, drawer, words)]
    return [Part("limits", words("part_limits"), [Section("limits-of", words("limits_of"), charts)])] if charts else []


def _charts(subject: Subject, drawer: Drawer, words: Words) -> Iterator[Block]:
    """A line for each index; a second enhancement of an index has a chart of its own, named by its folder."""
    charts: list[dict[str, Enhanced]] = []
    for each in subject.enhancements:
        if len(each.result.runs) > _FEW:
            place = next((chart for chart in charts if each.result.index not in chart), None)
            if place is None:
                charts.append(place := {})
            place[each.result.index] = each
    for chart in charts:
        results = [replace(each.result, model=drawer.called(subject.name)) for each in chart.values()]
        folders = [each.folder for each in chart.values() if each.folder] if len(charts) > 1 else []
        name = ", ".join([subject.name, *folders])
        yield drawer.drawn(partial(against_limits, results), f"{name}: {words.head(LIMITS_CHART)}")
