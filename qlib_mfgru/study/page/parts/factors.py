"""The factor tests: figures 15 and 24, the layers (16 to 23, 25 to 32), and what else is known of each factor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pandas as pd

from qlib_mfgru.factor import FactorTest, FactorTestRecord
from qlib_mfgru.factor.results import conventions, doubts, tables
from qlib_mfgru.report.words import label
from qlib_mfgru.study.page.beside import differences, of_whom
from qlib_mfgru.study.page.draw import Drawer
from qlib_mfgru.study.page.elements import Block, Part, Said, Section
from qlib_mfgru.study.page.numbering import FACTOR_FIGURES, OTHER_MODELS, FactorFigures
from qlib_mfgru.study.page.sections import registered_charts, registered_tables
from qlib_mfgru.study.page.subjects import Subject
from qlib_mfgru.study.page.tables import Rows, stacked, table
from qlib_mfgru.study.page.words import Words

ANCHOR = "factor-conventions"
LAYERS = "layers.png"
COMPARED = ("rank_ic_mean", "ic_ir", "top_annual_excess", "top_information_ratio", "top_turnover")


def factor_part(subjects: Sequence[Subject], drawer: Drawer, words: Words) -> Part:
    """All tested factors."""
    part = Part("factors", words("part_factors"))
    tested = [subject for subject in subjects if subject.factor is not None]
    for figures in (*FACTOR_FIGURES, OTHER_MODELS):
        of_these = [subject for subject in tested if belongs(subject, figures)]
        if of_these:
            part.sections.append(_table_section(of_these, figures, words))
            part.sections.append(_layer_section(of_these, figures, drawer, words))
        elif figures.table:
            part.sections.append(_absent_section(figures, words))
    part.sections.extend(_more_section(subject, drawer, words) for subject in tested)
    return part


def belongs(subject: Subject, figures: FactorFigures) -> bool:
    """Whether a subject's model is one of these figures'; models that the Huatai report lacks are `OTHER_MODELS`."""
    return subject.model in figures.models if subject.model else not figures.models


def factor_test(subject: Subject) -> FactorTest:
    """The factor test of a subject that has one."""
    assert subject.factor is not None
    return subject.factor


def comparison(subjects: Sequence[Subject], models: Sequence[str]) -> pd.DataFrame:
    """Pool by pool the Huatai report's row of each model, and below it those of our subjects of that model."""
    pools = dict.fromkeys(pool for subject in subjects for pool in factor_test(subject).pools)
    groups = [list(_rows(subjects, model, pool)) for pool in pools for model in models or ("",)]
    return tables.entry_behind_model(stacked([row for group in groups for row in group]))


def _rows(subjects: Sequence[Subject], model: str, pool: str) -> Iterator[Rows]:
    printed = pd.concat([conventions.printed(factor_test(subject)) for subject in subjects]).drop_duplicates()
    yield "report", printed[(printed["pool"] == pool.upper()) & (printed["model"] == model)].drop(columns="figure")
    for subject in subjects:
        if subject.model == model:
            ours = _by_entry(subject)
            yield "run", ours[ours["pool"] == pool.upper()]


def ours_of(subject: Subject) -> pd.DataFrame:
    """Our row of each pool, with the number of dates and of stocks a date."""
    test = factor_test(subject)
    counts = tables.statistics(test)[["pool", "n_dates", "mean_stocks"]]
    return tables.summary(test).drop(columns="figure").assign(model=subject.name).merge(counts, on="pool")


def by_code(subject: Subject, pools: Iterable[str], words: Words) -> list[str]:
    """Of pools in which layers go by code on some date: on how many, and whether figures of the TOP layer are left out.

    In the language that is spoken, as the words of charts.
    """
    said = []
    for pool in pools:
        result = factor_test(subject).pools[pool]
        parts = [doubts.constant(result), label("without_top") if result.by_code else ""]
        if parts[0]:
            text = words("list").join(filter(None, parts))
            said.append(words("row_beside", row=f"{pool.upper()}, {subject.name}", text=text))
    return said


def _by_entry(subject: Subject) -> pd.DataFrame:
    """Our rows of each pool: that of each entry, with how sure its RankIC is and the number of stocks a date."""
    test = factor_test(subject)
    stocks = tables.statistics(test)[["pool", "mean_stocks"]]
    return tables.by_entry(test).drop(columns="figure").assign(model=subject.name).merge(stocks, on="pool")


def printed_row(subject: Subject, pool: str) -> dict[str, Any] | None:
    """The Huatai report's row of a subject's model in a pool, where it has one."""
    printed = conventions.printed(factor_test(subject))
    rows = printed[(printed["pool"] == pool) & (printed["model"] == subject.model)]
    return None if rows.empty else {str(name): value for name, value in rows.iloc[0].items()}


def _title(figures: FactorFigures, words: Words) -> str:
    if not figures.models:
        return words("other_models")
    return words("factor_table", models=words("and").join(words.head(model) for model in figures.models))


def _table_section(subjects: Sequence[Subject], figures: FactorFigures, words: Words) -> Section:
    blocks: list[Block] = [table(comparison(subjects, figures.models), words, conventions=ANCHOR)]
    said = [sentence for subject in subjects for sentence in _beside(subject, words)]
    tests = [factor_test(subject) for subject in subjects]
    doubted = [words.said(note) for note in conventions.untradable(e for test in tests for e in (test, *test.compared))]
    doubted += [sentence for subject in subjects for sentence in by_code(subject, factor_test(subject).pools, words)]
    blocks += [Said(doubted, caution=True)] if doubted else []
    differing = [(each.name, conventions.differences(factor_test(each), figures.models)) for each in subjects]
    blocks += [Said(each) for each in (said, of_whom(differing, words)) if each]
    return Section(f"figure-{figures.table or 'other'}", _title(figures, words), blocks, figures.table)


def _beside(subject: Subject, words: Words) -> Iterator[str]:
    """How each row of a subject differs from the Huatai report's: a sentence for each pool."""
    for row in ours_of(subject).to_dict("records"):
        printed = printed_row(subject, row["pool"])
        if printed is not None:
            told = differences(row, printed, COMPARED, words)
            if told:
                yield words("row_beside", row=f"{row['pool']}, {subject.name}", text=words("list").join(told))


def _layer_section(subjects: Sequence[Subject], figures: FactorFigures, drawer: Drawer, words: Words) -> Section:
    plot = FactorTestRecord.outputs.plots[LAYERS]
    charts = [drawer.plot(LAYERS, plot, factor_test(subject), subject.name) for subject in subjects]
    models = words("and").join(words.head(model) for model in figures.models) or words("other_models")
    return Section(f"layers-{figures.table or 'other'}", words("layers_of", models=models), charts, figures.layers)


def _absent_section(figures: FactorFigures, words: Words) -> Section:
    models = words("and").join(words.head(model) for model in figures.models)
    said = Said([words("no_such_model", models=models)], warning=True)
    both = f"{figures.table}, {figures.layers}"
    return Section(f"figure-{figures.table}", _title(figures, words), [said], both)


def _more_section(subject: Subject, drawer: Drawer, words: Words) -> Section:
    test, outputs = factor_test(subject), FactorTestRecord.outputs
    blocks = registered_tables(outputs, test, {tables.comparison, tables.exclusions}, ANCHOR, words)
    blocks += registered_charts(outputs, test, {LAYERS}, drawer)
    return Section(f"factor-{subject.recorder.id}", words("more_of", name=subject.name), blocks)
