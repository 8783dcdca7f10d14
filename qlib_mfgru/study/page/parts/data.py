"""On which data: provider, dates, stocks, exclusions, and what was dropped, derived or guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from qlib_mfgru.factor.results import tables
from qlib_mfgru.portfolio.results import tables as portfolio_tables
from qlib_mfgru.report.markdown import numbers_as
from qlib_mfgru.study.page.elements import Block, Part, Said, Section
from qlib_mfgru.study.page.market import Market
from qlib_mfgru.study.page.parts.factors import ANCHOR as FACTORS
from qlib_mfgru.study.page.parts.factors import factor_test
from qlib_mfgru.study.page.parts.portfolios import ANCHOR as PORTFOLIOS
from qlib_mfgru.study.page.parts.portfolios import by_index
from qlib_mfgru.study.page.subjects import Subject
from qlib_mfgru.study.page.tables import table
from qlib_mfgru.study.page.words import Words

_COVERED = {"covered": ".1%"}


def data_part(subjects: Sequence[Subject], market: Market | None, words: Words) -> Part:
    """Everything known of the provider, or that it was not named."""
    part = Part("data", words("part_data"))
    if market is None:
        part.sections.append(Section("market", words("market"), [Said([words("no_provider")], warning=True)]))
    else:
        part.sections.append(Section("market", words("market"), _market(market, words)))
        part.sections.append(Section("origin-of-data", words("origin_of_data"), _origin(market.manifest, words)))
    covered = _covered(subjects, words)
    if covered:
        part.sections.append(Section("covered", words("covered_by_enhancements"), covered))
    excluded = [subject for subject in subjects if subject.factor is not None]
    if excluded:
        counts = table(_exclusions(excluded), words, numbers_as(".1f"), FACTORS, words("stocks_by_rule"))
        part.sections.append(Section("exclusions", words("exclusions"), [counts]))
    return part


def _market(market: Market, words: Words) -> list[Block]:
    session = market.session
    said = [
        words("provider", name=market.folder.name, made_by=market.manifest.get("made_by", words("another_program"))),
        words("session", hours=", ".join(session.hours), zone=session.zone, days=session.days_per_year),
    ]
    blocks: list[Block] = [Said(said), table(market.calendars, words, title=words("calendars"))]
    if market.covers_known:
        return [*blocks, table(market.markets, words, _COVERED, title=words("markets"))]
    blocks.append(table(market.markets.drop(columns="covered"), words, title=words("markets")))
    return [*blocks, Said([words("no_coverage")], warning=True)]


def _covered(subjects: Sequence[Subject], words: Words) -> list[Block]:
    """Share of each index that the enhancements had, as their records count it."""
    rows = [
        {"index": index, "model": each.name, "mean_index_covered": covered}
        for index, named in by_index(subjects).items()
        for each in named
        for covered in portfolio_tables.statistics(each.result)["mean_index_covered"].iloc[:1]
    ]
    return [table(pd.DataFrame(rows), words, conventions=PORTFOLIOS)] if rows else []


def _origin(manifest: Mapping[str, Any], words: Words) -> list[Block]:
    """The ingest report; of a demo market what it was made of."""
    if "spec" in manifest:
        spec = ", ".join(f"{words.head(name)} {value}" for name, value in manifest["spec"].items())
        return [Said([words("synthetic", spec=spec)])]
    report = manifest.get("report")
    if not isinstance(report, Mapping):
        return [Said([words("no_ingest_report")], warning=True)]
    blocks: list[Block] = [table(_inputs(report), words, title=words("inputs"))] if report.get("inputs") else []
    reasons = (
        (f"{name}: {reason}", tally)
        for name, rows in report.get("inputs", {}).items()
        for reason, tally in rows["dropped"].items()
    )
    dropped = _counted(reasons, words)
    for key, counted in (("dropped", dropped), ("warnings", _counted(report.get("warnings", {}).items(), words))):
        blocks += [table(counted, words, title=words(key))] if len(counted) else []
    notes = [words.ingested(str(note)) for note in report.get("notes", [])]
    return [*blocks, Said([words("derived"), *notes] if notes else [words("nothing_derived")])]


def _inputs(report: Mapping[str, Any]) -> pd.DataFrame:
    rows = [{"input": name, "read": rows["read"], "kept": rows["kept"]} for name, rows in report["inputs"].items()]
    frame = pd.DataFrame(rows)
    return frame.assign(
        dropped=[sum(t["count"] for t in rows["dropped"].values()) for rows in report["inputs"].values()]
    )


def _counted(tallies: Iterable[tuple[str, Mapping[str, Any]]], words: Words) -> pd.DataFrame:
    rows = [
        {"count": tally["count"], "what": words.ingested(reason), "examples": "; ".join(tally["examples"])}
        for reason, tally in tallies
    ]
    return pd.DataFrame(rows, columns=["count", "what", "examples"])


def _exclusions(subjects: Sequence[Subject]) -> pd.DataFrame:
    """Stocks a date by rule: pool by pool a row for each factor test."""
    frames = [tables.exclusions(factor_test(subject)).assign(model=subject.name) for subject in subjects]
    rows = pd.concat(frames, ignore_index=True)
    rows["pool"] = pd.Categorical(rows["pool"], list(dict.fromkeys(rows["pool"])), ordered=True)
    rows = rows.sort_values("pool", kind="stable", ignore_index=True)
    return rows[["pool", "model", *rows.columns.drop(["pool", "model"])]]
