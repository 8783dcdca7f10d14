"""The mapping file: where the vendor's files are and what they mean."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.read.columns import VENDOR_NAMES
from qlib_mfgru.provider.session import ASHARE, FREQS, Freq, Session, SessionSetting
from qlib_mfgru.refusals import nearest, within
from qlib_mfgru.settings import Distinct, Flag, Fraction, Len, Listed, Names, Settings, Stamp, Text


def _known_fields(columns: dict[str, str]) -> dict[str, str]:
    for field in columns:
        if field not in VENDOR_NAMES:
            raise ValueError(f"{field!r} is no field{nearest(field, list(VENDOR_NAMES))}")
    return columns


def _known_encoding(name: str) -> str:
    try:
        text = codecs.lookup(name)._is_text_encoding and codecs.decode(b"1", name) == "1"
    except (LookupError, UnicodeError):
        text = False
    if not text:
        raise ValueError("must be an encoding such as utf-8-sig or gb18030")
    return name


def _by_market(inputs: Any) -> Any:
    if inputs is None:
        return {}
    if not isinstance(inputs, Mapping):
        raise ValueError("must be a mapping of market names, e.g. csi300, each with its files")
    sections: dict[str, Any] = {}
    for market, section in inputs.items():
        name = str(market).lower()
        if not name.isidentifier() or name == "all" or len(name) > 64:
            raise ValueError(f"cannot name a market {market!r}: use up to 64 letters, digits, _, and not `all`")
        if name in sections:
            raise ValueError(f"must not name {name!r} twice")
        sections[name] = section
    return sections


def _as_list(files: Any) -> Any:
    if not isinstance(files, str | list | tuple):
        raise ValueError("must be a path or a list of paths")
    return (files,) if isinstance(files, str) else files


Paths = Annotated[Names, Len(1), BeforeValidator(_as_list)]
"""A path, or a list of paths, relative to the source folder; ``*`` stands for any text."""
Columns = Annotated[dict[Text, Text], AfterValidator(_known_fields)]
"""Our field -> the vendor's column."""
Encoding = Annotated[Text, AfterValidator(_known_encoding)]


class FileInput(Settings):
    """Files of one kind, and how they are read; a path or a list of paths alone will do."""

    files: Paths
    columns: Columns = Field(default_factory=dict)
    sep: Text | None = None
    names: Names | None = None
    encoding: Encoding = "utf-8-sig"

    @model_validator(mode="before")
    @classmethod
    def _paths_alone(cls, section: Any) -> Any:
        if isinstance(section, str | list):
            return {"files": section}
        if not isinstance(section, Mapping | FileInput):
            raise ValueError(f"must be a path, a list of paths, or a mapping with {', '.join(cls.model_fields)}")
        return section


class PriceInput(FileInput):
    """Files with prices and volumes."""

    volume: Literal["shares", "lots"] = "shares"
    amount: Literal["yuan", "thousand", "ten_thousand"] = "yuan"
    prices: Literal["raw", "adjusted", "unadjusted"] = "raw"

    def volume_scale(self, session: Session) -> float:
        """Shares in one unit of volume."""
        return float(session.lot or 1) if self.volume == "lots" else 1.0

    @property
    def amount_scale(self) -> float:
        """Yuan in one unit of amount."""
        return {"yuan": 1.0, "thousand": 1e3, "ten_thousand": 1e4}[self.amount]


class BarInput(PriceInput):
    """Intraday bars of the frequency `freq`.

    `stamps` says which end of a bar its stamp is. `store` are the frequencies that the provider holds, one or a list,
    the finest first afterwards; by default 15 minutes where the vendor's bars make them up, else the bars as they are.
    """

    freq: Freq
    stamps: Literal["end", "start"]
    store: Annotated[tuple[Freq, ...], Listed, Len(1), Distinct] = Field(default=None, validate_default=True)

    @field_validator("store", mode="before")
    @classmethod
    def _one_or_default(cls, store: Any, info: ValidationInfo) -> Any:
        if store is None:
            freq = info.data.get("freq", "15min")
            store = freq if FREQS.index(freq) < FREQS.index("15min") else "15min"
        return (store,) if isinstance(store, str) else store

    @field_validator("store")
    @classmethod
    def _not_finer(cls, store: tuple[Freq, ...], info: ValidationInfo) -> tuple[Freq, ...]:
        freq = info.data.get("freq", FREQS[-1])
        if any(FREQS.index(each) > FREQS.index(freq) for each in store):
            raise ValueError(f"must not be finer than the vendor's freq, {freq}")
        return tuple(sorted(store, key=FREQS.index, reverse=True))


