"""What all plots of an index enhancement share: a line for each portfolio, and what the plot is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qlib_mfgru.numerals import numeral
from qlib_mfgru.portfolio.trade.portfolios import IndexEnhancement, PortfolioRun
from qlib_mfgru.report import style
from qlib_mfgru.report.words import label

_WIDEST, _THINNEST, _ONLY = 2.6, 1.0, 1.4
"""Widths of several lines, and of a single one."""
_LONG, _LONGS_SHARE = 500, 0.65
"""Lines of more days than this are thinner."""


@dataclass(frozen=True)
class Line:
    """Portfolios that are the same on all days, which is one line.

    Attributes
    ----------
    runs : list of PortfolioRun
        Most often a single one.
    look : dict
        Colour, dashes and width, as matplotlib's `plot` takes them.
    """

    runs: list[PortfolioRun]
    look: dict[str, Any]

    @property
    def run(self) -> PortfolioRun:
        """The first one."""
        return self.runs[0]

    @property
    def limits(self) -> str:
        """Turnover limits of all."""
        return ", ".join(numeral(run.limit, "g%") for run in self.runs)


def lines(result: IndexEnhancement) -> list[Line]:
    """The lines of a plot: the first is the widest, so that it shows beside those that are drawn over it."""
    groups: list[list[PortfolioRun]] = []
    for run in result.runs:
        alike = next((group for group in groups if group[0].returns.equals(run.returns)), None)
        if alike is None:
            groups.append([run])
        else:
            alike.append(run)
    widths = np.linspace(_WIDEST, _THINNEST, len(groups)) if len(groups) > 1 else np.array([_ONLY])
    if len(result.runs[0].report) > _LONG:
        widths = widths * _LONGS_SHARE
    looks = style.series(len(groups))
    return [
        Line(runs, look | {"linewidth": float(width)}) for runs, look, width in zip(groups, looks, widths, strict=True)
    ]


def same(result: IndexEnhancement) -> list[str]:
    """Says which portfolios are the same on all days."""
    return [label("same", limits=line.limits) for line in lines(result) if len(line.runs) > 1]


def subject(result: IndexEnhancement) -> str:
    """Model, index and days."""
    return subject_of([result])


def subject_of(results: Sequence[IndexEnhancement]) -> str:
    """Models, indices and days of several results."""
    models, indices = (", ".join(dict.fromkeys(getattr(each, name) for each in results)) for name in ("model", "index"))
    first, last = min(each.days[0] for each in results), max(each.days[-1] for each in results)
    return f"{models} · {indices} · {first:%Y-%m-%d} .. {last:%Y-%m-%d}"
