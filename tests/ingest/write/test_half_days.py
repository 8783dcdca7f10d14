"""Days on which no stock traded in the last bar are counted, with the end of the last traded one."""

from pathlib import Path

import pandas as pd

from ..vendor import make_daily, run, write

WHAT = "half days: no stock traded after"


def test_a_day_is_half_only_where_no_stock_trades_in_its_last_bar(
    bars: pd.DataFrame, tmp_path: Path, target: Path
) -> None:
    of_one = (bars["symbol"] == "600000") & (bars["datetime"] >= "2025-03-03 11:30") & (bars["datetime"] < "2025-03-04")
    of_all = bars["datetime"] == "2025-03-05 15:00"
    still = bars["datetime"].between("2025-03-06 13:15", "2025-03-06 15:00")
    bars.loc[still, ["volume", "amount"]] = 0
    report = run(write(tmp_path / "in", bars[~of_one & ~of_all], make_daily(bars)), target)
    assert report.warnings[WHAT].examples == ["2025-03-05T14:45", "2025-03-06T11:30"]
    assert report.warnings[WHAT].count == 2


def test_full_days_are_not_mentioned(source: Path, target: Path) -> None:
    assert WHAT not in run(source, target).warnings
