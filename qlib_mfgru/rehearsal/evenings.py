"""``play``: weeks of evenings, one after the other, on what is known by then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import yaml
from tqdm.auto import tqdm

from qlib_mfgru.demo.baostock import Server, VendorMarket, serving
from qlib_mfgru.live import rebalance
from qlib_mfgru.portfolio import IndexEnhancementSettings, MarketSnapshot
from qlib_mfgru.provider import reader
from qlib_mfgru.rehearsal.broker import Broker
from qlib_mfgru.rehearsal.desk import Desk
from qlib_mfgru.rehearsal.settings import ENHANCEMENT, EXPERIMENT, PlaySettings
from qlib_mfgru.report.recorders import init_qlib


class Orders(NamedTuple):
    """Adjusted shares by stock, purchases positive; and stocks of which the broker's list has others asked for."""

    amounts: dict[str, float]
    unequal: list[str]


NONE = Orders({}, [])


@dataclass(frozen=True)
class Evening:
    """What happened on a day and in its evening.

    Attributes
    ----------
    day : Timestamp
    bars_end : Timestamp
        Last day of the provider.
    n_scores : int
    members : set of str
        Of the index, as the provider had them.
    dealt : Orders
        That were given the evening before.
    turnover : float
        Traded value as a share of the account, at the day before's close.
    held : dict of str to float
        Adjusted shares at the close.
    value : float
        Yuan at the close.
    seconds : dict of str to float
        Of each command.
    """

    day: pd.Timestamp
    bars_end: pd.Timestamp
    n_scores: int
    members: set[str]
    dealt: Orders
    turnover: float
    held: dict[str, float]
    value: float
    seconds: dict[str, float]


@dataclass(frozen=True)
class Played:
    """A play's evenings, and where its files are.

    Attributes
    ----------
    evenings : list of Evening
    desk : Desk
    settings : PlaySettings
    market : VendorMarket
    """

    evenings: list[Evening]
    desk: Desk
    settings: PlaySettings
    market: VendorMarket

    @property
    def days(self) -> pd.DatetimeIndex:
        """The evenings' days."""
        return pd.DatetimeIndex([evening.day for evening in self.evenings])

    @property
    def next_day(self) -> pd.Timestamp:
        """The trading day after the last evening."""
        return day_after(self.market.days, self.days[-1])

    @contextmanager
    def day_after(self) -> Iterator[Server]:
        """A server that knows the day after the last evening."""
        with serving(self.market, self.next_day) as server:
            yield server


def play(work: Path, settings: PlaySettings | None = None) -> Played:
    """Collect, ingest and train on the first evening; then collect, update, check, predict, rebalance and account.

    The server knows no day after the evening's. Orders are made on the evening before a week's first trading day, as
    the exchange's calendar has it, and dealt on that day.

    Parameters
    ----------
    work : Path
        A folder that is new or empty.
    settings : PlaySettings, optional
    """
    settings = settings or PlaySettings()
    work = work.absolute()
    work.mkdir(parents=True, exist_ok=True)
    market = VendorMarket.of(**settings.model_dump(include={"n_stocks", "n_days", "intraday_days", "seed"}))
    (work / "enhancement.yaml").write_text(yaml.safe_dump(ENHANCEMENT))
    desk = Desk(work)
    days = settings.evenings(market.days)
    fund = _Fund(desk, settings, market, Broker(IndexEnhancementSettings(**ENHANCEMENT), settings.cash))
    with serving(market, days[0]) as server:
        evenings = [fund.evening(server, day) for day in tqdm(days, desc="evenings", disable=None)]
    return Played(evenings, desk, settings, market)


