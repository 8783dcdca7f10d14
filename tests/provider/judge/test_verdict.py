"""What follows from findings: errors with a cause, stocks left out, single values tolerated."""

from __future__ import annotations

import numpy as np
import pytest
from judged import N, at, make_bars, make_series

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider.judge import StockSeries, Verdict, judge
from qlib_mfgru.provider.judge import days as rules

CODES = {"main": ("SH600000", "SH600001", "SZ000001"), "star": ("SH688001", "SH688002"), "chinext": ("SZ300001",)}
_WIDER = {"limit_up": np.full(N, 12.0), "limit_down": np.full(N, 8.0)}
"""Limits of the boards with 20 %."""


def verdict(spoilt: dict[str, StockSeries], max_inconsistent: float = 0.01) -> tuple[Verdict, list[str]]:
    """Of six stocks, some of them spoilt, and the codes of those left out."""
    found, left_out = Verdict(max_inconsistent), []
    for board, codes in CODES.items():
        for code in codes:
            stock = spoilt.get(code, make_series())
            own = {"code": code, "board": board, "bars": stock.bars, **(_WIDER if board != "main" else {})}
            stock = make_series(**vars(stock) | own)
            if not found.add(stock, judge(stock)):
                left_out.append(code)
    return found, left_out


def in_lots() -> StockSeries:
    return make_series(volume=np.full(N, 1.0), bars=None)


def entry(found: Verdict, kind: object) -> dict[str, object]:
    return next(each for each in found.as_list() if each["kind"] == kind)


def test_up_to_three_cases_are_single_values() -> None:
    found, left_out = verdict({"SH600000": make_series(amount=at(1000, [1, 2, 3], 9), bars=None)}, 0.0)
    found.check()
    assert left_out == []
    found, left_out = verdict({"SH600000": make_series(amount=at(1000, [0, 1, 2, 3], 9), bars=None)}, 0.0)
    assert left_out == ["SH600000"]
    with pytest.raises(InputError, match=r"4 of 36 \(11\.1%\) days whose amount / volume lies outside \[low, high\]"):
        found.check()


def test_a_share_up_to_the_threshold_is_tolerated() -> None:
    spoilt = {"SH600000": make_series(amount=at(1000, [0, 1, 2, 3], 9), bars=None)}
    verdict(spoilt, 4 / 36)[0].check()
    with pytest.raises(InputError):
        verdict(spoilt, 4 / 36 - 1e-9)[0].check()


@pytest.mark.parametrize(
    ("codes", "cause"),
    [
        (sum(CODES.values(), ()), "the volume is in lots of 100: write daily: {volume: lots}"),
        (CODES["star"],
         'the volume is in lots of 100 on the board star: write daily: {volume: {star: lots, "*": shares}}'),
        (CODES["star"] + CODES["chinext"],
         'the volume is in lots of 100 on the board star and chinext: write daily: '
         '{volume: {star: lots, chinext: lots, "*": shares}}'),
        (CODES["main"][:1], "the volume is in lots of 100 in 1 of 6 stocks"),
    ],
)  # fmt: skip
def test_the_cause_names_input_unit_and_board(codes: tuple[str, ...], cause: str) -> None:
    found, left_out = verdict({code: in_lots() for code in codes})
    assert entry(found, rules.DAY_PRICE.text)["cause"] == cause
    assert left_out == [code for group in CODES.values() for code in group if code in codes]


def test_single_values_of_other_stocks_do_not_hide_a_cause() -> None:
    single = make_series(amount=at(1000, 1, 9), bars=None)
    found, _ = verdict({"SZ300001": in_lots()} | dict.fromkeys(CODES["main"] + CODES["star"], single))
    assert str(entry(found, rules.DAY_PRICE.text)["cause"]).startswith(
        "the volume is in lots of 100 on the board chinext"
    )


@pytest.mark.parametrize(
    ("volume", "amount", "unit"),
    [
        (100, 1.0, "amount: thousand"),
        (100, 0.1, "amount: ten_thousand"),
        (1, 1.0, "volume: lots, amount: thousand"),
        (10000, 1000, "volume: shares"),
        (100, 1e6, "amount: yuan"),
        (50, 1000, "volume: adjusted"),
    ],
)
def test_ratios_say_which_unit(volume: float, amount: float, unit: str) -> None:
    stock = make_series(volume=np.full(N, float(volume)), amount=np.full(N, float(amount)), bars=None)
    found, _ = verdict({code: stock for codes in CODES.values() for code in codes})
    assert str(entry(found, rules.DAY_PRICE.text)["cause"]).endswith(f"write daily: {{{unit}}}")


def test_normal_differences_count_only_where_they_are_most_of_a_stock() -> None:
    volume = np.full((N - 2, 4), 25.0)
    volume[:2] *= 1.2
    found, left_out = verdict({"SH600000": make_series(bars=make_bars(volume=volume, amount=volume * 10))})
    found.check()
    assert left_out == []
    volume[2:] *= 1.2
    found, left_out = verdict({"SH600000": make_series(bars=make_bars(volume=volume, amount=volume * 10))})
    assert left_out == ["SH600000"]


