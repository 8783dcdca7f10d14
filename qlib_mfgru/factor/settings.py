"""``FactorTestSettings``: how a factor is tested; the defaults are the Huatai report's, or ours where it is silent."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Annotated, Any, Literal

from pydantic import PlainValidator, model_validator

from qlib_mfgru.factor.entry import DEFAULT_ENTRY, ENTRIES, Entry, EntryName
from qlib_mfgru.settings import Count, Distinct, FieldName, Ge, Len, Listed, Names, Settings, Stamp, Whole

Rule = Literal["st", "suspended", "limit_up"]
"""Rules of exclusion: see `exclusions.FIELDS`."""
FEWEST_LAYERS = 2


def _check_freq(value: Any) -> str | int:
    if isinstance(value, str) and value in ("day", "week", "month"):
        return value
    if isinstance(value, Integral) and not isinstance(value, bool) and int(value) > 0:
        return int(value)
    raise ValueError("must be 'day', 'week', 'month' or a positive number of trading days")


def _renamed(settings: Any) -> Any:
    """Settings in which `deal_price` is called `entry`."""
    if not isinstance(settings, Mapping) or "deal_price" not in settings:
        return settings
    if "entry" in settings:
        raise ValueError("deal_price and entry are the same setting: leave deal_price out, the older name")
    if settings["deal_price"] not in ("vwap", "close", "open"):
        raise ValueError(f"deal_price is {settings['deal_price']!r}: must be vwap, close or open; better set entry")
    others = {name: value for name, value in settings.items() if name != "deal_price"}
    return {**others, "entry": f"next_{settings['deal_price']}"}


class FactorTestSettings(Settings):
    """Settings of one factor test, those of the Huatai report by default (figures 15 to 32).

    Attributes
    ----------
    pools : sequence of str
        Markets of the provider; a test date's members are those of that day.
    n_layers : int
        At least 2.
    freq : str or int
        ``day``, ``week`` (the last trading day of each calendar week), ``month``, or a number of trading days.
    winsorize : str or None
        ``mad`` (median +- 5 MAD), ``quantile`` (1 % and 99 %), or None.
    neutralize : sequence of str
        ``industry`` makes dummies, ``market_cap`` is taken as its logarithm, any other daily field as it is; [] turns
        it off.
    exclude : sequence of str
        Of ``st`` (flagged on the test date), ``suspended`` and ``limit_up`` (both at the entry).
    entry : str
        At which price all trades are executed: ``next_vwap``, ``next_open`` or ``next_close`` of the trading day after
        the test date; or ``same_close``, the test date's, which is not tradable: the scores need this close. The name
        before, ``deal_price: vwap`` or ``close``, is read as ``next_vwap`` or ``next_close``.
    compare_entries : sequence of str
        Other entries at which the same scores are tested besides, for a table of all.
    horizons : sequence of int
        Trading days after the entry up to which the RankIC is shown, and between which.
    start_time, end_time : date or None
        First and last day that may be a test date; by default all days that have scores.

    Raises
    ------
    InputError
        One line: the setting, its value, and what is allowed.
    """

    pools: Annotated[Names, Len(1), Distinct] = ("csi300", "csi500", "csi1000", "all")
    n_layers: Annotated[Whole, Ge(FEWEST_LAYERS)] = 10
    freq: Annotated[str | int, PlainValidator(_check_freq)] = "week"
    winsorize: Literal["mad", "quantile", None] = "mad"
    neutralize: Annotated[tuple[FieldName, ...], Listed, Distinct] = ("industry", "market_cap")
    exclude: Annotated[tuple[Rule, ...], Listed, Distinct] = ("st", "suspended", "limit_up")
    entry: EntryName = DEFAULT_ENTRY
    compare_entries: Annotated[tuple[EntryName, ...], Listed, Distinct] = ()
    horizons: Annotated[tuple[Count, ...], Listed, Len(1), Distinct] = (1, 2, 3, 5, 10, 15, 20)
    start_time: Stamp | None = None
    end_time: Stamp | None = None

    @property
    def trade(self) -> Entry:
        """Day and price of `entry`."""
        return ENTRIES[self.entry]

    @property
    def compared(self) -> tuple[FactorTestSettings, ...]:
        """These settings with each of `compare_entries` as their entry."""
        return tuple(self.changed(entry=name, compare_entries=()) for name in self.compare_entries)

    @property
    def stretches(self) -> dict[int, str]:
        """Trading days between each horizon and the one before, ascending: ``{3: "3", 5: "4-5"}`` after 2."""
        ends = sorted(self.horizons)
        firsts = [1, *(end + 1 for end in ends[:-1])]
        return {end: str(end) if first == end else f"{first}-{end}" for first, end in zip(firsts, ends, strict=True)}

    def __setstate__(self, state: dict[Any, Any]) -> None:
        """Also of a result that was kept when `entry` was called `deal_price`."""
        super().__setstate__({**state, "__dict__": {"compare_entries": (), **_renamed(state["__dict__"])}})

    @model_validator(mode="before")
    @classmethod
    def _read_old_name(cls, settings: Any) -> Any:
        return _renamed(settings)

    @model_validator(mode="after")
    def _check_entries(self) -> FactorTestSettings:
        if self.entry in self.compare_entries:
            raise ValueError(f"compare_entries names {self.entry!r}, which is the entry itself")
        return self

    @model_validator(mode="after")
    def _check_order(self) -> FactorTestSettings:
        if self.start_time is not None and self.end_time is not None and self.start_time > self.end_time:
            raise ValueError(f"start_time {self.start_time:%Y-%m-%d} is after end_time {self.end_time:%Y-%m-%d}")
        return self
