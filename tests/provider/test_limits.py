import numpy as np
import pytest

from qlib_mfgru.provider.boards import board_of, ordinary_ratio
from qlib_mfgru.provider.limits import derive_limits, reference_price, round_half_up

OLD = 10**6


def limits(code: str, day: str, reference: float, st: float = 0, session: int = OLD) -> tuple[float, float]:
    up, down = derive_limits(
        code, np.array([day], "datetime64[D]"), np.array([reference]), np.array([st]), np.array([session])
    )
    return float(up[0]), float(down[0])


@pytest.mark.parametrize(
    ("code", "day", "reference", "st", "expected"),
    [
        ("SH600000", "2025-01-02", 10.00, 0, (11.00, 9.00)),
        ("SH600000", "2025-01-02", 10.05, 0, (11.06, 9.05)),  # 11.055 and 9.045: halves go up
        ("SZ000001", "2025-01-02", 3.33, 0, (3.66, 3.00)),
        ("SH600000", "2025-01-02", 2.35, 1, (2.47, 2.23)),
        ("SH600000", "2026-07-03", 10.00, 1, (10.50, 9.50)),
        ("SH600000", "2026-07-06", 10.00, 1, (11.00, 9.00)),
        ("SZ300750", "2020-08-21", 10.00, 0, (11.00, 9.00)),
        ("SZ300750", "2020-08-24", 10.00, 0, (12.00, 8.00)),
        ("SZ301236", "2025-01-02", 10.00, 1, (12.00, 8.00)),
        ("SH688981", "2025-01-02", 10.00, 0, (12.00, 8.00)),
        ("SH689009", "2025-01-02", 10.00, 0, (12.00, 8.00)),
        ("BJ430047", "2025-01-02", 10.00, 0, (13.00, 7.00)),
    ],
)
def test_boards_and_their_dates_of_change(
    code: str, day: str, reference: float, st: float, expected: tuple[float, float]
) -> None:
    assert limits(code, day, reference, st) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("code", "day", "free_days"),
    [
        ("SH600000", "2023-04-07", 0),
        ("SH600000", "2023-04-10", 5),
        ("SZ300750", "2020-08-21", 0),
        ("SZ300750", "2020-08-24", 5),
        ("SH688981", "2019-07-22", 5),
        ("BJ920002", "2025-01-02", 1),
        ("SH600000", "2013-06-03", 1),
    ],
)
def test_new_shares_have_free_days(code: str, day: str, free_days: int) -> None:
    for session in range(1, 7):
        assert np.isnan(limits(code, day, 10.0, session=session)[0]) == (session < free_days)


def test_first_day_of_a_main_board_share_before_the_reform() -> None:
    assert limits("SH600000", "2022-06-30", 10.0, session=0) == pytest.approx((14.40, 6.40))
    assert np.isnan(limits("SH600000", "2025-06-30", 10.0, session=0)).all()


def test_before_the_first_rule_there_is_no_limit() -> None:
    assert np.isnan(limits("SH688981", "2019-07-19", 10.0)).all()


@pytest.mark.parametrize(
    ("code", "board"),
    [
        ("SH688001", "star"),
        ("SH601398", "main"),
        ("SZ002415", "main"),
        ("SZ300001", "chinext"),
        ("SZ301236", "chinext"),
        ("BJ920002", "bse"),
        ("SH510300", "other"),
        ("SH588000", "other"),
        ("SZ159915", "other"),
        ("SH900901", "other"),
        ("SZ200002", "other"),
    ],
)
def test_board_of(code: str, board: str) -> None:
    assert board_of(code) == board


def test_funds_and_b_shares_have_no_limits_of_a_shares() -> None:
    """Their tick is 0.001, and those of STAR and ChiNext have 20 %, which the code does not say."""
    for code in ("SH510300", "SH588000", "SZ159915", "SH900901"):
        assert np.isnan(limits(code, "2025-01-02", 1.234)).all()


def test_reference_is_the_last_close_adjusted_for_an_ex_date() -> None:
    nan = np.nan
    # ten for ten on the fourth day, after a suspended one
    close, factor = np.array([10.0, 11.0, nan, 5.6]), np.array([1.0, 1.0, 1.0, 2.0])
    np.testing.assert_allclose(reference_price(close, factor), [nan, 10.0, 11.0, 5.5])


def test_half_up_is_not_bankers_rounding() -> None:
    assert round_half_up(np.array([1.005, 1.015, 1.0149, 2.675])).tolist() == [1.01, 1.02, 1.01, 2.68]


@pytest.mark.parametrize("percent", [5, 10, 20, 30])
@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_limits_of_prices_in_float32_are_those_of_whole_cents(percent: int, kind: str) -> None:
    cents = np.arange(1, 300_000)
    prices = (cents / 100).astype(kind).astype("f8")
    up, down = round_half_up(prices * (1 + percent / 100)), round_half_up(prices * (1 - percent / 100))
    np.testing.assert_array_equal(up, (cents * (100 + percent) + 50) // 100 / 100)
    np.testing.assert_array_equal(down, (cents * (100 - percent) + 50) // 100 / 100)


def test_ordinary_shares_have_the_ratio_of_the_rule_of_the_day() -> None:
    days = np.array(["2009-10-29", "2009-10-30", "2020-08-21", "2020-08-24"], "datetime64[D]")
    np.testing.assert_array_equal(ordinary_ratio(days, "chinext"), [np.nan, 0.1, 0.1, 0.2])
    assert np.isnan(ordinary_ratio(days, "other")).all()
    assert np.isnan(ordinary_ratio(days, None)).all()