class WeightInput(FileInput):
    """Weights of one index; `carry` moves the last known ones on with prices, to the end of the calendar."""

    unit: Literal["percent", "fraction"] = "percent"
    carry: Flag = False


class IndustryInput(FileInput):
    """Industries; `level: letter` takes the leading letter of the name."""

    level: Literal["name", "letter"] = "name"


class ShareInput(FileInput):
    """Float shares."""

    unit: Literal["shares", "ten_thousand"] = "shares"

    @property
    def scale(self) -> float:
        """Shares in one unit."""
        return {"shares": 1.0, "ten_thousand": 1e4}[self.unit]


class StInput(FileInput):
    """Special treatment, from dates or spans, or from today's names (`from_name`).

    Today's names apply from the date `since` on, or, with ``since: prices``, from the day after the stock's last close
    beyond what special treatment allows.
    """

    from_name: Flag = False
    since: Literal["prices"] | Stamp | None = None


class IngestMapping(Settings):
    """The whole mapping file; docs/ingest.md explains its keys."""

    session: SessionSetting = ASHARE
    bars: BarInput | None = None
    daily: PriceInput | None = None
    factors: FileInput | None = None
    limits: FileInput | None = None
    index: FileInput | None = None
    industry: IndustryInput | None = None
    float_shares: ShareInput | None = None
    st: StInput | None = None
    members: Annotated[dict[str, FileInput], BeforeValidator(_by_market)] = Field(default_factory=dict)
    weights: Annotated[dict[str, WeightInput], BeforeValidator(_by_market)] = Field(default_factory=dict)
    carry_members: Flag = False
    missing_vwap: Literal["typical", "nan"] = "typical"
    max_dropped: Fraction = 0.05

    @model_validator(mode="after")
    def _has_prices(self) -> IngestMapping:
        if self.bars is None and self.daily is None:
            raise ValueError("give bars, daily, or both")
        return self

    @model_validator(mode="after")
    def _fits_session(self) -> IngestMapping:
        session, prices = self.session, {"bars": self.bars, "daily": self.daily}
        if self.limits and not session.price_limits:
            raise ValueError("limits: the session has no price_limits")
        if self.st and not session.special_treatment:
            raise ValueError("st: the session has no special_treatment")
        if self.st and self.st.since == "prices" and not session.has_boards:
            raise ValueError("st.since is 'prices': the session has no boards whose limits would show it")
        for name, source in prices.items():
            if source and source.volume == "lots" and session.lot is None:
                raise ValueError(f"{name}.volume is 'lots': the session has no lot")
        return self

    def inputs(self) -> dict[str, FileInput]:
        """Every input that is given, by its name; those of a market are called e.g. ``members.csi300``."""
        sections: dict[str, Any] = dict(self)
        for kind in ("members", "weights"):
            sections |= {f"{kind}.{market}": section for market, section in sections[kind].items()}
        return {name: section for name, section in sections.items() if isinstance(section, FileInput)}


def load_mapping(path: Path | str) -> IngestMapping:
    """Read a mapping file.

    Raises
    ------
    InputError
        Not a YAML file, or an unknown key or value: one line with the file, the key, its value and what is allowed.
    """
    path = Path(path)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a YAML file: {' '.join(str(error).split())}") from error
    if not isinstance(content, Mapping):
        raise InputError(f"{path}: expected keys such as bars, daily, members")
    return parse_mapping(content, str(path))


def parse_mapping(content: Mapping[str, Any], origin: str) -> IngestMapping:
    """Check what a mapping file holds; `origin` names the file in errors, which are those of `load_mapping`."""
    with within(origin):
        return IngestMapping.of(**{str(key): value for key, value in content.items()})
