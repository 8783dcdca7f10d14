"""``IndexEnhancementOptimizer``: the weights of highest expected return under constraints, and what gave way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qlib_mfgru.portfolio.optimise.base import Constraint, Decision, as_constraints
from qlib_mfgru.portfolio.optimise.explanation import BROKEN, Explanation, explained
from qlib_mfgru.portfolio.optimise.objective import Objective
from qlib_mfgru.portfolio.optimise.program import Program
from qlib_mfgru.portfolio.optimise.relaxation import by_name, relaxation_groups


@dataclass(frozen=True)
class Solution:
    """One rebalance.

    Attributes
    ----------
    weights : ndarray of shape (n_stocks,)
        Shares of the invested capital; the current ones where it failed.
    status : str
        ``solved``: all constraints hold; ``forced``: some are broken, only because stocks cannot be traded;
        ``relaxed``: some could not be met even if these could be; ``failed``: no weights were found, keep the holding.
    relaxed : dict of str to float
        By how much the weights break each constraint, those broken only.
    why : Explanation
        Of what is broken: the stocks that force it, and what no portfolio could meet.
    message : str
        What the solver said of a failure.
    """

    weights: np.ndarray
    status: str
    relaxed: dict[str, float] = field(default_factory=dict)
    why: Explanation = field(default_factory=Explanation)
    message: str = ""


class IndexEnhancementOptimizer:
    """Maximises ``sum_i w_i r_i`` for expected returns r under constraints, as in the Huatai report (figures 34 to 49).

    Where not all constraints can be met, those that may give way are relaxed in order, each by the
    smallest total violation: see `Program.solve`. What cannot be traded, and the turnover, never give way.

    Parameters
    ----------
    constraints : sequence of Constraint or dict
        Objects, or their qlib configs (class, module_path, kwargs).
    relaxation : sequence of str, optional
        Names of the constraints that give way, in this order; by default all that have a `rank`, by it, those of the
        same rank together. Those without a `rank` never do, but for bounds on single weights: see `Program`.
    objective : Objective, optional
        By default without costs, as in the Huatai report.

    Raises
    ------
    InputError
        Two constraints of one name; a name in `relaxation` that no constraint has, that never gives way, or that is
        there twice.
    """

    def __init__(
        self,
        constraints: Sequence[Constraint | dict[str, Any]],
        relaxation: Sequence[str] | None = None,
        objective: Objective | None = None,
    ) -> None:
        self.constraints = by_name(as_constraints(constraints))
        groups = relaxation_groups(self.constraints, relaxation)
        self.program = Program(list(self.constraints.values()), groups, objective or Objective())

    def solve(self, decision: Decision) -> Solution:
        """The weights of one rebalance."""
        weights = self.program.solve(decision)
        if isinstance(weights, str):
            return Solution(decision.current, "failed", message=weights)
        excess = {name: constraint.excess(decision, weights) for name, constraint in self.constraints.items()}
        relaxed = {name: amount for name, amount in excess.items() if amount > BROKEN}
        if not relaxed:
            return Solution(weights, "solved")
        why = explained(decision, self.constraints, self.program.groups, weights, relaxed)
        return Solution(weights, "forced" if why.forced else "relaxed", relaxed, why)