class _Fund:
    """What stays from one evening to the next."""

    def __init__(self, desk: Desk, settings: PlaySettings, market: VendorMarket, broker: Broker) -> None:
        self.desk, self.settings, self.market, self.broker = desk, settings, market, broker
        self.given = NONE

    def evening(self, server: Server, day: pd.Timestamp) -> Evening:
        """A day after its close."""
        server.today = day
        self.desk.seconds.clear()
        self._provide(server, day)
        scores = self.desk.work / "scores" / f"{day:%Y-%m-%d}.csv"
        scores.parent.mkdir(exist_ok=True)
        self.desk.mfgru("predict", EXPERIMENT, "--store", self.desk.store, "--save", "--out", scores)
        init_qlib(str(self.desk.provider), self.desk.store, region="cn", kernels=1)
        snapshot = self.broker.settings.read_market()
        before, dealt = self.broker.value, self.given
        turnover = self.broker.day(snapshot, day, dealt.amounts) / before
        self.given = self._orders(snapshot, day) if self._new_week_after(day) else NONE
        held = self.broker.position.get_stock_amount_dict()
        return Evening(
            day,
            reader.calendar("day")[-1],
            len(pd.read_csv(scores)),
            members_on(snapshot, day),
            dealt,
            turnover,
            held,
            self.broker.value,
            dict(self.desk.seconds),
        )

    def _provide(self, server: Server, day: pd.Timestamp) -> None:
        """The provider up to the day, and on the first one a trained model."""
        data, first = self.desk.work / "data", not self.desk.provider.exists()
        self.desk.collect(server, self.market.days[0], data)
        if first:
            self.desk.ingest(data, self.desk.provider)
        else:
            self.desk.mfgru("update", self.desk.provider)
        self.desk.mfgru("check", self.desk.provider)
        if first:
            self.desk.qrun(self.settings.training(self.market.days, day, self.desk.work))

    def _new_week_after(self, day: pd.Timestamp) -> bool:
        following = day_after(self.market.days, day)
        return bool(following.to_period("W-SUN") != day.to_period("W-SUN"))

    def _orders(self, snapshot: MarketSnapshot, day: pd.Timestamp) -> Orders:
        """Orders for the next day: by the command from the broker's list, and to the bit from the position itself."""
        folder, config = self.desk.work / "orders", self.desk.work / "enhancement.yaml"
        folder.mkdir(exist_ok=True)
        holdings, file = folder / f"{day:%Y-%m-%d}-holdings.csv", folder / f"{day:%Y-%m-%d}.json"
        cash = self.broker.write_holdings(snapshot, day, holdings)
        self.desk.mfgru(
            *("rebalance", EXPERIMENT, "--store", self.desk.store, "--config", config),
            *("--holdings", holdings, "--cash", repr(cash), "--out", file),
        )
        exact = rebalance(
            EXPERIMENT,
            config=config,
            holdings=self.broker.position,
            provider=self.desk.provider,
            store=self.desk.store,
        ).orders
        listed = pd.DataFrame(json.loads(file.read_text(encoding="utf-8"))["orders"])
        return Orders(dict(zip(exact["instrument"], exact["amount"], strict=True)), unequal_shares(listed, exact))


def members_on(snapshot: MarketSnapshot, day: pd.Timestamp) -> set[str]:
    """Members of a snapshot's index on a day."""
    return {
        code for code, inside in zip(snapshot.stocks, snapshot.member[snapshot.position(day)], strict=True) if inside
    }


def unequal_shares(one: pd.DataFrame, other: pd.DataFrame) -> list[str]:
    """Stocks of which two plans ask for other numbers of shares; parts of a share do not count."""
    signed = [
        orders["asked"].where(orders["side"] == "buy", -orders["asked"]).set_axis(orders["instrument"])
        for orders in (one, other)
    ]
    difference = signed[0].sub(signed[1], fill_value=0.0)
    return list(difference.index[difference.abs() >= 1])


def day_after(days: pd.DatetimeIndex, day: pd.Timestamp) -> pd.Timestamp:
    """The trading day that follows a day."""
    following: pd.Timestamp = days[int(days.searchsorted(day, side="right"))]
    return following
