"""What a constraint of a user's own may return: NaN is in every field, and must not become a bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from decisions import random_decision, report_constraints

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio import Constraint, IndexEnhancementOptimizer, Solution, Terms

N = 120
DECISION = random_decision(N, 3)
INF, NAN = float("inf"), float("nan")
TOP = int(np.argmax(DECISION.expected))
"""The stock that the report's constraints buy most of."""


@dataclass(frozen=True)
class MyRule(Constraint):
    """Returns what a test wants."""

    returned: Any

    def terms(self, decision: Any) -> Any:
        return self.returned


def solved(returned: Any) -> Solution:
    rules = report_constraints(deviation=0.02, industry=0.02, size=0.2)
    return IndexEnhancementOptimizer([*rules, MyRule(returned)]).solve(DECISION)


def at_7(value: float, otherwise: float = 0.0) -> np.ndarray:
    """A vector over the stocks with one value at stock 7."""
    return np.where(np.arange(N) == 7, value, otherwise)


def in_row_1(value: float) -> np.ndarray:
    return np.array([0.0, value])


ROWS = {"rows": np.ones((2, N)), "least": np.zeros(2), "most": np.full(2, 2.0)}
OF_7, DATE = "for SH600007", "on 2024-03-01"
MEANINGLESS = [
    ({"upper": at_7(NAN, INF)}, f"upper is NaN {OF_7} {DATE}: must be a number, or inf for no bound"),
    ({"lower": at_7(NAN)}, f"lower is NaN {OF_7} {DATE}: must be a number, or -inf for no bound"),
    ({"upper": at_7(-INF, INF)}, f"upper is -inf {OF_7} {DATE}: must be a number, or inf for no bound"),
    ({"lower": at_7(INF)}, f"lower is inf {OF_7} {DATE}: must be a number, or -inf for no bound"),
    ({**ROWS, "rows": [at_7(1.0), at_7(NAN)]}, f"rows is NaN in row 1 {OF_7} {DATE}: must be a finite number"),
    ({**ROWS, "rows": [at_7(1.0), at_7(INF)]}, f"rows is inf in row 1 {OF_7} {DATE}: must be a finite number"),
    ({**ROWS, "least": in_row_1(NAN)}, f"least is NaN in row 1 {DATE}: must be a number, or -inf for no bound"),
    ({**ROWS, "most": in_row_1(NAN)}, f"most is NaN in row 1 {DATE}: must be a number, or inf for no bound"),
    ({**ROWS, "most": in_row_1(-INF)}, f"most is -inf in row 1 {DATE}: must be a number, or inf for no bound"),
    ({"turnover": NAN}, f"turnover is NaN {DATE}: must be at least 0"),
    ({"turnover": -0.1}, f"turnover is -0.1 {DATE}: must be at least 0"),
    ({"no_buy": at_7(NAN)}, "no_buy is of float64: must be of bool"),
    ({"no_sell": np.zeros(N, dtype=int)}, "no_sell is of int64: must be of bool"),
]
WRONG_SHAPE = [
    ({"upper": np.ones(3)}, "upper has the shape (3,): must have (120,)"),
    ({"lower": 0.1}, "lower has the shape (): must have (120,)"),
    ({"no_buy": np.zeros((1, N), dtype=bool)}, "no_buy has the shape (1, 120): must have (120,)"),
    ({**ROWS, "rows": np.ones(N)}, "rows has the shape (120,): must have (n_rows, 120)"),
    ({"rows": np.ones((2, N))}, "least has the shape (0,): must have (2,), for 2 rows"),
    ({"rows": np.ones((2, N)), "least": np.zeros(2)}, "most has the shape (0,): must have (2,), for 2 rows"),
    ({"least": np.zeros(1)}, "least has the shape (1,): must have (0,), for 0 rows"),
    ({"turnover": [0.1]}, "turnover has the shape (1,): must have ()"),
    ({"upper": "much"}, "upper is 'much': must be numbers"),
    ({"rows": [[1.0], [1.0, 2.0]]}, "rows is [[1.0], [1.0, 2.0]]: must be numbers"),
]


@pytest.mark.parametrize(("attributes", "problem"), [*MEANINGLESS, *WRONG_SHAPE])
def test_terms_that_would_wreck_a_portfolio_are_refused(attributes: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError) as error:
        solved(Terms(**attributes))
    assert str(error.value) == f"constraint my_rule: {problem}"


@pytest.mark.parametrize("returned", [None, 0.1, {"upper": np.ones(N)}], ids=["nothing", "a number", "a mapping"])
def test_what_is_no_terms_is_refused(returned: Any) -> None:
    with pytest.raises(InputError, match=r"^constraint my_rule: terms\(\) returned .*: must return a Terms$") as error:
        solved(returned)
    assert "\n" not in str(error.value)


def test_the_check_of_weights_refuses_the_same() -> None:
    with pytest.raises(InputError, match=r"^constraint my_rule: upper is NaN for SH600007 on 2024-03-01"):
        MyRule(Terms(upper=at_7(NAN, INF))).excess(DECISION, DECISION.current)


def test_infinity_is_no_bound() -> None:
    nothing = Terms(
        lower=np.full(N, -INF),
        upper=np.full(N, INF),
        rows=np.ones((1, N)),
        least=np.array([-INF]),
        most=np.array([INF]),
    )
    np.testing.assert_allclose(solved(nothing).weights, solved(Terms()).weights, atol=1e-9)


def test_lists_and_other_numbers_are_read_as_arrays() -> None:
    """One stock gets less than it would; whole numbers, lists and float32 say it as float64 does."""
    free = solved(Terms()).weights
    assert free[TOP] > DECISION.current[TOP]
    kept = np.arange(N) == TOP
    for banned in (kept, list(kept)):
        weights = solved(Terms(no_buy=banned)).weights
        assert weights[TOP] <= DECISION.current[TOP] + 1e-9
    least = DECISION.current[TOP] + 1e-3
    for rows in (kept[None].astype(int), kept[None].astype(np.float32), [list(kept)]):
        weights = solved(Terms(rows=rows, least=[0], most=[least])).weights
        assert weights[TOP] == pytest.approx(least)
