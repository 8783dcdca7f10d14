"""What a sample shows, as a report says it, and the section of a mapping that follows from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qlib_mfgru.ingest.explain.adjustment import find_adjustment
from qlib_mfgru.ingest.explain.kind import markets_of
from qlib_mfgru.ingest.explain.sample import Sample
from qlib_mfgru.ingest.explain.stamps import fit_stamps
from qlib_mfgru.ingest.explain.units import FEW, Units, find_units
from qlib_mfgru.provider.session import FREQS

_FEW_EVENTS = 0.2
"""Rows a business day up to which a table of factors is one of events."""
_SIZES = {
    "float_shares": (("shares", 3e6), ("ten_thousand", 0)),
    "market_cap": (("yuan", 5e7), ("ten_thousand", 5e3), ("hundred_million", 0)),
}
"""Units by the least median that a market's stocks have in them."""


@dataclass
class Findings:
    """Lines of a report by what they are about, and sections of the mapping.

    `has_factor` says that prices can be adjusted with what is in the file.
    """

    lines: list[tuple[str, str]] = field(default_factory=list)
    sections: dict[str, Any] = field(default_factory=dict)
    has_factor: bool = False
    market: str | None = None

    def say(self, what: str, text: str) -> None:
        """Add a line."""
        self.lines.append((what, text))


def findings_on(kind: str, sample: Sample, origin: dict[str, Any]) -> Findings:
    """Look at the rows of an input `kind`; `origin` is where they are and how they are read, as a section says it."""
    findings = Findings()
    _by_kind(kind)(findings, kind, sample, dict(origin))
    return findings


def _by_kind(kind: str) -> Callable[[Findings, str, Sample, dict[str, Any]], None]:
    special = {"bars": _prices, "daily": _prices, "factors": _factors, "members": _by_market, "weights": _by_market}
    return special.get(kind, _plain)


def _plain(findings: Findings, kind: str, sample: Sample, section: dict[str, Any]) -> None:
    if kind in _SIZES and (unit := _by_size(findings, kind, sample)):
        section["unit"] = unit
    if kind == "industry" and sample.rows["industry"].astype("str").str.fullmatch(r"[A-Z]\d\d\D.*").mean() > 0.5:
        section["level"] = "letter"
    if kind == "st" and "is_st" not in sample.columns:
        section["from_name"] = True
    findings.sections[kind] = section


def _prices(findings: Findings, kind: str, sample: Sample, section: dict[str, Any]) -> None:
    if kind == "bars":
        _frequency(findings, sample, section)
    adjustment = find_adjustment(sample)
    units = find_units(sample, adjustment.traded_at)
    if units is not None and not units.ratios:
        text = "no rows with a price, a volume and an amount to judge by: taken to be shares and yuan; name other ones"
        findings.say("units", text)
    elif units is not None:
        findings.say("units", _told(units))
    elif "volume" in sample.columns:
        findings.say("units", "no amount beside the volume, so its unit is not judged: taken to be shares")
    if units is not None and units.volume:
        section |= {"volume": units.volume, "amount": units.amount}
    findings.say("prices", f"{adjustment.prices}: {'; '.join(adjustment.evidence)}")
    section["prices"] = adjustment.prices
    if adjustment.volume_adjusted:
        findings.say("volume", "divided by the factor: amount / volume follows the adjusted prices")
        section["volume"] = "adjusted"
    elif adjustment.prices == "adjusted" and "factor" not in sample.columns and section.get("volume") == "shares":
        text = "shares, or shares divided by a factor that is not in these files: left out, so that the ingest decides"
        findings.say("volume", f"{text} by the amounts")
        del section["volume"]
    if kind == "daily":
        _sources_of_factors(findings, sample, section, adjustment.ex_rights)
        if "name" in sample.columns:
            findings.sections["st"] = {key: section[key] for key in ("files", "encoding") if key in section}
            findings.sections["st"]["from_name"] = True
    findings.sections[kind] = section


