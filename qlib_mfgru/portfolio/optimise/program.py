"""``Program``: solves rebalances one after the other with HiGHS; where it must, constraints give way in order."""

from __future__ import annotations

from collections.abc import Sequence

import highspy
import numpy as np

from qlib_mfgru.portfolio.optimise.base import Constraint, Decision
from qlib_mfgru.portfolio.optimise.blocks import Bans
from qlib_mfgru.portfolio.optimise.formulation import Formulation, Groups
from qlib_mfgru.portfolio.optimise.objective import Objective

_TOLERANCE = 1e-9
_SOLVED = {highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kModelEmpty}
"""The model is empty where no stock can be traded, and constraints bound no sum of weights."""


class Program:
    """The solver; one object serves all dates, none of which depends on those before.

    Parameters
    ----------
    constraints : sequence of Constraint
    groups : sequence of sequence of Constraint
        In the order in which they give way. All bounds on single weights give way with the last group that has any;
        constraints in no group never do.
    objective : Objective
    """

    def __init__(self, constraints: Sequence[Constraint], groups: Groups, objective: Objective) -> None:
        self.objective = objective
        self.constraints, self.groups = list(constraints), [list(group) for group in groups]
        self.highs = highspy.Highs()
        # presolve takes longer than it saves, and so does the start from the last date's basis
        for option, value in (("output_flag", False), ("threads", 1), ("presolve", "off")):
            self.highs.setOptionValue(option, value)
        for kind in ("primal", "dual"):
            self.highs.setOptionValue(f"{kind}_feasibility_tolerance", _TOLERANCE)

    def solve(self, decision: Decision) -> np.ndarray | str:
        """Weights of the highest expected return, (n_stocks,), or what HiGHS says where there are none.

        If not all constraints can be met, groups give way one after the other, each only if those before it do not
        suffice; then, from the last to the first, each by the smallest total violation.
        """
        problem = Formulation.of(decision, self.constraints, self.groups, self.objective)
        message, _ = self._best(problem)
        return message or self._weights(problem)

    def solve_freed(self, decision: Decision, freed: np.ndarray, bans: Bans) -> np.ndarray | str:
        """Weights that trade the least of what is banned, if `freed` stocks, (n_stocks,), bool, could be traded.

        Constraints give way as in `solve`, but only as far as they must with these stocks tradable.
        """
        problem = Formulation.of(decision, self.constraints, self.groups, self.objective, freed)
        message, allowances = self._best(problem)
        costs = -bans.only(freed).on_columns(problem.columns, problem.trades)
        return message or self._maximise(problem, costs, allowances) or self._weights(problem)

    def _best(self, problem: Formulation) -> tuple[str, np.ndarray]:
        """Load and solve; what HiGHS says if there is no optimum, and the groups' allowances, (n_groups,)."""
        self._load(problem)
        allowances = np.zeros(len(self.groups))
        message = self._maximise(problem, problem.returns, allowances)
        for last in range(len(self.groups)):
            if not message:
                break
            allowances[: last + 1] = np.inf
            message = self._give_way(problem, allowances, last)
        return message, allowances

    def _weights(self, problem: Formulation) -> np.ndarray:
        return problem.weights(np.asarray(self.highs.getSolution().col_value))

    def _give_way(self, problem: Formulation, allowances: np.ndarray, last: int) -> str:
        """Find the least allowances of the groups up to `last`, the last one's first, and solve with them."""
        for group in range(last, -1, -1):
            message = self._maximise(problem, -problem.giving_way.coefficients[group], allowances)
            if message:
                return message
            least = problem.giving_way.constant[group] - self.highs.getInfo().objective_function_value
            allowances[group] = max(least, 0.0) + _TOLERANCE
        return self._maximise(problem, problem.returns, allowances)

    def _load(self, problem: Formulation) -> None:
        matrix, (n_rows, n_columns) = problem.matrix, problem.matrix.shape
        self.highs.passModel(
            n_columns,
            n_rows,
            matrix.nnz,
            int(highspy.MatrixFormat.kColwise),
            int(highspy.ObjSense.kMaximize),
            0.0,
            problem.returns,
            problem.least_columns,
            problem.most_columns,
            problem.least_rows,
            problem.most_rows,
            matrix.indptr[:-1].astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
            np.zeros(n_columns, dtype=np.int32),
        )

    def _maximise(self, problem: Formulation, costs: np.ndarray, allowances: np.ndarray) -> str:
        """Solve with these costs and allowances; an empty string, or what HiGHS says if there is no optimum."""
        n_rows, n_columns = problem.matrix.shape
        for group, most in enumerate(allowances - problem.giving_way.constant):
            self.highs.changeRowBounds(n_rows - len(allowances) + group, -np.inf, most)
        self.highs.changeColsCost(n_columns, np.arange(n_columns, dtype=np.int32), costs)
        self.highs.run()
        status = self.highs.getModelStatus()
        return "" if status in _SOLVED else str(self.highs.modelStatusToString(status))
