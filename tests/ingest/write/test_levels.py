"""Levels of indices."""

from pathlib import Path

from ..vendor import csv, run, spans, stored, with_inputs


def test_index_levels_lie_under_their_code_and_not_in_all(source: Path, target: Path) -> None:
    days = ["2025-03-03", "2025-03-04", "2025-03-05", "2025-03-06", "2025-03-07"]
    rows = [
        {"code": "000300", "date": day, "open": 1, "high": 9, "low": 1, "close": 2 + i} for i, day in enumerate(days)
    ]
    report = run(source, target, with_inputs(index=csv(source, "i.csv", rows)))
    assert stored(target, "SH000300", "close").tolist() == [2, 3, 4, 5]
    assert stored(target, "SH000300", "factor").tolist() == [1, 1, 1, 1]
    assert [line[0] for line in spans(target)] == ["SH600000", "SZ000001", "SZ300750"]
    assert report.inputs["index"].dropped["not in the stocks' calendar"].count == 1