def _told(units: Units) -> str:
    ratios = ", ".join(f"{board} {ratio:.4g}" for board, ratio in units.ratios.items())
    found = f"volume: {units.volume}, amount: {units.amount}" if units.volume else "no unit explains that"
    few = f"; few rows ({units.n_rows}), so look at them yourself" if units.n_rows < FEW else ""
    return f"amount / volume is, in closes: {ratios}; so {found}{few}".replace("'", "")


def _frequency(findings: Findings, sample: Sample, section: dict[str, Any]) -> None:
    fit = fit_stamps(sample.stamps, sample.session.codes)
    if fit is None:
        times = np.unique(sample.stamps.astype("datetime64[m]").astype("int64") % 1440)
        first = ", ".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in times[:4])
        findings.say("stamps", f"on no known grid of {', '.join(FREQS)}: {first} .. ({len(times)} times of the day)")
        return
    if fit.market != "ashare":
        findings.market = fit.market
    at = f"{fit.grid.freq} bars of {fit.market}, stamped at their {fit.grid.convention}"
    findings.say("stamps", f"{at}: {fit.on_grid:.1%} are on that grid, {fit.covered:.0%} of its times are there")
    section |= {"freq": fit.grid.freq, "stamps": fit.grid.convention}


def _sources_of_factors(findings: Findings, sample: Sample, section: dict[str, Any], ex_rights: int) -> None:
    if "factor" in sample.columns:
        findings.has_factor = True
    elif ex_rights:
        text = f"none, but the previous close is ex-rights: on {ex_rights} days it is not the close of the day before"
        findings.say("factor", text)
        section["factor"] = "from_prev_close"
        findings.has_factor = True


def _factors(findings: Findings, kind: str, sample: Sample, section: dict[str, Any]) -> None:
    findings.has_factor = True
    stamps = sample.stamps
    if len(stamps):
        days = max(1, int(np.busday_count(stamps.min().astype("M8[D]"), stamps.max().astype("M8[D]"))))
        a_day = len(sample.rows) / max(1, len(sample.codes)) / days
        if a_day < _FEW_EVENTS or len(sample.rows) <= 3 * len(sample.codes):
            findings.say("factor", f"a row an event ({a_day:.2g} rows a stock and day): 1 before the first one")
            section["before_first"] = "one"
    findings.sections[kind] = section


def _by_market(findings: Findings, kind: str, sample: Sample, section: dict[str, Any]) -> None:
    if kind == "weights":
        total = float(sample.rows.groupby(["stamp", *_index(sample)])["weight"].sum().median())
        section["unit"] = "fraction" if total < 1.5 else "percent"
        findings.say("units", f"a day's weights add up to {total:.4g}: {section['unit']}")
    markets = markets_of(sample)
    findings.say("markets", ", ".join(markets))
    if kind == "members" and "start" not in sample.columns:
        sizes = sample.rows.groupby(["stamp", *_index(sample)]).size()
        held = "each holds until the next, the last one to the end only with carry_members: true"
        findings.say("lists", f"{len(sizes)}, of {sizes.min()} .. {sizes.max()} members: {held}")
    column = sample.columns.get("index")
    findings.sections[kind] = {
        market: {**section, **({"where": {column: code}} if code is not None else {})}
        for market, code in markets.items()
    }


def _index(sample: Sample) -> list[str]:
    return ["index"] if "index" in sample.rows else []


def _by_size(findings: Findings, kind: str, sample: Sample) -> str | None:
    """The unit of sizes; None where no number tells it."""
    median = float(sample.rows[kind].median())
    unit = next((unit for unit, least in _SIZES[kind] if median >= least), None)
    told = f"the median is {median:.4g}: {unit}, by the usual size of a stock"
    findings.say("units", told if unit else "the values are no positive numbers, so the unit cannot be judged")
    return unit