def test_missing_closing_bars_are_told_from_shifted_volumes() -> None:
    prices = {name: values.copy() for name, values in make_bars().prices.items()}
    for values in prices.values():
        values[:, -1] = np.nan
    volume = np.full((N - 2, 4), 25.0)
    volume[:, -1] = np.nan
    stock = make_series(bars=make_bars(prices=prices, volume=volume, has_last=np.zeros(N - 2, dtype=bool)))
    found, _ = verdict({code: stock for codes in CODES.values() for code in codes})
    last = entry(found, "days without the last bar of the session")
    assert (last["count"], last["judged"], last["severity"]) == (24, 24, "error")
    sums = entry(found, "days whose bars' volume differs from the daily one by more than 5 %")
    assert str(sums["cause"]).startswith("auction bars are missing")


def test_the_worst_dates_are_those_that_several_stocks_share() -> None:
    spoilt = make_series(amount=at(1000, 1, 9), bars=None)
    found, _ = verdict({"SH600000": spoilt, "SZ300001": spoilt})
    assert entry(found, rules.DAY_PRICE.text)["worst dates"] == ["2025-03-04: 2"]
    assert entry(found, rules.DAY_PRICE.text)["cases"] == ["SH600000 2025-03-04", "SZ300001 2025-03-04"]


def test_swapped_volume_and_amount_are_told() -> None:
    swapped = make_series(volume=np.full(N, 700.0 * 7), amount=np.full(N, 700.0), bars=None)
    seven = {name: np.full(N, 7.0) for name in ("open", "high", "low", "close")}
    swapped = make_series(**{**vars(swapped), "prices": seven, "limit_up": np.full(N, 7.7)})
    found, _ = verdict({code: swapped for codes in CODES.values() for code in codes})
    assert entry(found, rules.DAY_PRICE.text)["cause"] == (
        "volume and amount are swapped: write columns: {volume: .., amount: ..}"
    )


def test_volumes_that_were_undone_without_need_are_told() -> None:
    """A mapping that says volume: adjusted of raw volumes: all rules advise the same."""
    stock = make_series(volume=np.full(N, 200.0), undone=True, bars=make_bars(volume=np.full((N - 2, 4), 25.0)))
    found, _ = verdict({code: stock for codes in CODES.values() for code in codes})
    causes = {str(each["kind"]): str(each["cause"]) for each in found.as_list()}
    assert causes[rules.DAY_PRICE.text] == "the volume is not divided by the factor: write daily: {volume: shares}"
    assert (
        "write daily: {volume: shares}" in causes["days whose bars' volume differs from the daily one by more than 5 %"]
    )


@pytest.mark.parametrize(("n_stocks", "cause"), [(1, "the factor is lost"), (2, "prices do not fall on ex-dates")])
def test_prices_that_are_forward_adjusted_are_told_from_a_lost_factor(n_stocks: int, cause: str) -> None:
    stock = make_series(factor=np.array([1.0, 1, 1, 2, 2, 2]), bars=None)
    found, _ = verdict(dict.fromkeys(CODES["main"][:n_stocks], stock))
    kind = "days on which the factor jumps and the raw price does not: it is lost, or found again"
    assert str(entry(found, kind)["cause"]).startswith(cause)


def test_a_market_without_amounts_says_so_once() -> None:
    unknown = make_series(amount=np.full(N, np.nan), bars=None)
    found, _ = verdict({code: unknown for codes in CODES.values() for code in codes})
    assert found.as_list() == []
    assert [tally.kind.text for tally in found.tallies()] == ["days with trade have no amount"]
    found, _ = verdict({"SH600000": unknown})
    assert found.tallies() == []


@pytest.mark.parametrize(
    ("n_spoilt", "n_stocks", "max_inconsistent", "is_error"),
    [(1, 1, 0.0, False), (1, 2, 0.0, False), (1, 3, 0.0, False), (2, 4, 0.0, True), (2, 6, 0.0, True),
     (2, 7, 0.0, False), (3, 9, 0.0, True), (2, 4, 0.4, True), (2, 4, 0.5, False)],
)  # fmt: skip
def test_a_market_that_loses_a_third_of_its_stocks_is_an_error(
    n_spoilt: int, n_stocks: int, max_inconsistent: float, is_error: bool
) -> None:
    """Stocks of a single day, whose volume is in lots: three cases are single values by their number alone."""
    found, parts = Verdict(max_inconsistent), [Verdict(max_inconsistent), Verdict(max_inconsistent)]
    for number in range(n_stocks):
        volume = at(np.nan, 0, 1.0 if number < n_spoilt else 100.0)
        stock = make_series(code=f"SH60000{number}", bars=None, volume=volume)
        parts[number % 2].add(stock, judge(stock))
    for part in parts:
        found.add_all(part)
    assert len(found.left_out) == n_spoilt
    if not is_error:
        found.check()
        return
    with pytest.raises(InputError) as error:
        found.check()
    text = str(error.value)
    assert text.startswith(f"{n_spoilt} of {n_stocks} stocks cannot be used (SH600000, SH600001")
    assert f"), a third or more: {n_spoilt} of {n_stocks} " in text
    assert "days whose amount / volume lies outside [low, high]: the volume is in lots of 100" in text
