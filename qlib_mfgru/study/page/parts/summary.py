"""The main figures, first: of each factor in its widest pool, of each index's portfolios at every turnover limit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from qlib_mfgru.factor import FactorTest
from qlib_mfgru.factor.results.conventions import untradable
from qlib_mfgru.portfolio import IndexEnhancement
from qlib_mfgru.portfolio.results import tables as portfolio_tables
from qlib_mfgru.report.markdown import FORMATS
from qlib_mfgru.report.published import PERIOD
from qlib_mfgru.report.spans import extrapolated
from qlib_mfgru.study.page.elements import Block, Cell, Head, MainFigure, MainFigures, MainRow, Part, Said, Section
from qlib_mfgru.study.page.market import Market
from qlib_mfgru.study.page.parts import factors, portfolios
from qlib_mfgru.study.page.parts.best import best_sentences
from qlib_mfgru.study.page.subjects import Subject, by_prediction
from qlib_mfgru.study.page.tables import cell
from qlib_mfgru.study.page.words import Words

_FACTOR = ("rank_ic_mean", "top_annual_excess", "top_information_ratio")
_WHOLE = 0.95
"""Share of an index's weight from which on it counts as known."""
_EXCESS, _RATIO = "annual_excess", "information_ratio"


def summary_part(subjects: Sequence[Subject], market: Market | None, words: Words) -> Part:
    """Main figures above the Huatai report's, whether they extrapolate, and why the two differ."""
    blocks: list[Block] = []
    tables = (
        (_factors(subjects, words), _of_factors(subjects, words)),
        (_portfolios(subjects, words), _of_portfolios(subjects, words)),
    )
    for figures, doubts in tables:
        blocks += [figures] if figures.rows else []
        blocks += [Said(doubts, caution=True)] if doubts else []
    best = best_sentences(subjects, words)
    blocks += [Said(best)] if best else []
    blocks.append(Said(_why(subjects, market, words)))
    lacking = [f"{subject.name}: {reason}" for subject in subjects for reason in subject.unread]
    blocks += [Said(lacking, warning=True)] if lacking else []
    return Part("summary", words("part_summary"), [Section("main-figures", "", blocks)])


def title(subjects: Sequence[Subject], words: Words) -> str:
    """Of a page that was given none: short, whatever is on it, as ``Huatai AI 68 · 6 models · 2021-01 to 2022-06``."""
    names = [subject.name for subject in by_prediction(subjects).values()]
    days = _days(subjects)
    months = words("months", first=f"{min(days):%Y-%m}", last=f"{max(days):%Y-%m}") if days else ""
    models = names[0] if len(names) == 1 else words("models", count=len(names))
    return " · ".join(filter(None, (words("title"), models, months)))


def _factors(subjects: Sequence[Subject], words: Words) -> MainFigures:
    """A row for each tested factor, in its last pool, which is the widest by default."""
    heads = [Head(name, words.head(name), number=True) for name in _FACTOR]
    rows = [_factor(subject, words) for subject in subjects if subject.factor is not None]
    return _shared_once(MainFigures(words("factors_in_short"), words.head("model"), heads, rows), words)


def _factor(subject: Subject, words: Words) -> MainRow:
    row = factors.ours_of(subject).iloc[-1]
    printed = factors.printed_row(subject, row["pool"])
    figures = [MainFigure(_cell(name, row, words), _printed([_said(name, printed, words)], words)) for name in _FACTOR]
    return MainRow(subject.name, row["pool"], f"factor-{subject.recorder.id}", figures)


def _portfolios(subjects: Sequence[Subject], words: Words) -> MainFigures:
    """A row for each enhancement, a column for each turnover limit: annual excess and information ratio."""
    named = [(index, each) for index, of_index in portfolios.by_index(subjects).items() for each in of_index]
    limits = sorted({run.limit for _, each in named for run in each.result.runs})
    names = {run.limit: run.limit_name for _, each in named for run in each.result.runs}
    heads = [Head(names[limit], words("at_limit", limit=names[limit]), number=True) for limit in limits]
    rows = [
        MainRow(index, each.name, f"index-{index.lower()}", list(_by_limit(each, [names[k] for k in limits], words)))
        for index, each in named
    ]
    return _shared_once(MainFigures(words("portfolios_in_short"), words.head("index"), heads, rows), words)


def _shared_once(figures: MainFigures, words: Words) -> MainFigures:
    """What all rows are of, as their pool or model, in the title instead of below every name."""
    if len({row.of for row in figures.rows}) != 1:
        return figures
    rows = [replace(row, of="") for row in figures.rows]
    return replace(figures, title=words("all_of", title=figures.title, of=figures.rows[0].of), rows=rows)


