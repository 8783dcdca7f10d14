"""The rooms of the package, one after the other, and its public names."""

from __future__ import annotations

import ast
from pathlib import Path

import qlib_mfgru.portfolio as portfolio

FOLDER = Path(portfolio.__file__).parent
ROOMS = ["optimise", "trade", "results"]
PUBLIC = {
    *("Blacklist", "ConstituentFloor", "Constraint", "Decision", "DenseQuote", "FactorExposure", "FrozenSuspended"),
    *("FullInvestment", "IndexEnhancementExchange", "IndexEnhancementOptimizer", "IndexEnhancementRecord"),
    *("IndexEnhancementSettings", "IndexEnhancementStrategy", "IndustryExposure", "LongOnly", "MarketSnapshot"),
    *("MarketView", "NoLimitDownSells", "NoLimitUpBuys", "NoST", "NoUnscoredBuys", "Solution", "Turnover"),
    *("WeightDeviation", "run_index_enhancement"),
}
"""What YAMLs and users rely on."""


def rooms_used(path: Path) -> set[str]:
    """Rooms that a file imports from, for type checkers too, but for what is imported only when a result is shown."""
    nodes = ast.parse(path.read_text(encoding="utf-8")).body
    nodes += [inner for node in nodes if isinstance(node, ast.If) for inner in node.body]
    nodes = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    names = [f"{node.module}.{alias.name}".split(".") for node in nodes for alias in node.names]
    return {name[2] for name in names if name[:2] == ["qlib_mfgru", "portfolio"] and name[2] in ROOMS}


def test_a_room_uses_only_those_before_it() -> None:
    used = {room: set().union(*map(rooms_used, (FOLDER / room).glob("*.py"))) for room in ROOMS}
    assert used == {"optimise": {"optimise"}, "trade": {"optimise", "trade"}, "results": set(ROOMS)}
    assert rooms_used(FOLDER / "settings.py") == {"optimise"}
    assert rooms_used(FOLDER / "snapshot.py") == set()


def test_every_public_name_is_there() -> None:
    assert set(portfolio.__all__) >= PUBLIC
    assert all(getattr(portfolio, name).__module__.startswith("qlib_mfgru.portfolio") for name in portfolio.__all__)
