"""Previous closes against the factor's steps."""

from __future__ import annotations

import numpy as np
import pytest
from judged import N, faulty, make_series

from qlib_mfgru.provider.judge import StockSeries
from qlib_mfgru.provider.judge.moves.events import EVENT_MISSED, EVENT_ROUGH, NO_PREVIOUS, UNSEEN_EVENT

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
