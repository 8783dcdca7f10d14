"""What single cases leave to chance, and most stocks of a date do not; rows and limits of another day."""

from __future__ import annotations

import numpy as np
import pytest
from judged import DAYS, WIDER, N, at, make_bars, make_series, with_prices

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider.judge import Finding, StockSeries, Verdict, judge
from qlib_mfgru.provider.judge import bars as bar_rules
from qlib_mfgru.provider.judge.extremes import bars as wicks
from qlib_mfgru.provider.judge.extremes import limits, spans
from qlib_mfgru.provider.judge.kinds import Kind
from qlib_mfgru.provider.judge.moves.repeats import REPEATED
from qlib_mfgru.provider.judge.sizes import SIZE_MOVE


def one(kind: Kind, series: StockSeries) -> Finding:
    return next(found for found in judge(series) if found.kind is kind)


def days_of(kind: Kind, series: StockSeries) -> list[int]:
    """Positions of the days with a case of a kind."""
    return np.flatnonzero(one(kind, series).faulty_days).tolist()


def market(n_spoilt: int, **changed: object) -> Verdict:
    """A verdict on seven stocks, the first few of them spoilt."""
    verdict = Verdict(0.01)
    for place in range(7):
        stock = make_series(code=f"SH60000{place}", **(changed if place < n_spoilt else {}))
        verdict.add(stock, judge(stock))
    return verdict


def bar_prices(**changed: np.ndarray) -> dict[str, np.ndarray]:
    return {**make_bars().prices, **changed}


LATE = {"limit_up": at(11.0, 3, 11.4), "limit_down": at(9.0, 3, 9.4)}
SPECIAL = {"limit_up": at(11.0, [2, 3, 4], 10.5), "limit_down": at(9.0, [2, 3, 4], 9.5)}
FAR_HIGH = {"prices": with_prices(high=at(10.1 + WIDER, 3, 10.6))}
COPIED = {"prices": with_prices(high=at(10.1 + WIDER, 3, 10.1 + WIDER[2]), low=at(9.9 - WIDER, 3, 9.9 - WIDER[2]))}
TENFOLD = {"market_cap": at(1e6, [3, 4, 5], 1e7)}
HIGH_BARS = {"bars": make_bars(prices=bar_prices(high=np.repeat([10.1, 10.5, 10.1, 10.1], 4).reshape(4, 4)))}


@pytest.mark.parametrize(
    ("kind", "changed", "day"),
    [
        (limits.LIMITS_OFF, LATE, DAYS[3]),
        (limits.LIMITS_STEP, SPECIAL, DAYS[2]),
        (spans.DAY_BEYOND, FAR_HIGH, DAYS[3]),
        (REPEATED, COPIED, DAYS[3]),
        (SIZE_MOVE, TENFOLD, DAYS[3]),
        (wicks.WICKS, HIGH_BARS, DAYS[3]),
    ],
)  # fmt: skip
def test_most_stocks_on_a_date_are_an_error_and_single_ones_are_not(
    kind: Kind, changed: dict[str, object], day: np.datetime64
) -> None:
    market(3, **changed).check()
    with pytest.raises(InputError) as error:
        market(4, **changed).check()
    assert f"{kind.text}, of most stocks on {day}" in str(error.value)


def test_chance_is_not_said_in_single_cases_and_counted_on_a_date() -> None:
    assert limits.LIMITS_OFF.text not in [entry["kind"] for entry in market(3, **LATE).as_list()]
    (entry,) = [entry for entry in market(4, **LATE).as_list() if entry["kind"] == limits.LIMITS_OFF.text]
    assert (entry["severity"], entry["count"], entry["stocks"]) == ("error", 4, 4)
    (entry,) = [entry for entry in market(1, **COPIED).as_list() if entry["kind"] == REPEATED.text]
    assert (entry["severity"], entry["count"], entry["cases"]) == ("warning", 1, [f"SH600000 {DAYS[3]}"])


