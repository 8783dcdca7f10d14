"""``MarketSnapshot``: the daily market that decisions are based on, served one close at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio.needs import daily_needs, instead
from qlib_mfgru.portfolio.value_types import FieldNames
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.daily import AT_LIMIT, QUANTITIES, as_exposure, check_daily, read_daily
from qlib_mfgru.provider.fill import carried_forward
from qlib_mfgru.provider.index.coverage import index_held
from qlib_mfgru.provider.session import Session
from qlib_mfgru.refusals import together, within
from qlib_mfgru.settings import checked


class DailyFields(dict[str, np.ndarray]):
    """Values of daily fields, (n_stocks,), by name in any case and with or without ``$``; one that was not read is an
    InputError that says what to do."""

    def __missing__(self, name: str) -> np.ndarray:
        name, written = name.removeprefix("$").lower(), name
        if name != written:
            return self[name]
        raise InputError(f"${name} was not read: a constraint that uses it must name it in its `needs`")


@dataclass(frozen=True)
class MarketView:
    """What is known of every stock at one day's close; all arrays of shape (n_stocks,), float64 or bool.

    Attributes
    ----------
    date : Timestamp
    stocks : sequence of str
    close : ndarray
        Adjusted, carried forward over suspensions; NaN before the first bar.
    factor : ndarray
        Adjusted price over raw price, carried forward like it.
    weight : ndarray
        The index's weights, 0 outside it, 1 in sum.
    covered : float
        Share of the index that `weight` was scaled up from, 1 where the provider holds all of it: the sum of the
        stored weights, or of capitalisations what `MarketSnapshot.held` says, times the share of the members here, by
        number, whose capitalisation is known.
    member : ndarray of bool
    industry : ndarray
        Codes, NaN where unknown.
    exposures : DailyFields
        What constraints need, z-scored by mean and deviation of the stocks traded on the date (``market_cap``: its
        logarithm), 0 where unknown. Like industry and ST flag they are carried forward over suspensions.
    suspended, at_limit_up, at_limit_down, is_st : ndarray of bool
        Without a trade on the date; closing at a limit price; flagged on the date.
    fields : DailyFields
        What constraints need, as it is stored, carried forward likewise; NaN before the first value. Quantities
        (`daily.QUANTITIES`) are not carried: they are 0 where nothing is stored.
    """

    date: pd.Timestamp
    stocks: Sequence[str]
    close: np.ndarray
    factor: np.ndarray
    weight: np.ndarray
    covered: float
    member: np.ndarray
    industry: np.ndarray
    exposures: DailyFields
    suspended: np.ndarray
    at_limit_up: np.ndarray
    at_limit_down: np.ndarray
    is_st: np.ndarray
    fields: DailyFields = field(default_factory=DailyFields)


@dataclass(frozen=True)
class MarketSnapshot:
    """Daily fields of the provider's ``all`` market over its whole calendar, and one index's members.

    Attributes
    ----------
    index : str
        A market of the provider, e.g. ``csi300``.
    weighting : str
        ``drifted``: `$<index>_weight`, moved with the stocks' prices since the last day on which it changed; a member's
        missing value (a suspension, a gap) is no change. ``market_cap``: the members' float capitalisations.
    days : DatetimeIndex of length n_days
    stocks : list of str, length n_stocks
    member : ndarray of shape (n_days, n_stocks), bool
    fields : mapping of str to ndarray of shape (n_days, n_stocks), float32
        NaN where nothing is stored.
    needs : tuple of str
        Fields that constraints read: `MarketView.exposures` and `MarketView.fields` serve these.
    session : Session
        Of the provider.
    held : ndarray of shape (n_days,), optional
        Share of the index that the provider holds: by weight or else number of members as the ingest counted it,
        without such a count by the members that its own list names. NaN where unknown.
    """

    index: str
    weighting: str
    days: pd.DatetimeIndex
    stocks: list[str]
    member: np.ndarray
    fields: Mapping[str, np.ndarray]
    needs: tuple[str, ...]
    session: Session
    held: np.ndarray | None = None

    @classmethod
    def read(cls, index: str, weighting: str = "drifted", needs: Sequence[str] = ("market_cap",)) -> MarketSnapshot:
        """Read what an index enhancement needs from the initialised provider.

        Raises
        ------
        InputError
            Unknown weighting, `needs` that are no list of names, or as of `check`.
        """
        needed = checked(FieldNames, "needs", needs)
        cls.check(index, weighting, needed)
        days, stocks = reader.calendar("day"), list(reader.member_spans("all", "day"))
        with within("index"):
            member = reader.member_mask(index, days, stocks)
        fields = read_daily(stocks, daily_needs(index, weighting, needed))
        held = index_held(reader.provider_path("day"), index, days)
        if held is None:
            held = _members_held(index, days, stocks, member)
        return cls(index, weighting, days, stocks, member, fields, needed, reader.market_session(), held)

    @staticmethod
    def check(index: str, weighting: str, needs: Sequence[str]) -> None:
        """Refuse a provider that `read` would refuse for what it lacks, without reading it; parameters are those.

        Raises
        ------
        InputError
            The index is unknown, or fields are missing: the message names all of them, and says what to do.
        """
        stocks, fields = list(reader.member_spans("all", "day")), daily_needs(index, weighting, needs)
        together(
            lambda: _check_index(index),
            lambda: check_daily(stocks, fields, lambda missing: instead(missing, index, weighting, stocks)),
        )

    def known_at(self, date: pd.Timestamp) -> MarketView:
        """What is known at the close of a trading day: nothing of any later day enters.

        Raises
        ------
        InputError
            Not a trading day of the provider, or no index weight is known by then.
        """
        day = self.position(date)
        weight, covered = self._weights(day)
        close = self.fields["close"][day]
        traded = np.isfinite(close) & (self.fields["volume"][day] > 0)
        latest = {name: values[day].astype(np.float64) for name, values in self.last_known.items()}
        return MarketView(
            date=self.days[day],
            stocks=self.stocks,
            close=latest["close"],
            factor=latest["factor"],
            weight=weight,
            covered=covered,
            member=self.member[day],
            industry=latest["industry"],
            exposures=DailyFields(
                {name: _standardised(as_exposure(name, latest[name]), traded) for name in self.needs}
            ),
            suspended=~traded,
            at_limit_up=close >= AT_LIMIT * self.fields["limit_up"][day],
            at_limit_down=close * AT_LIMIT <= self.fields["limit_down"][day],
            is_st=latest["is_st"] > 0,
            fields=DailyFields({name: latest[name] for name in self.needs}),
        )

    def member_changes(self, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
        """How many stocks ``joined`` and ``left`` the index on each day from `start` to `end` on which any did."""
        now, before = self.member[1:], self.member[:-1]
        counts = {"joined": (now & ~before).sum(axis=1), "left": (before & ~now).sum(axis=1)}
        changes = pd.DataFrame(counts, self.days[1:].rename("day")).loc[start:end]
        return changes[changes.any(axis=1)]

    def position(self, date: pd.Timestamp) -> int:
        """Row of a trading day; an InputError if it is none."""
        day = int(self.days.searchsorted(date))
        if day == len(self.days) or self.days[day] != date:
            raise InputError(
                f"{date:%Y-%m-%d} is no trading day of the provider, whose days are {self.days[0]:%Y-%m-%d} .. "
                f"{self.days[-1]:%Y-%m-%d}"
            )
        return day

    def column(self, code: str) -> int:
        """Column of a stock."""
        return self._columns[code]

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {code: column for column, code in enumerate(self.stocks)}

    @cached_property
    def last_known(self) -> dict[str, np.ndarray]:
        """The fields that outlast a suspension, carried forward, and quantities, (n_days, n_stocks)."""
        lasting = {"close", "factor", "industry", "is_st", *self.needs, *({"market_cap"} & self.fields.keys())}
        return {
            name: np.nan_to_num(self.fields[name]) if name in QUANTITIES else carried_forward(self.fields[name])
            for name in lasting
        }

    def _weights(self, day: int) -> tuple[np.ndarray, float]:
        """The index's weights, 1 in sum, and the share of the index that they were scaled up from."""
        if self.weighting == "market_cap":
            weight = np.nan_to_num(self.last_known["market_cap"][day].astype(np.float64))
            covered = np.nan if self.held is None else float(self.held[day]) * _share(weight > 0, self.member[day])
        else:
            weight, covered = self._drifted(day)
        weight = np.where(self.member[day], weight, 0.0)
        if not weight.sum() > 0:
            raise InputError(f"no member of {self.index} has a weight on {self.days[day]:%Y-%m-%d}")
        return weight / weight.sum(), covered

    def _drifted(self, day: int) -> tuple[np.ndarray, float]:
        """Stored weights, moved with prices since they last changed, and their sum on that day."""
        stored, changed = self._stored_weights
        published = int(changed[day])
        if published < 0:
            raise InputError(
                f"no weight of {self.index} is known by {self.days[day]:%Y-%m-%d}: start later, or set index_weights: "
                "market_cap"
            )
        weight, close = stored[published].astype(np.float64), self.last_known["close"]
        return weight * np.nan_to_num(close[day] / close[published], nan=1.0), float(weight.sum())

    @cached_property
    def _stored_weights(self) -> tuple[np.ndarray, np.ndarray]:
        """The members' last known stored weights, (n_days, n_stocks); and for each day the last day up to it on which
        a member's changed, -1 before the first."""
        stored = self.fields[f"{self.index}_weight"]
        weighted = self.member & (stored > 0)
        gaps = np.where(self.member, np.nan, np.float32(0))
        latest = np.nan_to_num(carried_forward(np.where(weighted, stored, gaps)))
        before = np.vstack([np.zeros_like(latest[:1]), latest[:-1]])
        changed = (weighted & (stored != before)).any(axis=1)
        return latest, np.maximum.accumulate(np.where(changed, np.arange(len(latest)), -1))


def _check_index(index: str) -> None:
    with within("index"):
        reader.member_spans(index, "day")


def _share(which: np.ndarray, among: np.ndarray) -> float:
    """Share of the stocks `among` that are `which`; 0 where there are none."""
    return float((which & among).sum() / max(among.sum(), 1))


def _members_held(index: str, days: pd.DatetimeIndex, stocks: Sequence[str], member: np.ndarray) -> np.ndarray:
    """Members among the provider's stocks / all that its list names, (n_days,); NaN on days without any."""
    absent = sorted(reader.member_spans(index, "day").keys() - set(stocks))
    named = reader.member_mask(index, days, [*stocks, *absent]).sum(axis=1)
    return np.divide(member.sum(axis=1), named, out=np.full(len(days), np.nan), where=named > 0)


def _standardised(values: np.ndarray, among: np.ndarray) -> np.ndarray:
    """z-scores by mean and deviation `among` stocks, 0 where unknown or where nothing varies."""
    sample = values[among & np.isfinite(values)]
    spread = sample.std() if len(sample) else 0.0
    return np.nan_to_num((values - sample.mean()) / spread) if spread > 0 else np.zeros_like(values)
