"""The whole update: read new files beside each stock's last rows, assemble the days that change, write them as one."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import locked, scratch
from qlib_mfgru.ingest.assemble.conventions import Calendars
from qlib_mfgru.ingest.mapping import IngestMapping
from qlib_mfgru.ingest.read.intake import read_vendor
from qlib_mfgru.ingest.read.spool import Stored
from qlib_mfgru.ingest.read.stamps import day_text
from qlib_mfgru.ingest.read.values import names_since
from qlib_mfgru.ingest.read.vendor import Vendor
from qlib_mfgru.ingest.state import KEPT, State, rows_file
from qlib_mfgru.ingest.state.store import RECORD
from qlib_mfgru.ingest.state.tails import codes_in
from qlib_mfgru.ingest.write.indices import read_all_weights
from qlib_mfgru.live.updating.inputs import NewFiles, check_kept, mapping_of
from qlib_mfgru.live.updating.journal import commit, finish, renamed
from qlib_mfgru.live.updating.mapping import as_ingested
from qlib_mfgru.live.updating.plan import PlannedWriter
from qlib_mfgru.live.updating.record import check_dropped, check_revised, count_undated_again, write_record
from qlib_mfgru.live.updating.reporting.report import UpdateReport
from qlib_mfgru.live.updating.spool import UpdateSpool
from qlib_mfgru.live.updating.stocks import BucketUpdate, Updated
from qlib_mfgru.live.updating.tables import write_tables
from qlib_mfgru.processes import Processes
from qlib_mfgru.provider.boards import board_of
from qlib_mfgru.provider.judge.market.attendance import USUAL_DAYS
from qlib_mfgru.provider.session import days_of
from qlib_mfgru.provider.storage.files import ProviderFiles
from qlib_mfgru.provider.storage.series import sums_of
from qlib_mfgru.provider.symbols import feature_folder

PART_ROWS = 500_000
"""Rows that a process reads at a time, about."""

ALL_DAYS = np.datetime64("1800-01-01")
"""Before all rows: with `revise` a file that has grown is read whole, so that rows too old to change are told of."""

PARALLEL_STOCKS = 1000
"""Stocks from which on several processes are worth their start."""


def update(
    provider: Path | str,
    source: Path | str | None = None,
    *,
    mapping: IngestMapping | None = None,
    revise: bool = False,
    n_jobs: int = -1,
    quiet: bool = False,
) -> UpdateReport:
    """Append a vendor's new days to a provider of `ingest`, so that it is what an ingest of all files would make.

    Parameters
    ----------
    provider : Path or str
        The provider's folder.
    source : Path or str, optional
        Folder of the files, new and old ones or new ones alone; by default that of the ingest.
    mapping : IngestMapping, optional
        What the files are; by default the ingest's. Its conventions are those of the ingest in any case.
    revise : bool
        Rows of stored days that differ from what is stored take their place, where that can be.
    n_jobs : int
        Processes; -1 for one a core.
    quiet : bool
        No progress bars.

    Returns
    -------
    UpdateReport
        What came in, and what was left out; the provider's ``mfgru.json`` has it added to what was there.

    Raises
    ------
    InputError
        Rows of stored days that differ, faults of the new ones as of `ingest`, or what only a whole ingest can do; the
        provider is as it was.
    """
    provider = Path(provider).expanduser().resolve()
    if not provider.is_dir():
        raise InputError(f"{provider}: no such folder")
    with locked(provider, wait=False), scratch(provider) as folder:
        finished = finish(provider, Processes(1))
        work = _Work(provider, source, mapping or mapping_of(provider), folder, quiet=quiet)
        with Processes(n_jobs if len(work.old.stored) >= PARALLEL_STOCKS else 1) as processes:
            report = work.run(processes, revise=revise)
    report.is_resumed = finished
    return report


class _Work:
    """One update, from what is stored to a plan that is carried out."""

    def __init__(
        self, provider: Path, source: Path | str | None, mapping: IngestMapping, folder: Path, *, quiet: bool
    ) -> None:
        self.provider, self.folder, self.quiet = provider, folder, quiet
        self.state = State.read(provider, mapping.session)
        check_kept(provider)
        given = Path(source if source is not None else self.state.source).expanduser()
        if not given.is_dir():
            raise InputError(f"{given}: no such folder (--source)")
        self.mapping = as_ingested(mapping, provider, given)
        self.files = NewFiles.of(self.mapping, given, provider, self.state)
        self.old = ProviderFiles(provider)
        self.last_day = int(_day_numbers(self.old.calendar("day"))[-1])

    def run(self, processes: Processes, *, revise: bool) -> UpdateReport:
        """Read, plan, write."""
        if self.files.without_prices(self.mapping):
            return UpdateReport.nothing(
                f"no file of bars or days below {self.files.folder} is new or has changed", self.last_day
            )
        since = ALL_DAYS if revise else self._since()
        known = {*self._codes[0], *self.state.renames}
        vendor = self.files.vendor(self.mapping, since, known, self.folder / "gathered", quiet=self.quiet)
        spool = self._read(vendor, processes)
        if not spool.days:
            why = f"no row in the new files below {self.files.folder} is usable"
            return UpdateReport.nothing(why, self.last_day, vendor.report)
        calendars, weights = self._calendars(spool), read_all_weights(vendor)
        weighted = {code for table in weights.values() for code in table.columns}
        writer = self._writer(spool, calendars)
        work = BucketUpdate(
            spool,
            calendars,
            self.state.conventions,
            writer,
            weighted,
            self.last_day,
            self.mapping.max_inconsistent,
            self._renumbered(spool),
        )
        updated, buckets = work.nothing(vendor.report, writer), range(spool.n_buckets)
        for each in tqdm(
            processes.map(work, buckets), "updating", len(buckets), unit="bucket", disable=self.quiet or None
        ):
            updated.add(each)
        updated.conflicts.check(revise=revise)
        check_dropped(vendor.report, self.provider, self.mapping)
        updated.verdict.payouts.add_all(self.state.payouts)
        updated.verdict.check()
        has_exchanges = self.mapping.session.codes == "ashare"
        updated.codes.warn(vendor.report, calendars.days, self.last_day + 1, has_exchanges=has_exchanges)
        report = UpdateReport.of_stocks(updated, calendars, self.last_day)
        if revise:
            check_revised(report)
        n_old, before = len(calendars.days) - len(report.days), self.state.n_trading
        updated.n_trading[n_old - len(before) : n_old] += before
        stocks = write_tables(vendor, self.provider, updated, calendars, weights, spool)
        check_dropped(vendor.report, self.provider, self.mapping)
        write_record(report, self.provider, stocks, self.mapping)
        self._write_state(vendor, spool, updated)
        self._carry_out(writer, spool, processes)
        return report

    def _read(self, vendor: Vendor, processes: Processes) -> UpdateSpool:
        """Everything that is new, in a spool that knows what is stored."""
        registry, (priced, others) = vendor.registry, self._codes
        registry.file_number("what is stored")
        registry.add_codes([*sorted(priced), *sorted(others)])
        bars_end = days_of(self.old.calendar(freqs[0]))[-1].astype("i8") if (freqs := self._intraday) else -1
        registry.stored = Stored(len(priced), {"bars": int(bars_end), "daily": self.last_day})
        codes = priced | others
        keep = {name: each.keep for name, each in self.mapping.inputs().items()}
        spool = UpdateSpool(
            self.folder / "rows",
            self.state.n_buckets,
            registry,
            keep,
            provider=self.provider,
            last_day=self.last_day,
            names_since=names_since(self.mapping.st, self.mapping.session.zone),
            flags_hold=self.state.conventions.st_holds,
        )
        spool.industries |= {name: number for number, name in enumerate(self.state.industries)}
        read_vendor(vendor, spool, processes, part_rows=PART_ROWS)
        count_undated_again(vendor.report, self.provider, self.mapping, self.files.grown)
        check_dropped(vendor.report, self.provider, self.mapping)
        spool.moved = {old: new for old, new in registry.renamed.items() if old in codes}
        for old, new in spool.moved.items():
            if new in codes or board_of(old) != board_of(new):
                why = "which is stored already" if new in codes else "of another board"
                raise InputError(f"renames: {old} has become {new}, {why}: ingest all files again")
        return spool

    @cached_property
    def _codes(self) -> tuple[set[str], set[str]]:
        """Codes of all stocks of which anything is kept, as of `codes_in`."""
        pairs = [codes_in(self.provider / rows_file(bucket)) for bucket in range(self.state.n_buckets)]
        return {code for priced, _ in pairs for code in priced}, {code for _, others in pairs for code in others}

    @property
    def _intraday(self) -> list[str]:
        """Frequencies of stored bars."""
        return [freq for freq in self.old.freqs if freq != "day"]

    def _since(self) -> np.datetime64:
        """The day from which on stocks that trade have rows that are kept."""
        days = self.old.calendar("day")
        day: np.datetime64 = days[-min(len(days), KEPT)].to_datetime64().astype("datetime64[D]")
        return day

    def _calendars(self, spool: UpdateSpool) -> Calendars:
        """The days that will be: new ones come after all that are stored."""
        old, given = _day_numbers(self.old.calendar("day")), np.array(sorted(spool.days), dtype="i8")
        between = np.setdiff1d(given[given <= old[-1]], old)
        if len(between):
            raise InputError(
                f"{day_text(between[0])} is not among the stored days, which end on {day_text(old[-1])}: ingest all "
                "files again"
            )
        days, freqs = np.union1d(old, given), self._intraday
        bar_days = np.array(sorted(spool.bar_days), dtype="i8")
        if freqs:
            stored = days_of(self.old.calendar(freqs[0])).astype("i8")
            if len(bar_days) and bar_days[0] < stored[0]:
                raise InputError(
                    f"bars of {day_text(bar_days[0])} are before all stored ones, which begin on "
                    f"{day_text(stored[0])}: ingest all files again"
                )
            bar_days = np.union1d(stored, bar_days)
        if not len(bar_days):
            return Calendars(days, bar_days)
        return Calendars(days, days[(days >= bar_days[0]) & (days <= bar_days[-1])])

    def _writer(self, spool: UpdateSpool, calendars: Calendars) -> PlannedWriter:
        freqs = self.state.conventions.freqs if len(calendars.bar_days) else ()
        intraday = dict.fromkeys(freqs, calendars.dates[calendars.bar_span])
        moved = {feature_folder(new): feature_folder(old) for old, new in spool.moved.items()}
        plan, sums = self.folder / "plan", renamed(sums_of(self.provider), moved)
        plan.mkdir()
        return PlannedWriter(self.provider, plan, calendars.dates, intraday, self.mapping.session, sums, moved)

    def _renumbered(self, spool: UpdateSpool) -> np.ndarray | None:
        """The industries' numbers by the old ones; None where these stay. They are in the order of the names."""
        rank = {name: number for number, name in enumerate(sorted(spool.industries))}
        numbers = np.array([rank[name] for name in self.state.industries], dtype=int)
        return None if np.array_equal(numbers, np.arange(len(numbers))) else numbers

    def _write_state(self, vendor: Vendor, spool: UpdateSpool, updated: Updated) -> None:
        """Write what the next update goes on from, besides the stocks' rows."""
        state = dataclasses.replace(
            self.state,
            industries=tuple(sorted(spool.industries)),
            renames=self.state.renames | vendor.registry.renamed,
            seen=self.files.seen,
            payouts=updated.verdict.payouts,
            n_trading=tuple(updated.n_trading[-USUAL_DAYS:].tolist()),
        )
        updated.writer.write_bytes(RECORD, state.text().encode())
        for name, path in self.files.copies.items():
            updated.writer.write_bytes(name, path.read_bytes())

    def _carry_out(self, writer: PlannedWriter, spool: UpdateSpool, processes: Processes) -> None:
        """Put the plan into the provider, and do what it says."""
        writer.write_calendars()
        writer.keep_steps("tables")
        writer.all_sums().write(writer.folder / "files")
        commit(writer.folder, self.provider, writer.moved, writer.removed)
        finish(self.provider, processes)


def _day_numbers(days: pd.DatetimeIndex) -> np.ndarray:
    """Days since 1970."""
    return days.to_numpy().astype("datetime64[D]").astype("i8")
