"""How alike the factors are: figure 33."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.factor.correlate import FactorCorrelation, correlate
from qlib_mfgru.factor.settings import FactorTestSettings
from qlib_mfgru.provider import reader
from qlib_mfgru.report.published import published
from qlib_mfgru.report.recorders import load_prediction
from qlib_mfgru.study.page.draw import Drawer
from qlib_mfgru.study.page.elements import Block, Part, Said, Section
from qlib_mfgru.study.page.numbering import CORRELATION
from qlib_mfgru.study.page.subjects import Subject, by_prediction
from qlib_mfgru.study.page.tables import Rows, stacked, table
from qlib_mfgru.study.page.words import Words

_WIDEST = "all"


def correlation_part(subjects: Sequence[Subject], with_market: bool, drawer: Drawer, words: Words) -> Part:
    """Correlations of all predictions, as they were recorded or else computed; or why there are none.

    Parameters
    ----------
    subjects : sequence of Subject
    with_market : bool
        Whether qlib is initialised on the provider, which the preprocessing of factors needs where there is no record.
    drawer : Drawer
    words : Words
    """
    blocks = _blocks(subjects, with_market, drawer, words)
    section = Section(f"figure-{CORRELATION}", words("correlation_table"), blocks, CORRELATION)
    return Part("correlation", words("part_correlation"), [section])


def _blocks(subjects: Sequence[Subject], with_market: bool, drawer: Drawer, words: Words) -> list[Block]:
    scored = by_prediction(subject for subject in subjects if subject.has_prediction)
    if len(scored) < 2:
        return [Said([words("no_second_prediction")], warning=True)]
    found = _recorded(subjects, scored)
    if found is None and not with_market:
        return [Said([words("no_provider_correlation")], warning=True)]
    try:
        found = found or _computed(scored, subjects)
    except InputError as error:
        return [Said([words("failed_correlation", why=str(error))], warning=True)]
    models = {subject.name: subject.model for subject in scored.values()}
    chart = drawer.drawn(_renamed(found, drawer.called).plot, words.head("correlation.png"))
    return [table(pairs(found, models), words), chart, Said([_how(found, words)])]


def _recorded(subjects: Sequence[Subject], scored: Mapping[str, Subject]) -> FactorCorrelation | None:
    """What a `CorrelationRecord` left of these predictions and no others, under the page's names; None if none did."""
    for subject in subjects:
        if subject.correlation is not None and {*subject.correlation.recorders.values()} == {*scored}:
            names = {name: scored[known].name for name, known in subject.correlation.recorders.items()}
            return _renamed(subject.correlation.found, names.__getitem__)
    return None


def _renamed(found: FactorCorrelation, name: Callable[[str], str]) -> FactorCorrelation:
    return replace(found, matrix=found.matrix.rename(index=name, columns=name))


def _computed(scored: Mapping[str, Subject], subjects: Sequence[Subject]) -> FactorCorrelation:
    predictions = {subject.name: load_prediction(subject.recorder) for subject in scored.values()}
    return correlate(predictions, _settings(subjects))


def _settings(subjects: Sequence[Subject]) -> FactorTestSettings:
    """Those of the first factor test, in the widest pool."""
    tests = [subject.factor for subject in subjects if subject.factor is not None]
    settings = tests[0].settings if tests else FactorTestSettings()
    pool = _WIDEST if _WIDEST in reader.markets() else settings.pools[-1]
    return settings.changed(pools=(pool,), start_time=None, end_time=None)


def pairs(found: FactorCorrelation, models: Mapping[str, str]) -> pd.DataFrame:
    """A row for each pair, below the Huatai report's of the same two models."""
    return stacked([row for pair in combinations(map(str, found.matrix), 2) for row in _pair(found, pair, models)])


def _pair(found: FactorCorrelation, pair: tuple[str, str], models: Mapping[str, str]) -> Iterator[Rows]:
    printed = published("model_correlation")
    wanted = {models[name] for name in pair}
    same = [{row["model_a"], row["model_b"]} == wanted for row in printed.to_dict("records")]
    yield "report", printed[same]
    ours = {"model_a": pair[0], "model_b": pair[1], "correlation": found.matrix.loc[pair[0], pair[1]]}
    yield "run", pd.DataFrame([ours])


def _how(found: FactorCorrelation, words: Words) -> str:
    return words(
        "correlation_how",
        pool=found.pool.upper(),
        dates=len(found.dates),
        first=f"{found.dates[0]:%Y-%m-%d}",
        last=f"{found.dates[-1]:%Y-%m-%d}",
        stocks=f"{found.mean_stocks:.0f}",
    )
