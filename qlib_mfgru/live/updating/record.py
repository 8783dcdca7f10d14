"""What an update came to, by itself and as part of all that the provider was made from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from qlib_mfgru import __version__
from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import IngestMapping
from qlib_mfgru.ingest.report import LEFT_OUT_AGAIN, NO_STAMP, REVISED, STORED, TOO_EARLY, IngestReport, InputReport
from qlib_mfgru.ingest.write.attendance import check_lone_days, warn_of_sparse_days
from qlib_mfgru.ingest.write.manifest import warn_of_half_days
from qlib_mfgru.ingest.write.stocks import StoredStocks
from qlib_mfgru.live.updating.inputs import PRICES
from qlib_mfgru.live.updating.plan import PlannedWriter
from qlib_mfgru.live.updating.reporting.report import TRADED, UpdateReport
from qlib_mfgru.live.updating.spool import LATE
from qlib_mfgru.provider.judge.causes import NAMED
from qlib_mfgru.provider.manifest import read_manifest
from qlib_mfgru.provider.storage.updates import UPDATES, content_key

_NOT_ANEW = frozenset({STORED, TOO_EARLY, LEFT_OUT_AGAIN})


def count_undated_again(
    new: IngestReport, provider: Path, mapping: IngestMapping, grown: Mapping[str, Collection[Path]]
) -> None:
    """Take out bad rows of prices without a date that were counted before: in files read again they are as many.

    Parameters
    ----------
    new : IngestReport
        On what has been read; changed here. Rows with a date are told apart where they are read.
    grown : mapping of str to collection of Path
        Files by input of which rows were read before.
    """
    old, inputs = IngestReport.of(read_manifest(provider)["report"]).inputs, mapping.inputs()
    for name in (name for name in PRICES if name in old and name in new.inputs):
        source, dropped, before = inputs[name], new.inputs[name].dropped, old[name].dropped
        is_again = bool(grown[name] or source.wide or source.sql or source.provider)
        if is_again and NO_STAMP in dropped and NO_STAMP in before:
            count = min(dropped[NO_STAMP].count, before[NO_STAMP].count)
            new.inputs[name].drop_count(LEFT_OUT_AGAIN, count, ())
            dropped[NO_STAMP].count -= count
            if not dropped[NO_STAMP].count:
                del dropped[NO_STAMP]


def check_revised(report: UpdateReport) -> None:
    """Say which rows were too old to be compared where the later ones are to be taken.

    Raises
    ------
    InputError
        There are such rows, and nothing was taken.
    """
    early = {name: rows.dropped[TOO_EARLY] for name, rows in report.inputs.items() if TOO_EARLY in rows.dropped}
    for name, tally in early.items():
        report.warn(f"{name}: rows too old for --revise, not compared", tally.count, tally.examples)
    revised = any(REVISED in rows.dropped for rows in report.inputs.values())
    if early and not (report.days or revised or any(what.endswith(LATE) for what in report.warnings)):
        rows = "; ".join(f"{tally.count} of {name} (e.g. {tally.examples[0]})" for name, tally in early.items())
        raise InputError(
            "--revise has taken nothing: rows of days before those that an update can change were not compared: "
            f"{rows}: ingest all files again"
        )


def check_dropped(new: IngestReport, provider: Path, mapping: IngestMapping) -> None:
    """Stop where too many rows are bad, of all that were ever read; of tables those of this time, which are all.

    Raises
    ------
    InputError
        As of `InputReport.check`.
    """
    old = IngestReport.of(read_manifest(provider)["report"]).inputs
    whole = IngestReport()
    whole.inputs = {name: rows for name, rows in old.items() if name in new.inputs and name not in mapping.tables()}
    whole.add(_fresh_rows(new))
    whole.check(mapping.max_dropped)


def write_record(report: UpdateReport, provider: Path, stocks: StoredStocks, mapping: IngestMapping) -> None:
    """Plan the provider's ``mfgru.json``: what was counted so far and what is counted now, together.

    Raises
    ------
    InputError
        As of `check_lone_days`.
    """
    old = read_manifest(provider)
    report.before = IngestReport.of(old["report"])
    n_old = len(stocks.days) - len(report.days)
    check_lone_days(stocks, n_old)
    warn_of_half_days(stocks, report)
    warn_of_sparse_days(stocks, report, n_old)
    whole = _together(IngestReport.of(old["report"]), report, tuple(mapping.tables()))
    whole.facts |= _size(stocks, whole.facts, report)
    past, writer = old.get(UPDATES, []), stocks.writer
    assert isinstance(writer, PlannedWriter)
    this = {
        "days": list(report.days),
        "before": content_key(provider),
        "changed": writer.changed,
        "version": __version__,
    }
    manifest: dict[str, Any] = {
        "made_by": "mfgru ingest",
        "version": __version__,
        "mapping": mapping.model_dump(mode="json"),
        "report": whole.as_dict(),
        UPDATES: [*past, this],
    }
    stocks.writer.write_manifest(manifest)


def _together(old: IngestReport, new: IngestReport, tables: tuple[str, ...]) -> IngestReport:
    """Counts of both; what tables say of all days is said anew."""
    starts = tuple(f"{name}: " for name in tables)
    old.notes = [note for note in old.notes if not note.startswith(starts)]
    old.warnings = {what: tally for what, tally in old.warnings.items() if not what.startswith(starts)}
    for name in tables:
        old.inputs.pop(name, None)
    fresh = _fresh_rows(new)
    fresh.warnings, fresh.notes = new.warnings, new.notes
    old.add(fresh)
    old.consistency = _all_kinds(old.consistency, new.consistency)
    old.facts |= {name: fact for name, fact in new.facts.items() if name == "indices"}
    return old


def _fresh_rows(report: IngestReport) -> IngestReport:
    """The rows of all inputs alone, without those that were stored before."""
    fresh = IngestReport()
    fresh.inputs = {name: _fresh(rows) for name, rows in report.inputs.items()}
    return fresh


def _fresh(rows: InputReport) -> InputReport:
    known = sum(tally.count for reason, tally in rows.dropped.items() if reason in _NOT_ANEW)
    dropped = {reason: tally for reason, tally in rows.dropped.items() if reason not in _NOT_ANEW}
    return replace(rows, read=rows.read - known, dropped=dropped)


def _all_kinds(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Kinds of inconsistency with the cases of both."""
    kinds = {(each["kind"], each["cause"]): dict(each) for each in old}
    for each in new:
        mine = kinds.setdefault(
            (each["kind"], each["cause"]), {**each, "count": 0, "judged": 0, "stocks": 0, "cases": []}
        )
        for name in ("count", "judged", "stocks"):
            mine[name] += each[name]
        mine["cases"] = [*mine["cases"], *each["cases"]][:NAMED]
    return list(kinds.values())


def _size(stocks: StoredStocks, old: dict[str, Any], report: UpdateReport) -> dict[str, Any]:
    """The facts that grow with the days."""
    days, size = stocks.writer.days, {"stocks": len(stocks.lives)}
    size_of: dict[str, Any] = {
        **size,
        "days": f"{len(days)}: {days[0]:%Y-%m-%d} .. {days[-1]:%Y-%m-%d}",
        TRADED: old.get(TRADED, 0) + report.facts[TRADED],
    }
    for freq, stamps in stocks.writer.calendars.items():
        if freq != "day":
            size_of[f"{freq} days"] = len(stocks.bar_days)
            size_of[f"{freq} stamps"] = f"{len(stamps)}: {stamps[0]} .. {stamps[-1]}"
    return size_of