def _by_limit(each: portfolios.Named, limits: Sequence[str], words: Words) -> Iterator[MainFigure]:
    rows = portfolio_tables.performance(each.result).set_index("turnover_limit")
    for limit in limits:
        if limit not in rows.index or each.result.by_code:
            yield MainFigure(cell(np.nan, "", words), [])
            continue
        ours, printed = dict(rows.loc[limit]), portfolios.printed_row(each.result, limit)
        ratio = words("ratio_of", value=_cell(_RATIO, ours, words).text)
        both = [_said(_EXCESS, printed, words), _said(_RATIO, printed, words)]
        yield MainFigure(_cell(_EXCESS, ours, words), [ratio, *_printed(both, words)])


def _cell(name: str, row: Mapping[Any, Any] | pd.Series, words: Words) -> Cell:
    return cell(row[name], FORMATS[name], words)


def _said(name: str, printed: Mapping[str, Any] | None, words: Words) -> str:
    return "" if printed is None else _cell(name, printed, words).text


def _printed(texts: Sequence[str], words: Words) -> list[str]:
    """The Huatai report's figures in a line; none where it has none."""
    return [words("printed", printed=" · ".join(texts))] if all(texts) else []


def _of_factors(subjects: Sequence[Subject], words: Words) -> list[str]:
    """What their figures have to be read with."""
    tests = [(subject, subject.factor) for subject in subjects if subject.factor is not None]
    by_code = [said for subject, test in tests for said in factors.by_code(subject, [*test.pools][-1:], words)]
    notes = [*untradable(test for _, test in tests), *_extrapolated([test for _, test in tests])]
    return [*by_code, *map(words.said, notes)]


def _of_portfolios(subjects: Sequence[Subject], words: Words) -> list[str]:
    named = [(index, each) for index, of_index in portfolios.by_index(subjects).items() for each in of_index]
    by_code = [
        words("equal_scores", row=f"{index}, {each.name}", share=f"{each.result.equal_scores:.0%}")
        for index, each in named
        if each.result.by_code
    ]
    return [
        *by_code,
        *_partly_covered(named, words),
        *map(words.said, _extrapolated([each.result for _, each in named])),
    ]


def _partly_covered(named: Sequence[tuple[str, portfolios.Named]], words: Words) -> list[str]:
    """Indices of which some portfolios know a part alone: what they are held against is that part, scaled."""
    shares = [portfolio_tables.statistics(each.result)["mean_index_covered"].min() for _, each in named]
    of_indices = pd.Series(shares, index=[index for index, _ in named], dtype=float)
    known = of_indices.groupby(level=0, sort=False).min()
    return [
        words("partly_covered", index=index, share=f"{share:.1%}") for index, share in known.items() if share < _WHOLE
    ]


def _extrapolated(results: Sequence[FactorTest | IndexEnhancement]) -> list[str]:
    """Of the shortest time that annual figures of some results are of."""
    shortest = min(results, key=lambda each: len(each.days), default=None)
    return [] if shortest is None else extrapolated(shortest.days, shortest.session.days_per_year)


def _why(subjects: Sequence[Subject], market: Market | None, words: Words) -> list[str]:
    """Period and universe of ours and of the Huatai report."""
    days = _days(subjects)
    stocks = [float(factors.ours_of(subject)["mean_stocks"].max()) for subject in subjects if subject.factor]
    said = []
    if days:
        said.append(words("period", first=f"{min(days):%Y-%m-%d}", last=f"{max(days):%Y-%m-%d}", printed=PERIOD))
    if stocks:
        kind = "stocks_synthetic" if market is not None and market.is_synthetic else "stocks_own"
        counts = " .. ".join(dict.fromkeys(f"{count:,.0f}" for count in (min(stocks), max(stocks))))
        said.append(words(kind, stocks=words("a_date", stocks=counts)))
    elif market is not None:
        said.append(words("stocks_synthetic" if market.is_synthetic else "stocks_own", stocks=f"{market.n_stocks:,}"))
    return [*said, words("other_data")]


def _days(subjects: Sequence[Subject]) -> list[pd.Timestamp]:
    """The first and last day of every result."""
    tests = [subject.factor.dates[[0, -1]] for subject in subjects if subject.factor is not None]
    runs = [each.result.days[[0, -1]] for subject in subjects for each in subject.enhancements]
    return [day for both in (*tests, *runs) for day in both]
