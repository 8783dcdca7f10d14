"""The index enhancements: settings, cumulative excess, performance, years (figures 34 to 49), and more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from qlib_mfgru.portfolio import IndexEnhancement, IndexEnhancementRecord
from qlib_mfgru.portfolio.results import conventions, tables
from qlib_mfgru.study.page.beside import differences, of_whom
from qlib_mfgru.study.page.draw import Drawer
from qlib_mfgru.study.page.elements import Block, Part, Said, Section
from qlib_mfgru.study.page.numbering import INDEX_FIGURES, IndexFigures
from qlib_mfgru.study.page.parts.limits import LIMITS_CHART
from qlib_mfgru.study.page.sections import registered_charts, registered_tables
from qlib_mfgru.study.page.subjects import Subject
from qlib_mfgru.study.page.tables import Rows, stacked, table
from qlib_mfgru.study.page.words import Words

ANCHOR = "portfolio-conventions"
COMPARED = ("annual_excess", "tracking_error", "information_ratio", "excess_max_drawdown", "turnover")
_LIMIT = "turnover_limit"


@dataclass(frozen=True)
class Named:
    """An enhancement, and what tables call it."""

    name: str
    result: IndexEnhancement


def by_index(subjects: Sequence[Subject]) -> dict[str, list[Named]]:
    """Enhancements by index, in the Huatai report's order; names that two of an index share are told apart."""
    found: dict[str, list[Named]] = {}
    for subject in subjects:
        for each in subject.enhancements:
            of_index = found.setdefault(each.result.index, [])
            name = f"{subject.name}, {each.folder}" if each.folder else subject.name
            taken = name in [other.name for other in of_index]
            of_index.append(Named(f"{name} {subject.recorder.id[:6]}" if taken else name, each.result))
    known = [index for index in INDEX_FIGURES if index in found]
    return {index: found[index] for index in [*known, *(other for other in found if other not in known)]}


def portfolio_parts(subjects: Sequence[Subject], drawer: Drawer, words: Words) -> list[Part]:
    """A part for each index; one that says so where there is none."""
    indices = by_index(subjects)
    if not indices:
        said = Said([words("no_enhancement")], warning=True)
        return [Part("portfolios", words("part_portfolios"), [Section("no-portfolios", "", [said])])]
    return [_part(index, named, drawer, words) for index, named in indices.items()]


def _part(index: str, named: Sequence[Named], drawer: Drawer, words: Words) -> Part:
    figures, key = INDEX_FIGURES.get(index, IndexFigures()), index.lower()
    outputs = IndexEnhancementRecord.outputs
    first = next(iter(outputs.plots))
    curves = [drawer.plot(first, outputs.plots[first], each.result, each.name) for each in named]
    told: list[Block] = [table(performance(named), words, conventions=ANCHOR)]
    said = [sentence for each in named for sentence in _beside(each, words)]
    notes = of_whom([(each.name, conventions.differences(each.result)) for each in named], words)
    told += [Said(each) for each in (said, notes) if each]
    sections = [
        Section(f"{key}-settings", words("settings_of", index=index), _settings(named, words), figures.settings),
        Section(f"{key}-excess", words("excess_of", index=index), curves, figures.excess),
        Section(f"{key}-performance", words("performance_of", index=index), told, figures.performance),
        Section(f"{key}-yearly", words("yearly_of", index=index), _yearly(named, words), figures.yearly),
        *(_more(each, key, number, first, drawer, words) for number, each in enumerate(named)),
    ]
    return Part(f"index-{key}", words("part_index", index=index), sections)


def performance(named: Sequence[Named]) -> pd.DataFrame:
    """Limit by limit the Huatai report's row, and below it ours; the index last."""
    return _beside_printed(named, "enhancement_performance", tables.performance)


def yearly(named: Sequence[Named]) -> pd.DataFrame:
    """As `performance`, of each calendar year that one of the two has."""
    frame = _beside_printed(named, "enhancement_yearly", tables.yearly)
    years = sorted(column for column in frame.columns if column.isdigit())
    return frame[["source", "model", _LIMIT, *years]]


def _beside_printed(
    named: Sequence[Named], printed_table: str, ours: Callable[[IndexEnhancement], pd.DataFrame]
) -> pd.DataFrame:
    printed = conventions.printed(named[0].result, printed_table).assign(model="incremental")
    frames: list[Rows] = [("report", printed), *(("run", ours(each.result).assign(model=each.name)) for each in named)]
    limits = dict.fromkeys(limit for _, frame in frames for limit in frame[_LIMIT])
    ordered = sorted(limits, key=lambda limit: float("inf") if limit == tables.BENCHMARK else float(limit))
    rows = [(source, frame[frame[_LIMIT] == limit]) for limit in ordered for source, frame in frames]
    both = stacked(_once(rows)).drop(columns=["index", "figure"])
    return both[["source", "model", *both.columns.drop(["source", "model"])]]


