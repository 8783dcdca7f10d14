"""From the spool to the provider, one bucket of stocks at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from tqdm import tqdm

from qlib_mfgru import __version__
from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.assemble.bars import FREQ
from qlib_mfgru.ingest.assemble.calendar import fill_forward, when_text
from qlib_mfgru.ingest.assemble.extras import Known, add_extras
from qlib_mfgru.ingest.assemble.setting import Setting, StockRows
from qlib_mfgru.ingest.assemble.stock import assemble
from qlib_mfgru.ingest.mapping import IngestMapping
from qlib_mfgru.ingest.read.intake import Intake
from qlib_mfgru.ingest.read.spool import BAR, DAY, VALUE, of_code, repeated
from qlib_mfgru.ingest.write.levels import write_index_levels
from qlib_mfgru.ingest.write.members import member_masks, member_spans
from qlib_mfgru.ingest.write.output import write_stock
from qlib_mfgru.ingest.write.weights import drift_weights, on_calendar, read_weights
from qlib_mfgru.provider.writer import MANIFEST, ProviderWriter, Span

VALUE_FIELDS = ("factor", "limit_up", "limit_down", "float_shares", "industry", "st_step", "st_day")


@dataclass
class Build:
    """Writes the provider of what an `Intake` has spooled.

    Parameters
    ----------
    files : mapping of str to list of Path
        The files of each input, by its name (``members.csi300``).
    quiet : bool
        No progress bar.
    """

    mapping: IngestMapping
    files: Mapping[str, list[Path]]
    intake: Intake
    target: Path
    quiet: bool
    spans: list[Span] = field(default_factory=list)
    closes: dict[str, np.ndarray] = field(default_factory=dict)
    n_live: int = 0

    def run(self) -> None:
        """Write everything; nothing is left of it when something fails."""
        account, registry = self.intake.account, self.intake.registry
        setting = self._setting()
        days = pd.DatetimeIndex(setting.days.astype("datetime64[D]").astype("datetime64[ns]"))
        intraday = {FREQ: days[setting.bar_span]} if len(setting.bar_days) else {}
        weights = {
            market: read_weights(market, part, self.files[f"weights.{market}"], registry, account)
            for market, part in self.mapping.weights.items()
        }
        weighted = {code for table in weights.values() for code in table.columns}
        with ProviderWriter(self.target, days, intraday) as writer:
            self._stocks(writer, setting, weighted)
            for part in account.inputs.values():
                part.check(self.mapping.max_dropped)
            if not self.spans:
                raise InputError(f"no stock has any usable day\n{account}")
            writer.write_instruments("all", sorted(self.spans))
            masks = self._members(writer, setting.days)
            for market, table in weights.items():
                self._weights(writer, market, table, masks.get(market), setting.days)
            self._side_files(writer, setting)

    def _setting(self) -> Setting:
        mapping, intake = self.mapping, self.intake
        days = np.array(sorted(intake.days), dtype="i8")
        if not len(days):
            raise InputError(f"no usable row\n{intake.account}")
        has_factor = mapping.factors is not None or "factor" in intake.fields.get("daily", ())
        kinds = {name: part.prices for name, part in (("bars", mapping.bars), ("daily", mapping.daily)) if part}
        if not has_factor and ("raw" in kinds.values() or len(set(kinds.values())) > 1):
            raise InputError(
                "raw prices need a factor to adjust them: a factor column in daily, or factors; "
                "or say prices: unadjusted for bars and daily"
            )
        factorless = not has_factor or "unadjusted" in kinds.values()
        if factorless:
            intake.account.note(f"no factor: prices are stored as they came ({', '.join(set(kinds.values()))})")
        return Setting(
            days, self._bar_days(days), intake.registry.files, mapping.daily is not None, factorless,
            kinds.get("daily") == "adjusted", kinds.get("bars") == "adjusted", mapping.missing_vwap == "typical",
        )  # fmt: skip

    def _bar_days(self, days: np.ndarray) -> np.ndarray:
        met = self.intake.bar_days
        return days[(days >= min(met)) & (days <= max(met))] if met else days[:0]

    def _stocks(self, writer: ProviderWriter, setting: Setting, weighted: set[str]) -> None:
        mapping, account = self.mapping, self.intake.account
        known = Known(
            st=mapping.st is not None or "is_st" in self.intake.fields.get("daily", ()),
            st_from_prices=mapping.st is not None and mapping.st.from_name and mapping.st.since == "prices",
            float_shares=mapping.float_shares is not None and not setting.raw_unknown,
            industry=mapping.industry is not None,
            limits=not setting.raw_unknown,
        )
        self._note_derived(known, setting)
        for rows in tqdm(self._stock_rows(), desc="writing", unit="stock", disable=self.quiet):
            stock = assemble(rows, setting, account)
            if stock is None:
                continue
            add_extras(stock, rows, setting, known, account)
            self.spans.append(write_stock(writer, stock, setting))
            self.n_live += int(stock.live.sum())
            if stock.code in weighted:
                self.closes[stock.code] = fill_forward(stock.daily["close"] * stock.factor)

    def _note_derived(self, known: Known, setting: Setting) -> None:
        note = self.intake.account.note
        if setting.raw_unknown:
            note("raw prices are unknown: no limit prices, no market capitalisation, $vwap from prices alone")
        if known.limits:
            given = self.mapping.limits is not None or "limit_up" in self.intake.fields.get("daily", ())
            how = "as given, where missing" if given else "none given:"
            note(f"$limit_up, $limit_down: {how} derived from the boards' rules and the previous raw close")
            if not known.st:
                note("special treatment is not known: derived limits are those of ordinary shares")
        if self.mapping.daily is None:
            note("daily bars: made from the intraday bars")

    def _stock_rows(self) -> Iterator[StockRows]:
        spool, registry = self.intake.spool, self.intake.registry
        # numbers in the order of the names do not hang on the order of the rows
        industry = np.argsort(np.argsort(list(self.intake.industries)))
        for bucket in range(spool.n_buckets):
            bars = self._unique("bars", spool.load("bars", bucket, BAR))
            daily = self._unique("daily", spool.load("daily", bucket, DAY))
            values = {name: spool.load(name, bucket, VALUE) for name in VALUE_FIELDS}
            values["industry"]["value"] = industry[values["industry"]["value"].astype(int)]
            for code in np.union1d(bars["code"], daily["code"]):
                yield StockRows(
                    registry.codes[code],
                    of_code(daily, code),
                    of_code(bars, code),
                    {name: of_code(rows, code) for name, rows in values.items()},
                )

    def _unique(self, name: str, rows: np.ndarray) -> np.ndarray:
        """Without repeated bars; the one that was read first stays."""
        twice = repeated(rows)
        if not twice.any():
            return rows
        registry = self.intake.registry
        unit: Literal["D", "m"] = "m" if name == "bars" else "D"

        def describe(position: int) -> str:
            row = rows[position]
            when = when_text(int(row["when"]), unit)
            return f"{registry.files[row['file']]}: {registry.codes[row['code']]} {when}"

        self.intake.account.input(name).drop("duplicate bar", twice, describe)
        return rows[~twice]

    def _members(self, writer: ProviderWriter, days: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
        position = {day: number for number, day in enumerate(writer.days)}
        lives = {code: (position[first], position[last]) for code, first, last in self.spans}
        masks = {}
        for market, source in self.mapping.members.items():
            masks[market] = member_masks(
                market, source, self.files[f"members.{market}"], lives, days, carry=self.mapping.carry_members,
                registry=self.intake.registry, account=self.intake.account,
            )  # fmt: skip
            writer.write_instruments(market, member_spans(masks[market], writer.days))
        return masks

    def _weights(
        self,
        writer: ProviderWriter,
        market: str,
        table: pd.DataFrame,
        members: Mapping[str, np.ndarray] | None,
        days: np.ndarray,
    ) -> None:
        """Write ``$<market>_weight`` of the stocks that are here."""
        account, carry = self.intake.account, self.mapping.weights[market].carry
        name = f"weights.{market}"
        codes = [code for code in sorted(self.closes) if code in table.columns]
        account.warn(f"{name}: stocks left out, because there are no data of them", table.shape[1] - len(codes))
        never = np.zeros(len(days), dtype=bool)
        allowed = np.ones((len(days), len(codes)), dtype=bool)
        if members is not None:
            allowed = np.column_stack([members.get(code, never) for code in codes])
        close = np.column_stack([self.closes[code] for code in codes])
        known, positions = on_calendar(table[codes], days)
        weights = drift_weights(known, positions, close, allowed, carry=carry)
        for code, values in zip(codes, weights.T, strict=True):
            span = np.flatnonzero(~np.isnan(values))
            if len(span):
                fields = {f"{market}_weight": values[span[0] : span[-1] + 1]}
                writer.write_features(code, "day", int(span[0]), fields)
        last = when_text(int(days[positions[-1]]))
        account.note(
            f"{name}: known on {len(positions)} days up to {last}, moved with prices in between"
            f"{' and on to the calendar end' if carry else ''}, at the total that the stocks here had; "
            f"they hold {np.nansum(known[-1]):.1%} of the index on {last}"
        )
        if members is not None:
            without = sum(
                bool(mask[-1]) and not weights[-1, codes.index(code)] > 0 if code in codes else bool(mask[-1])
                for code, mask in members.items()
            )
            account.warn(f"{name}: members of the last day without a weight", without)

    def _side_files(self, writer: ProviderWriter, setting: Setting) -> None:
        mapping, intake = self.mapping, self.intake
        if mapping.index:
            levels = write_index_levels(
                writer, mapping.index, self.files["index"], setting.days, registry=intake.registry,
                account=intake.account,
            )  # fmt: skip
            intake.account.facts["indices"] = ", ".join(levels)
        if mapping.industry:
            rows = "".join(f"{code},{name}\n" for code, name in enumerate(sorted(intake.industries)))
            writer.write_text("industries.csv", "code,name\n" + rows)
        self._state_facts(writer, setting)
        manifest = {
            "made_by": "mfgru ingest",
            "version": __version__,
            "mapping": asdict(mapping),
            "account": intake.account.as_dict(),
        }
        writer.write_text(MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")

    def _state_facts(self, writer: ProviderWriter, setting: Setting) -> None:
        facts: dict[str, object] = {
            "stocks": len(self.spans),
            "days": f"{len(writer.days)}: {writer.days[0]:%Y-%m-%d} .. {writer.days[-1]:%Y-%m-%d}",
            "stock-days with trade": self.n_live,
        }
        if FREQ in writer.calendars:
            stamps = writer.calendars[FREQ]
            facts["15min days"] = len(setting.bar_days)
            facts["15min stamps"] = f"{len(stamps)}: {stamps[0]} .. {stamps[-1]}"
            facts["days without any bar"] = len(set(setting.bar_days.tolist()) - self.intake.bar_days)
        intake_facts = self.intake.account.facts
        self.intake.account.facts = facts | intake_facts
