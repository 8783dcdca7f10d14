"""The whole mapping file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping.document import read_document
from qlib_mfgru.ingest.mapping.prices import BarInput, DailyInput
from qlib_mfgru.ingest.mapping.ready import over_ready
from qlib_mfgru.ingest.mapping.rows import BY_MARKET, RowInput
from qlib_mfgru.ingest.mapping.tables import (
    FactorInput,
    IndustryInput,
    MarketCapInput,
    ShareInput,
    StInput,
    WeightInput,
)
from qlib_mfgru.provider.judge import MAX_INCONSISTENT
from qlib_mfgru.provider.session import ASHARE, SessionSetting
from qlib_mfgru.refusals import RECORD, within
from qlib_mfgru.settings import Flag, Fraction, Settings, Text

_MARKET = re.compile(r"[a-z0-9_]{1,64}")
"""What names a file and a field of weights."""


def _by_market(inputs: Any) -> Any:
    if inputs is None:
        return {}
    if not isinstance(inputs, Mapping):
        raise ValueError("must be a mapping of market names, e.g. csi300, each with its files")
    sections: dict[str, Any] = {}
    for market, section in inputs.items():
        name = str(market).lower()
        if not _MARKET.fullmatch(name) or name == "all":
            raise ValueError(f"cannot name a market {market!r}: use up to 64 of a-z, 0-9, _, and not `all`")
        if name in sections:
            raise ValueError(f"must not name {name!r} twice")
        sections[name] = section
    return sections


class IngestMapping(Settings):
    """The whole mapping file; docs/ingest.md explains its keys.

    With a `vendor`, its keys go over that vendor's ready mapping.
    """

    vendor: Text | None = None
    session: SessionSetting = ASHARE
    bars: BarInput | None = None
    daily: DailyInput | None = None
    factors: FactorInput | None = None
    limits: RowInput | None = None
    index: RowInput | None = None
    industry: IndustryInput | None = None
    float_shares: ShareInput | None = None
    market_cap: MarketCapInput | None = None
    renames: RowInput | None = None
    st: StInput | None = None
    members: Annotated[dict[str, RowInput], BeforeValidator(_by_market)] = Field(default_factory=dict)
    weights: Annotated[dict[str, WeightInput], BeforeValidator(_by_market)] = Field(default_factory=dict)
    carry_members: Flag = False
    missing_vwap: Literal["typical", "nan"] = "typical"
    max_dropped: Fraction = 0.05
    max_inconsistent: Fraction = MAX_INCONSISTENT

    @model_validator(mode="before")
    @classmethod
    def _over_ready(cls, content: Any) -> Any:
        if not isinstance(content, Mapping) or not isinstance(vendor := content.get("vendor"), str):
            return content
        try:
            return over_ready(vendor, content)
        except InputError as error:
            raise PydanticCustomError(RECORD, "{message}", {"message": f"vendor: {error}"}) from error

    @model_validator(mode="after")
    def _has_prices(self) -> IngestMapping:
        if self.bars is None and self.daily is None:
            raise ValueError("give bars, daily, or both")
        return self

    @model_validator(mode="after")
    def _fits_session(self) -> IngestMapping:
        session, prices = self.session, {"bars": self.bars, "daily": self.daily}
        if self.factors and self.daily and self.daily.factor:
            raise ValueError("daily.factor is 'from_prev_close': there are factors already")
        if self.limits and not session.price_limits:
            raise ValueError("limits: the session has no price_limits")
        if self.st and not session.special_treatment:
            raise ValueError("st: the session has no special_treatment")
        if self.st and self.st.since == "prices" and not session.has_boards:
            raise ValueError("st.since is 'prices': the session has no boards whose limits would show it")
        for name, source in prices.items():
            if source and "lots" in source.volume_units.values() and session.lot is None:
                raise ValueError(f"{name}.volume is 'lots': the session has no lot")
        return self

    @property
    def levels(self) -> RowInput | None:
        """Where levels of indices come from: `index`, else the provider of the daily bars."""
        if self.index is None and self.daily and self.daily.provider:
            return RowInput(provider=self.daily.provider, optional=self.daily.optional)
        return self.index

    @property
    def needs_folder(self) -> bool:
        """Whether any path is relative to the folder of the files; rows of a database need none."""
        providers = (str(source.provider) for source in self.inputs().values() if source.provider)
        patterns = (pattern for source in self.inputs().values() for pattern in source.patterns)
        return not all(Path(path).expanduser().is_absolute() for path in (*providers, *patterns))

    def tables(self) -> dict[str, RowInput]:
        """Inputs that say something of codes and indices as a whole, which is read anew whenever days are added."""
        names = ("renames", "index", *(f"{kind}.{market}" for kind in BY_MARKET for market in getattr(self, kind)))
        return {name: source for name, source in self.inputs().items() if name in names}

    def inputs(self) -> dict[str, RowInput]:
        """Every input that is given, by its name; those of a market are called e.g. ``members.csi300``."""
        sections: dict[str, Any] = {**dict(self), "index": self.levels}
        for kind in BY_MARKET:
            sections |= {f"{kind}.{market}": section for market, section in sections[kind].items()}
        return {name: section for name, section in sections.items() if isinstance(section, RowInput)}


def load_mapping(path: Path | str | None = None, *, vendor: str | None = None) -> IngestMapping:
    """Read a mapping file, or take a vendor's ready mapping, with the file's keys over it if there is one.

    Raises
    ------
    InputError
        Not a YAML file, an unknown vendor, or an unknown key or value: one line with the file, the key, its value and
        what is allowed.
    """
    content = read_document(Path(path)) if path is not None else {}
    named = content.get("vendor", vendor)
    if vendor is not None and named != vendor:
        raise InputError(f"{path}: vendor is {named!r}, but {vendor!r} is asked for")
    return parse_mapping({**content, "vendor": named}, str(path if path is not None else "mapping"))


def parse_mapping(content: Mapping[str, Any], origin: str) -> IngestMapping:
    """Check what a mapping file holds; `origin` names the file in errors, which are those of `load_mapping`."""
    with within(origin):
        return IngestMapping.of(**{str(key): value for key, value in content.items()})
