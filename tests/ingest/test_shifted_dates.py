"""A stock whose daily rows are all dated a trading day early, in an ingest and in a check of what it writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from qlib_mfgru.provider.check.check import check_provider

from .vendor import run

KIND = "stocks whose returns go with the market's of the day before or after"


def test_it_is_named_at_ingest_and_in_a_check(tmp_path: Path, target: Path) -> None:
    generator, days = np.random.default_rng(5), pd.bdate_range("2025-03-03", periods=130)
    market = generator.normal(0, 0.012, len(days))
    frames = []
    for number in range(32):
        close = (10 * np.exp(np.cumsum(market + generator.normal(0, 0.012, len(days))))).round(2)
        frames.append(pd.DataFrame({"symbol": f"{600000 + number}", "date": days, "close": close}))
    early = frames[5]
    frames[5] = early.assign(date=early["date"].shift()).dropna()
    rows = pd.concat(frames).assign(volume=100_000, factor=1.0)
    rows = rows.assign(**dict.fromkeys(("open", "high", "low"), rows["close"]))
    (tmp_path / "in").mkdir()
    rows.to_csv(tmp_path / "in" / "daily.csv", index=False)
    report = run(tmp_path / "in", target, {"daily": {"files": "daily.csv"}})
    (tally,) = [tally for what, tally in report.warnings.items() if what.startswith(KIND)]
    assert (tally.count, tally.examples) == (1, ["SH600005 a day early"])
    (row,) = [row for row in check_provider(target, quiet=True) if row.kind == KIND]
    assert (row.severity, row.count, row.judged, row.cases) == ("warning", 1, 32, ["SH600005 a day early"])