def test_a_row_is_repeated_where_all_of_it_is() -> None:
    assert days_of(REPEATED, make_series()) == []
    assert days_of(REPEATED, make_series(**COPIED)) == [3]
    assert days_of(REPEATED, make_series(**COPIED, volume=at(100.0, 3, 101.0))) == []
    idle = at(100.0, [3], np.nan)
    again = with_prices(high=at(10.1 + WIDER, 4, 10.1 + WIDER[2]), low=at(9.9 - WIDER, 4, 9.9 - WIDER[2]))
    assert days_of(REPEATED, make_series(prices=again, volume=idle)) == [4], "the day with trade before"


def test_a_single_long_bar_is_no_fault_of_its_date() -> None:
    high = np.full((4, 4), 10.1)
    high[1, :2] = 10.5
    found = one(wicks.WICKS, make_series(bars=make_bars(prices=bar_prices(high=high))))
    assert (found.count, found.faulty_days.tolist(), found.dated_days.any()) == (2, [False, True, False, False], False)
    high[1, 2] = 10.5
    found = one(wicks.WICKS, make_series(bars=make_bars(prices=bar_prices(high=high))))
    assert found.dated_days.tolist() == [False, True, False, False]


def test_limits_that_step_with_the_boards_rule_are_right() -> None:
    """ChiNext went from a tenth to a fifth on 2020-08-24."""
    days = np.array(
        ["2020-08-19", "2020-08-20", "2020-08-21", "2020-08-24", "2020-08-25", "2020-08-26"], "datetime64[D]"
    )
    wider = {"limit_up": np.repeat([11.0, 12.0], 3), "limit_down": np.repeat([9.0, 8.0], 3), "board": "chinext"}
    assert days_of(limits.LIMITS_STEP, make_series(days=days, **wider)) == []
    assert days_of(limits.LIMITS_STEP, make_series(days=days - 7, **wider)) == [3]
    assert days_of(limits.LIMITS_STEP, make_series(**SPECIAL)) == [2, 5]


@pytest.mark.parametrize(
    ("up", "down", "kind", "cause"),
    [(1100.0, 900.0, limits.LIMITS_HIGH, "in fen"), (0.1, -0.1, limits.LIMITS_LOW, "ratios or returns")],
)
def test_limits_of_another_scale_are_named_as_such(up: float, down: float, kind: Kind, cause: str) -> None:
    scaled = {"limit_up": np.full(N, up), "limit_down": np.full(N, down)}
    with pytest.raises(InputError, match=f"42 of 42 .* {kind.text}: limits are {cause}") as error:
        market(7, **scaled).check()
    assert "special treatment" not in str(error.value)
    single = {"limit_up": at(11.0, 2, up), "limit_down": at(9.0, 2, down)}
    assert days_of(limits.LIMITS, make_series(**single)) == [2]


def test_a_last_close_that_is_not_the_days_is_dated_where_it_mostly_is() -> None:
    days, n = np.arange("2025-03-03", "2025-03-23", dtype="datetime64[D]"), 20
    shape = {"open": 10.0, "high": 10.1, "low": 9.9, "close": 10.0}

    def last_closes(*places: int) -> list[Finding]:
        prices = {name: np.full((n, 4), value) for name, value in shape.items()}
        prices["close"][list(places), -1] = 10.02
        whole = np.ones(n, dtype=bool)
        bars = make_bars(
            prices=prices, volume=np.full((n, 4), 25.0), amount=np.full((n, 4), 250.0), vwap=np.full((n, 4), np.nan),
            positions=np.arange(n), has_first=whole, has_last=whole,
        )  # fmt: skip
        series = make_series(
            days=days, prices={name: np.full(n, value) for name, value in shape.items()}, volume=np.full(n, 100.0),
            amount=np.full(n, 1000.0), factor=np.ones(n), apart=whole, bars=bars,
            **dict.fromkeys(("vwap", "limit_up", "limit_down", "market_cap", "prev_close"), np.full(n, np.nan)),
        )  # fmt: skip
        return [found for found in bar_rules.cent_rules(series, bars) if found.kind is bar_rules.NO_CLOSE]

    assert [np.flatnonzero(found.faulty).tolist() for found in last_closes(4, 9)] == [[4, 9]]
    assert last_closes(4, 9, 11) == [], "bars without the closing auction"
