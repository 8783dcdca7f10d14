"""Settings of the handler and of the dataset, checked before anything is read."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import AfterValidator, BeforeValidator, Discriminator, PlainValidator, Tag, model_validator
from qlib.config import C
from typing_extensions import Self

from qlib_mfgru.data.labels import Label
from qlib_mfgru.data.normalize import Scale
from qlib_mfgru.data.panel import REPORT_FIELDS, Field, Fields, with_typical_vwap
from qlib_mfgru.errors import InputError
from qlib_mfgru.settings import (
    Count,
    Distinct,
    Folder,
    Fraction,
    Gt,
    Le,
    Len,
    Listed,
    Lt,
    Number,
    Positive,
    Settings,
    Stamp,
    Text,
    checked,
)

REPORT_INPUTS: dict[str, dict[str, Any]] = {
    "day": {"days": 40, "scale": "last"},
    "15min": {"days": 20, "scale": "mean"},
}
"""The report's windows (figures 7 and 9)."""

Bounds = tuple[pd.Timestamp | None, pd.Timestamp | None]
"""First and last date of a segment, both included; None for no bound."""

Frequencies = Annotated[tuple[Text, ...], Listed, Len(1), Distinct]
"""Frequencies in use, each once."""


class InputSpec(Settings):
    """One input of the networks.

    Attributes
    ----------
    days : int
        Length of the window in trading days.
    scale : {"mean", "last"}
        What each series of a field with `scale: own` is divided by.
    fields : tuple of Field
        In the order of the tensors: names of known fields, and declarations such as
        ``{name: turnover_rate, kind: quantity, scale: own}``; the report's six by default.
    """

    days: Count
    scale: Scale
    fields: Fields = REPORT_FIELDS

    def __str__(self) -> str:
        return f"days: {self.days}, scale: {self.scale}, fields: [{', '.join(map(str, self.fields))}]"


def _inputs(value: Any) -> Any:
    if not isinstance(value, Mapping) or not value:
        raise ValueError("must be a mapping such as {day: {days: 40, scale: last}}")
    return value


def _instruments(value: Any) -> str | list[str] | dict[str, Any]:
    """A market's name, codes, or one of qlib's own mappings of them."""
    if isinstance(value, Mapping) and value:
        return dict(value)
    if isinstance(value, str) and value:
        return value
    codes = [] if isinstance(value, (str, Mapping)) or not hasattr(value, "__iter__") else list(value)
    if not codes or not all(isinstance(code, str) and code for code in codes):
        raise ValueError("must be a market, a list of codes, or what D.instruments returns")
    return [str(code) for code in codes]


def _readable(label: Label) -> Label:
    """Operators and fields are known only once qlib is initialised."""
    if C.registered:
        label.check()
    return label


class HandlerSettings(Settings):
    """All settings of a `MultiFreqHandler`, whose documentation says what they mean.

    Where qlib is initialised the label is checked against its operators and the provider's fields.
    """

    instruments: Annotated[Any, PlainValidator(_instruments)]
    start_time: Stamp | None
    end_time: Stamp | None
    inputs: Annotated[dict[Text, InputSpec], BeforeValidator(_inputs)]
    label: Annotated[Label, BeforeValidator(Label.parse), AfterValidator(_readable)]
    min_traded: Fraction
    clip: Positive | None
    cache_dir: Folder | None
    missing_vwap: Literal["typical"] | None = None
    label_neutral: Literal["industry"] | None = None

    def panel_fields(self, freq: str) -> tuple[Field, ...]:
        """Fields of an input as its panel is to hold them."""
        fields = self.inputs[freq].fields
        return with_typical_vwap(fields) if self.missing_vwap else fields

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.start_time is not None and self.end_time is not None and self.start_time > self.end_time:
            raise ValueError(f"start_time {self.start_time:%Y-%m-%d} is after end_time {self.end_time:%Y-%m-%d}")
        return self


def _pair(value: Any) -> Any:
    dates = () if isinstance(value, (str, Mapping)) or not hasattr(value, "__iter__") else tuple(value)
    if len(dates) != 2:
        raise ValueError("must be two dates, [first, last], null for no bound")
    return dates


Segment = Annotated[tuple[Stamp | None, Stamp | None], BeforeValidator(_pair)]


_SEGMENTS = ("train", "valid", "test")


class SegmentSettings(Settings):
    """Segments in time: no day is in two of them. Others than train, valid and test may have any name but a slip."""

    segments: dict[Text, Segment]

    @model_validator(mode="after")
    def _spelt(self) -> Self:
        for name in self.segments:
            meant = difflib.get_close_matches(name, _SEGMENTS, n=1, cutoff=0.7)
            if meant and meant[0] not in self.segments:
                raise ValueError(f"segments has {name!r}: did you mean {meant[0]!r}?")
        return self

    @model_validator(mode="after")
    def _disjoint(self) -> Self:
        for name, bounds in self.segments.items():
            if _common(bounds) is None:
                raise ValueError(f"segment {name} ({span(bounds)}) holds no day")
        for (name, bounds), (other, others) in combinations(self.segments.items(), 2):
            common = _common(bounds, others)
            if common is not None:
                raise ValueError(
                    f"segments {name} ({span(bounds)}) and {other} ({span(others)}) overlap: they must not share "
                    f"days, but both contain {span(common)}"
                )
        return self


def _common(*segments: Bounds) -> Bounds | None:
    """The days that are in all of some segments; None if there is none."""
    first = max((begin.ceil("D") for begin, _ in segments if begin is not None), default=None)
    last = min((end.floor("D") for _, end in segments if end is not None), default=None)
    return None if first is not None and last is not None and first > last else (first, last)


def span(bounds: Bounds) -> str:
    """A segment's dates as messages show them."""
    return " .. ".join("open" if date is None else f"{date:%Y-%m-%d}" for date in bounds)


SampleStep = Annotated[
    Annotated[Count, Tag("int")] | Annotated[dict[Text, Count], Len(1), Tag("dict")],
    Discriminator(lambda step: "dict" if isinstance(step, Mapping) else "int"),
]
"""Trading days from one sample date to the next: one number, or one for each stage by its last frequency."""


class DatasetSettings(SegmentSettings):
    """All settings of a `MultiFreqDataset` but its handler."""

    sample_step: SampleStep
    valid_ratio: Annotated[Number, Gt(0), Lt(1)]
    valid_blocks: Annotated[Count, Le(1000)]
    fetch_kwargs: dict[str, Any]

    @model_validator(mode="after")
    def _blocks_of_train(self) -> Self:
        if self.valid_blocks > 1 and "valid" in self.segments:
            raise ValueError(f"valid_blocks is {self.valid_blocks}: it splits train, and segments has its own valid")
        return self


def bounds_of(segment: str | slice | Sequence[Any], segments: Mapping[str, Any]) -> Bounds:
    """First and last date of a segment, given by its name or by its dates.

    Parameters
    ----------
    segment : str, slice or (first, last)
    segments : mapping of str to (first, last)
        Those that have names.

    Raises
    ------
    InputError
        No segment of that name, or bounds that are no dates.
    """
    if isinstance(segment, str) and segment not in segments:
        raise InputError(f"no segment {segment!r}; the dataset has {list(segments)}")
    bounds: Any = segments[segment] if isinstance(segment, str) else segment
    return checked(Segment, "segment", (bounds.start, bounds.stop) if isinstance(bounds, slice) else bounds)
