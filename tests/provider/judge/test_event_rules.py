"""Previous closes against the factor's steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from judged import N, faulty, make_series

from qlib_mfgru.provider.judge import StockSeries, Verdict, judge
from qlib_mfgru.provider.judge.kinds import Kind
from qlib_mfgru.provider.judge.moves.events import (
    EVENT_MISSED,
    EVENT_ROUGH,
    EVENT_UNCLEAR,
    NO_PREVIOUS,
    PREVIOUS_WRONG,
    UNSEEN_EVENT,
)

CLOSE = [10.0, 10.0, 8.0, 8.1, 8.1, 8.1]
EX_RIGHTS = [10.0, 10.0, 8.0, 8.0, 8.1, 8.1]
"""Previous closes of a stock that goes ex-rights by 1.25 on the third day."""


def series(factor: list[float], prev_close: list[float], **changed: object) -> StockSeries:
    prices = {name: np.array(CLOSE) for name in ("open", "high", "low", "close")}
    nothing = np.full(N, np.nan)
    content = {"prices": prices, "factor": np.array(factor), "prev_close": np.array(prev_close), "amount": nothing}
    return make_series(bars=None, limit_up=nothing, limit_down=nothing, **{**content, **changed})


def days(stock: StockSeries) -> dict[str, list[int]]:
    return {text: np.flatnonzero(finding.faulty).tolist() for text, finding in faulty(stock).items()}


@pytest.mark.parametrize(
    ("factor", "kinds"),
    [
        ([1, 1, 1.25, 1.25, 1.25, 1.25], {}),
        ([2, 2, 2.5, 2.5, 2.5, 2.5], {}),
        # within a cent of the previous close, and not
        ([1, 1, 1.2485, 1.2485, 1.2485, 1.2485], {}),
        ([1, 1, 1.22, 1.22, 1.22, 1.22], {EVENT_ROUGH.text: [2]}),
        # missing, at another size, early for good, and a step of which nobody knows
        ([1, 1, 1, 1, 1, 1], {EVENT_MISSED.text: [2]}),
        ([1, 1, 1.4, 1.4, 1.4, 1.4], {EVENT_MISSED.text: [2]}),
        ([1.25] * 6, {EVENT_MISSED.text: [2]}),
        ([1, 1, 1.25, 1.25, 1.35, 1.35], {EVENT_MISSED.text: [4]}),
        ([1, 1, 1.25, 1.25, 1.27, 1.27], {EVENT_ROUGH.text: [4]}),
    ],
)
def test_the_factor_steps_as_previous_closes_say(factor: list[float], kinds: dict[str, list[int]]) -> None:
    assert days(series(factor, EX_RIGHTS)) == kinds


def test_plain_previous_closes_of_other_markets_say_nothing() -> None:
    assert days(series([1, 1, 1.25, 1.25, 1.25, 1.25], [10.0, 10.0, 10.0, 8.0, 8.1, 8.1], board=None)) == {}


def test_days_that_are_not_in_a_row_are_not_judged() -> None:
    volume = np.array([100.0, 100.0, np.nan, 100.0, 100.0, 100.0])
    assert days(series([1.25] * 6, EX_RIGHTS, volume=volume)) == {}


@pytest.mark.parametrize("wrong", [0.0, -8.0, np.nan, 81.0])
def test_previous_closes_that_cannot_be_are_counted(wrong: float) -> None:
    previous = [10.0, 10.0, 8.0, 8.0, wrong, 8.1]
    assert days(series([1, 1, 1.25, 1.25, 1.25, 1.25], previous)) == {NO_PREVIOUS.text: [4]}


def test_an_event_without_a_gap_is_said() -> None:
    """8.8 is a rise of 8 % over 8.1; the factor of previous closes takes it for an event."""
    previous = [10.0, 10.0, 8.0, 8.0, 8.8, 8.1]
    found = faulty(series([1, 1, 1.25, 1.25, 1.25 * 8.1 / 8.8, 1.25 * 8.1 / 8.8], previous))
    assert list(found) == [UNSEEN_EVENT.text]
    assert np.flatnonzero(found[UNSEEN_EVENT.text].faulty).tolist() == [4]


def opening(open_: float, n_events: int = 1) -> StockSeries:
    """A stock of 40 days at 10 yuan, whose previous close is 9 on some days, on which it opens at `open_`."""
    n, places = 40, 3 + 5 * np.arange(n_events)
    prices = {name: np.full(n, 10.0) for name in ("open", "high", "low", "close")}
    previous = np.full(n, 10.0)
    prices["open"][places], previous[places] = open_, 9.0
    nothing = np.full(n, np.nan)
    return make_series(
        days=np.datetime64("2025-03-03") + np.arange(n), prices=prices, prev_close=previous, factor=np.ones(n),
        volume=np.full(n, 100.0), amount=nothing, vwap=nothing, limit_up=nothing, limit_down=nothing,
        market_cap=nothing, spiked=np.zeros(n, bool), apart=np.ones(n, bool), bars=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("open_", "n_events", "kind", "is_used"),
    [
        # at the last close, at the previous one, in between
        (10.1, 1, PREVIOUS_WRONG, True),
        (9.9, 3, PREVIOUS_WRONG, True),
        (9.1, 1, EVENT_MISSED, False),
        (9.5, 1, EVENT_UNCLEAR, True),
        (9.5, 2, EVENT_UNCLEAR, True),
        (9.5, 3, EVENT_MISSED, False),
    ],
)
def test_the_open_tells_which_of_the_two_is_wrong(open_: float, n_events: int, kind: Kind, is_used: bool) -> None:
    stock = opening(open_, n_events)
    prices = {**stock.prices, "low": np.minimum(stock.prices["open"], 10), "high": np.maximum(stock.prices["open"], 10)}
    stock = replace(stock, prices=prices)
    assert days(stock) == {kind.text: [3 + 5 * event for event in range(n_events)]}
    assert Verdict(0.01).add(stock, judge(stock)) is is_used


def test_unclear_cases_among_many_events_are_single_values() -> None:
    """Three of sixteen events: the factor has the others."""
    stock = opening(9.5, 3)
    factor, previous, close = np.ones(40), stock.prev_close.copy(), stock.prices["close"].copy()
    for day in range(20, 33):
        factor[day:] *= 1.04
        previous[day] = close[day - 1] / 1.04
        close[day:] = previous[day]
    prices = {name: np.where(np.arange(40) < 20, stock.prices[name], close) for name in stock.prices}
    prices["low"] = np.minimum(prices["open"], prices["close"])
    found = faulty(replace(stock, factor=factor, prev_close=previous, prices=prices))
    assert np.flatnonzero(found[EVENT_UNCLEAR.text].faulty).tolist() == [3, 8, 13]
    assert EVENT_MISSED.text not in found
