"""Bars that miss a share of every day, or have more, though no single day is off."""

from __future__ import annotations

import numpy as np
import pytest
from judged import SLOTS, N, make_bars, make_series

from qlib_mfgru.provider.judge import BarSeries, StockSeries, Verdict, judge
from qlib_mfgru.provider.judge.sums import AMOUNT_LESS, AMOUNT_MORE, VOLUME_LESS, VOLUME_MORE, VOLUME_SUM

SIDES = (VOLUME_LESS, VOLUME_MORE, AMOUNT_LESS, AMOUNT_MORE)


def make(share: float | list[float], **changed: object) -> StockSeries:
    """The bars of four days add up to a share of the day's volume and amount."""
    shares = np.broadcast_to(share, N - 2)[:, None] * np.ones((1, SLOTS))
    bars: BarSeries = make_bars(volume=25 * shares, amount=250 * shares, **changed)
    return make_series(bars=bars)


def said(series: StockSeries) -> dict[str, int]:
    found = Verdict(0.01)
    assert found.add(series, judge(series))
    found.check()
    return {tally.kind.text: tally.count for tally in found.tallies() if tally.kind in SIDES}


@pytest.mark.parametrize(
    ("share", "kinds"),
    [
        (1.0, ()), (0.996, ()), (1.004, ()),
        (0.96, (VOLUME_LESS, AMOUNT_LESS)), (0.994, (VOLUME_LESS, AMOUNT_LESS)), (1.04, (VOLUME_MORE, AMOUNT_MORE)),
        ([0.98, 1.02, 0.98, 1.02], ()), ([0.98, 0.98, 1.0, 1.0], ()),
    ],
)  # fmt: skip
def test_a_share_that_is_mostly_missing_is_said_and_is_no_error(
    share: float | list[float], kinds: tuple[object]
) -> None:
    assert said(make(share)) == {kind.text: 4 for kind in kinds}


def test_a_larger_share_is_an_error_already_and_not_said_twice() -> None:
    texts = {finding.kind.text for finding in judge(make(0.9)) if finding.count}
    assert VOLUME_SUM.text in texts
    assert not texts & {kind.text for kind in SIDES}


def test_what_rounding_to_lots_may_take_is_no_share() -> None:
    """Four bars of a day of 100 shares, in steps of half a share: two hundredths."""
    assert said(make(0.98, volume_step=0.5)) == {AMOUNT_LESS.text: 4} | {}


def test_three_days_are_too_few() -> None:
    traded = np.ones((N - 2, SLOTS)) * 24.0
    traded[0] = 0.0
    series = make_series(bars=make_bars(volume=traded, amount=traded * 10))
    assert not [finding for finding in judge(series) if finding.kind in SIDES]
