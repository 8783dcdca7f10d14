"""The best of several on the page: how many were compared, and what is left of it once that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from qlib_mfgru.numerals import numeral
from qlib_mfgru.report.measures import excess
from qlib_mfgru.report.significance import deflated_sharpe, sharpe_ratio
from qlib_mfgru.study.page.parts import portfolios
from qlib_mfgru.study.page.subjects import Subject
from qlib_mfgru.study.page.words import Words


def best_sentences(subjects: Sequence[Subject], words: Words) -> list[str]:
    """One for the factors' TOP layers and one for the portfolios; none where fewer than two are compared.

    Of factors the pools are those of the summary, the widest; portfolios are compared over all indices and limits.
    """
    kinds = {"best_factor": _top_layers(subjects), "best_portfolio": _portfolios(subjects, words)}
    return [sentence for kind, series in kinds.items() for sentence in _sentence(kind, series, words)]


def _sentence(kind: str, series: Mapping[str, pd.Series], words: Words) -> list[str]:
    deflated = deflated_sharpe(list(series.values()))
    if not np.isfinite(deflated):
        return []
    best = max(series, key=lambda name: sharpe_ratio(series[name]))
    return [words(kind, n=len(series), name=best, deflated=numeral(deflated, ".2f"))]


def _top_layers(subjects: Sequence[Subject]) -> dict[str, pd.Series]:
    """Daily excess of each factor's TOP layer over its last pool, unless its layers mostly go by code."""
    tests = {subject.name: list(subject.factor.pools.values())[-1] for subject in subjects if subject.factor}
    return {
        name: excess(test.returns[test.layers[-1]], test.pool_returns)
        for name, test in tests.items()
        if not test.by_code
    }


def _portfolios(subjects: Sequence[Subject], words: Words) -> dict[str, pd.Series]:
    """Daily excess of each portfolio over its index, net of costs, unless its scores mostly say nothing."""
    return {
        words("limit_of", name=f"{index}, {each.name}", limit=run.limit_name): excess(run.returns, run.benchmark)
        for index, named in portfolios.by_index(subjects).items()
        for each in named
        if not each.result.by_code
        for run in each.result.runs
    }