def _once(rows: Sequence[Rows]) -> list[Rows]:
    """The index is no model's: its row stands once for all runs that have the same."""
    kept: list[Rows] = []
    for source, frame in ((source, frame.reset_index(drop=True)) for source, frame in rows):
        if (frame[_LIMIT] == tables.BENCHMARK).any():
            frame = frame.assign(model=np.nan)
            if any(frame.equals(other) for of, other in kept if of == source):
                continue
        kept.append((source, frame))
    return kept


def _yearly(named: Sequence[Named], words: Words) -> list[Block]:
    frame = yearly(named)
    formats = {column: ".2%" for column in frame.columns if column.isdigit()}
    parts = list(dict.fromkeys(sentence for each in named for sentence in _parts_of_years(each.result, words)))
    return [table(frame, words, formats, ANCHOR), *([Said(parts)] if parts else [])]


def _parts_of_years(result: IndexEnhancement, words: Words) -> Iterator[str]:
    """The years of which a run has less than nine tenths."""
    days = result.runs[0].returns.index.to_series()
    for year, of_year in days.groupby(days.dt.year):
        if len(of_year) < 0.9 * result.session.days_per_year:
            first, last = f"{of_year.iloc[0]:%Y-%m-%d}", f"{of_year.iloc[-1]:%Y-%m-%d}"
            yield words("part_of_year", year=year, days=len(of_year), first=first, last=last)


def printed_row(result: IndexEnhancement, limit: str) -> dict[str, Any] | None:
    """The Huatai report's row of a turnover limit, where it has one."""
    printed = conventions.printed(result)
    rows = printed[printed[_LIMIT] == limit]
    return None if rows.empty else {str(name): value for name, value in rows.iloc[0].items()}


def _beside(each: Named, words: Words) -> Iterator[str]:
    for row in tables.performance(each.result).to_dict("records"):
        printed = printed_row(each.result, row[_LIMIT])
        if printed is not None and row[_LIMIT] != tables.BENCHMARK:
            text = words("list").join(differences(row, printed, COMPARED, words))
            yield words("row_beside", row=words("limit_of", name=each.name, limit=row[_LIMIT]), text=text)


def settings_frame(named: Sequence[Named]) -> pd.DataFrame:
    """The Huatai report's settings of the index above ours; own constraints have none of its limits."""
    result = named[0].result
    printed = conventions.printed(result, "enhancement_settings").drop(columns=["figure", "index"])
    printed["turnover_limits"] = printed["turnover_limits"].str.replace(";", ", ")
    ours = pd.DataFrame([{"model": each.name, **_own(each.result)} for each in named])
    return stacked([("report", printed.assign(model="incremental")), ("run", ours)])[["source", *ours.columns]]


def _own(result: IndexEnhancement) -> dict[str, object]:
    settings = result.settings
    return {
        "min_constituent_weight": settings.min_constituent_weight,
        "max_weight_deviation": settings.max_weight_deviation,
        "industry_exposure": settings.industry_exposure,
        "size_exposure": (settings.exposures or {}).get("market_cap"),
        "turnover_limits": ", ".join(f"{limit:g}" for limit in settings.turnovers),
        "rebalance": "week",
        "deal_price": settings.deal_price,
        "two_sided_cost": settings.buy_cost + settings.sell_cost,
    }


def _settings(named: Sequence[Named], words: Words) -> list[Block]:
    own = [each.name for each in named if each.result.settings.constraints is not None]
    said: list[Block] = [Said([words("own_constraints", names=", ".join(own))])] if own else []
    return [table(settings_frame(named), words, conventions=ANCHOR), *said]


def _more(each: Named, key: str, number: int, first: str, drawer: Drawer, words: Words) -> Section:
    outputs = IndexEnhancementRecord.outputs
    shown = {tables.comparison, tables.yearly_comparison}
    blocks = registered_tables(outputs, each.result, shown, ANCHOR, words)
    blocks += registered_charts(outputs, each.result, {first, LIMITS_CHART}, drawer)
    return Section(f"{key}-more-{number}", words("more_of_index", index=each.result.index, name=each.name), blocks)
