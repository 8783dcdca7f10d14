"""``IndexEnhancementOptimizer``: the weights of highest expected return under constraints, and what gave way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from qlib.utils import init_instance_by_config

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio.optimise.constraints import Constraint, Decision
from qlib_mfgru.portfolio.optimise.program import Program

_BROKEN = 1e-7
"""Less is the solver's rounding."""


@dataclass(frozen=True)
class Solution:
    """One rebalance.

    Attributes
    ----------
    weights : ndarray of shape (n_stocks,)
        Shares of the invested capital; the current ones where it failed.
    status : str
        ``solved``; ``relaxed``: not all constraints could be met; ``failed``: no weights were found, keep the holding.
    relaxed : dict of str to float
        By how much the weights break each constraint, those broken only.
    message : str
        What the solver said of a failure.
    """

    weights: np.ndarray
    status: str
    relaxed: dict[str, float] = field(default_factory=dict)
    message: str = ""


class IndexEnhancementOptimizer:
    """Maximises ``sum_i w_i r_i`` for expected returns r under constraints: a linear program (REPORT section 5).

    Where the constraints contradict each other, those that may give way do so in order, and by the least that is
    possible: see `Program.solve`. What cannot be traded, and the turnover, never give way.

    Parameters
    ----------
    constraints : sequence of Constraint or dict
        Objects, or qlib configs of them (class, module_path, kwargs).
    relaxation : sequence of str, optional
        Names of the constraints that give way, in this order; by default all that have a `rank`, by it, those of the
        same rank together. Those without a `rank` never do.

    Raises
    ------
    InputError
        Two constraints of one name, or a name in `relaxation` that no constraint has, or one that never gives way.
    """

    def __init__(
        self, constraints: Sequence[Constraint | dict[str, Any]], relaxation: Sequence[str] | None = None
    ) -> None:
        made = [init_instance_by_config(constraint, accept_types=Constraint) for constraint in constraints]
        self.constraints: dict[str, Constraint] = {constraint.name: constraint for constraint in made}
        if len(self.constraints) < len(made):
            raise InputError(f"several constraints have the same name: {[constraint.name for constraint in made]}")
        self.program = Program(made, self._groups(relaxation))

    def solve(self, decision: Decision) -> Solution:
        """The weights of one rebalance."""
        weights = self.program.solve(decision)
        if isinstance(weights, str):
            return Solution(decision.current, "failed", message=weights)
        excess = {name: constraint.excess(decision, weights) for name, constraint in self.constraints.items()}
        relaxed = {name: amount for name, amount in excess.items() if amount > _BROKEN}
        return Solution(weights, "relaxed" if relaxed else "solved", relaxed)

    def _groups(self, relaxation: Sequence[str] | None) -> list[list[Constraint]]:
        if relaxation is None:
            ranks = sorted({constraint.rank for constraint in self.constraints.values() if constraint.rank is not None})
            return [[c for c in self.constraints.values() if c.rank == rank] for rank in ranks]
        unknown = [name for name in relaxation if name not in self.constraints]
        if unknown:
            raise InputError(f"relaxation names {unknown}; the constraints are {list(self.constraints)}")
        fixed = [name for name in relaxation if self.constraints[name].rank is None]
        if fixed:
            raise InputError(f"relaxation names {fixed}, which never give way")
        return [[self.constraints[name]] for name in relaxation]
