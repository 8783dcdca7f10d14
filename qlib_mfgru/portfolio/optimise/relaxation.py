"""Which constraints give way together where not all can be met, and in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio.optimise.base import Constraint


def by_name(constraints: Sequence[Constraint]) -> dict[str, Constraint]:
    """Constraints by their names; two of one name are an InputError."""
    named = {constraint.name: constraint for constraint in constraints}
    if len(named) < len(constraints):
        raise InputError(f"several constraints have the same name: {[constraint.name for constraint in constraints]}")
    return named


def relaxation_groups(constraints: Mapping[str, Constraint], names: Sequence[str] | None) -> list[list[Constraint]]:
    """The groups that give way together, the first to give way first.

    Parameters
    ----------
    constraints : mapping of str to Constraint
    names : sequence of str, optional
        Those that give way, one after the other; by default all that have a `rank`, by it, those of the same rank
        together.

    Raises
    ------
    InputError
        No list, an unknown name, one that never gives way, or one that is there twice.
    """
    if isinstance(names, str):
        raise InputError(f"relaxation is {names!r}: must be a list")
    if names is None:
        ranks = sorted({constraint.rank for constraint in constraints.values() if constraint.rank is not None})
        return [[constraint for constraint in constraints.values() if constraint.rank == rank] for rank in ranks]
    ranked = [name for name, constraint in constraints.items() if constraint.rank is not None]
    for number, name in enumerate(names):
        if name not in constraints:
            raise InputError(f"relaxation names {name!r}; those that can give way are {', '.join(ranked)}")
        if name not in ranked:
            raise InputError(
                f"relaxation names {name!r}, which never gives way; those that can are {', '.join(ranked)}"
            )
        if name in names[:number]:
            raise InputError(f"relaxation names {name!r} twice")
    return [[constraints[name]] for name in names]
