"""The main figures, first: of each factor in its widest pool, of each index at every turnover limit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from qlib_mfgru.portfolio.results import tables as portfolio_tables
from qlib_mfgru.report.markdown import FORMATS
from qlib_mfgru.report.published import PERIOD
from qlib_mfgru.study.page.beside import compared
from qlib_mfgru.study.page.elements import Block, MainFigure, MainFigures, Part, Said, Section
from qlib_mfgru.study.page.market import Market
from qlib_mfgru.study.page.parts import factors, portfolios
from qlib_mfgru.study.page.subjects import Subject
from qlib_mfgru.study.page.tables import cell, table
from qlib_mfgru.study.page.words import Words

_FACTOR, _PORTFOLIO = ("rank_ic_mean", "top_annual_excess"), ("annual_excess", "information_ratio")
_COLUMNS = ["index", "model", "turnover_limit", "annual_excess", "tracking_error", "information_ratio"]


def summary_part(subjects: Sequence[Subject], market: Market | None, words: Words) -> Part:
    """Main figures with the Huatai report's in words, the portfolios in short, and why the two differ."""
    figures = [*_of_factors(subjects, words), *_of_portfolios(subjects, words)]
    blocks: list[Block] = [MainFigures(figures)] if figures else []
    short = _portfolios(subjects)
    if len(short):
        blocks.append(table(short, words, conventions=portfolios.ANCHOR, title=words("portfolios_in_short")))
    blocks.append(Said(_why(subjects, market, words)))
    lacking = [f"{subject.name}: {reason}" for subject in subjects for reason in subject.unread]
    blocks += [Said(lacking, warning=True)] if lacking else []
    return Part("summary", words("part_summary"), [Section("main-figures", "", blocks)])


def _of_factors(subjects: Sequence[Subject], words: Words) -> Iterator[MainFigure]:
    """Of each tested factor in its last pool, which is the widest by default."""
    for subject in subjects:
        if subject.factor is None:
            continue
        row = factors.ours_of(subject).iloc[-1]
        printed = factors.printed_row(subject, row["pool"])
        for name in _FACTOR:
            title = words("figure_of", what=words.head(name), of=f"{subject.name}, {row['pool']}")
            yield _figure(title, name, row, printed, words)


def _of_portfolios(subjects: Sequence[Subject], words: Words) -> Iterator[MainFigure]:
    """Of each enhancement at its first turnover limit."""
    for index, named in portfolios.by_index(subjects).items():
        for each in named:
            row = portfolio_tables.performance(each.result).iloc[0]
            limit = row["turnover_limit"]
            of = words("limit_of", name=f"{index}, {each.name}", limit=limit)
            for name in _PORTFOLIO:
                title = words("figure_of", what=words.head(name), of=of)
                yield _figure(title, name, row, portfolios.printed_row(each.result, limit), words)


def _figure(title: str, name: str, row: pd.Series, printed: Mapping[str, Any] | None, words: Words) -> MainFigure:
    beside = "" if printed is None else compared(name, float(row[name]), float(printed[name]), words)
    return MainFigure(title, cell(row[name], FORMATS[name], words), beside or words("not_in_the_report"))


def _portfolios(subjects: Sequence[Subject]) -> pd.DataFrame:
    frames = [
        portfolio_tables.performance(each.result).assign(index=index, model=each.name).iloc[:-1]
        for index, named in portfolios.by_index(subjects).items()
        for each in named
    ]
    columns = [*_COLUMNS, "excess_max_drawdown", "turnover"]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame()


def _why(subjects: Sequence[Subject], market: Market | None, words: Words) -> list[str]:
    """Period and universe of ours and of the Huatai report."""
    days = [day for subject in subjects for day in _period(subject)]
    stocks = [float(factors.ours_of(subject)["mean_stocks"].max()) for subject in subjects if subject.factor]
    said = []
    if days:
        said.append(words("period", first=f"{min(days):%Y-%m-%d}", last=f"{max(days):%Y-%m-%d}", printed=PERIOD))
    if stocks:
        kind = "stocks_synthetic" if market is not None and market.is_synthetic else "stocks_own"
        said.append(words(kind, stocks=f"{np.max(stocks):,.0f}"))
    elif market is not None:
        said.append(words("stocks_synthetic" if market.is_synthetic else "stocks_own", stocks=f"{market.n_stocks:,}"))
    return [*said, words("other_data")]


def _period(subject: Subject) -> list[Any]:
    dates = [] if subject.factor is None else [subject.factor.dates[0], subject.factor.dates[-1]]
    for each in subject.enhancements:
        report = each.result.runs[0].report
        dates += [report.index[0], report.index[-1]]
    return dates
