"""A history that is ingested in parts is, byte for byte, one that is ingested at once."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.live import update
from qlib_mfgru.live.updating.gather import MANY
from qlib_mfgru.provider.check.check import check_provider
from qlib_mfgru.provider.storage.files import ProviderFiles

from .evenings import N_DAYS, SIGHTS, Evenings, differences, judged


def in_parts(market: Evenings, folder: Path, cuts: list[int]) -> Path:
    """Ingest up to the first cut, then update from one to the next."""
    source, target = folder / "parts", folder / "updated"
    ingest(market.mapping(), market.write(source, 0, cuts[0]), target, quiet=True, n_jobs=1)
    for since, until in pairwise(cuts):
        update(target, market.write(source, since, until), quiet=True, n_jobs=1)
    return target


def at_once(market: Evenings, folder: Path) -> Path:
    """Ingest the files of `in_parts` at once."""
    ingest(market.mapping(), folder / "parts", folder / "whole", quiet=True, n_jobs=1)
    return folder / "whole"


@pytest.mark.parametrize("way", SIGHTS)
def test_some_parts_of_a_clean_market(way: str, tmp_path: Path) -> None:
    market = Evenings.make(0, way)
    updated = in_parts(market, tmp_path, [78, 80, 85, 86, 102, N_DAYS])
    assert differences(updated, at_once(market, tmp_path)) == []
    assert not any(row.severity == "error" for row in check_provider(updated, quiet=True))


@pytest.mark.parametrize("seed", range(4))
def test_random_parts_of_a_soiled_market(seed: int, tmp_path: Path) -> None:
    random = np.random.default_rng(seed)
    market = Evenings.make(seed, SIGHTS[seed % len(SIGHTS)])
    market.soil(seed)
    cuts = np.unique([*random.choice(np.arange(70, N_DAYS), 7, replace=False), N_DAYS]).tolist()
    updated = in_parts(market, tmp_path, cuts)
    whole = at_once(market, tmp_path)
    assert differences(updated, whole) == []
    (counts, payouts), (all_counts, all_payouts) = judged(updated), judged(whole)
    assert payouts == {code: pytest.approx(against) for code, against in all_payouts.items()}
    # the size of a delisted stock is judged up to the calendar's end
    differing = [key for key in counts.keys() | all_counts.keys() if counts.get(key) != all_counts.get(key)]
    assert {code for code, _ in differing} <= {"SZ000001", "SZ000002"}
    assert len(differing) <= 4 < len(counts)


@pytest.mark.parametrize(
    ("gone", "cuts"),
    [(range(95), [97, 98, 99]), (range(70, N_DAYS), [80, 96, 97, 98, 99]), (range(40, 104), [103, 104, 106])],
)
def test_bars_that_begin_late_end_early_or_come_back(gone: range, cuts: list[int], tmp_path: Path) -> None:
    """Of a stock with daily rows on all days."""
    market = Evenings.make(0)
    market.drop("bars", "600000", gone)
    assert differences(in_parts(market, tmp_path, cuts), at_once(market, tmp_path)) == []


def test_days_that_begin_with_a_late_factor(tmp_path: Path) -> None:
    market = Evenings.make(0, "table")
    market.drop("factors", "600000", range(95))
    updated = in_parts(market, tmp_path, [97, 98, 99])
    assert differences(updated, at_once(market, tmp_path)) == []
    line = next(line for line in (updated / "instruments/all.txt").read_text().splitlines() if "SH600000" in line)
    assert line.split("\t")[1] == f"{market.days[95]:%Y-%m-%d}"


def test_day_by_day(tmp_path: Path) -> None:
    market = Evenings.make(9, "prev_close")
    market.soil(9)
    updated = in_parts(market, tmp_path, list(range(90, N_DAYS + 1)))
    assert differences(updated, at_once(market, tmp_path)) == []


def test_lists_of_members_that_come_by_files(tmp_path: Path) -> None:
    """The weights' files as lists: each new one ends and begins spans, and until it comes the last one holds."""
    market, source, updated = Evenings.make(4), tmp_path / "parts", tmp_path / "updated"
    weights = market.tables["weights"]
    leaves = (weights["symbol"] == "601318") & (weights["date"] >= market.days[85])
    market.tables["weights"] = weights[~leaves]
    mapping = market.mapping(members={"csi300": "weights/*.csv"})
    ingest(mapping, market.write(source, 0, 78), updated, quiet=True, n_jobs=1)
    lasts = []
    for since, until in pairwise([78, 85, 86, 95, N_DAYS]):
        update(updated, market.write(source, since, until), quiet=True, n_jobs=1)
        lasts.append(last_days(updated / "instruments/csi300.txt")["SH601318"])
    assert lasts == [f"{market.days[84]:%Y-%m-%d}"] * 4
    ingest(mapping, source, tmp_path / "whole", quiet=True, n_jobs=1)
    assert differences(updated, tmp_path / "whole") == []


def last_days(instruments: Path) -> dict[str, str]:
    lines = [line.split("\t") for line in instruments.read_text().splitlines()]
    return {code: end[:10] for code, _, end in lines}


def test_a_stock_suspended_in_the_evening_is_in_all_lists(tmp_path: Path) -> None:
    """Evening by evening up to its last row, with a weight; one without rows ends with its last trade."""
    market = Evenings.make(0)
    market.tables["members"]["end"] = market.days[-1]
    updated, source = tmp_path / "updated", tmp_path / "parts"
    ingest(market.mapping(), market.write(source, 0, 83), updated, quiet=True, n_jobs=1)
    for day in range(83, 98):
        update(updated, market.write(source, day, day + 1), quiet=True, n_jobs=1)
        last = {name: last_days(updated / "instruments" / f"{name}.txt") for name in ("all", "csi300")}
        evening = f"{market.days[day]:%Y-%m-%d}"
        assert (last["all"]["SZ000651"], last["all"]["SH600519"]) == (evening, evening)
        assert last["csi300"]["SH600519"] == evening
        stored = ProviderFiles(updated)
        closes = stored.dense("SH600519", "close", "day"), stored.dense("SH600519", "csi300_weight", "day")
        assert [np.isfinite(values[-1]) for values in closes] == [day >= 92, True]
        assert last["all"]["SH688001"] == (f"{market.days[95]:%Y-%m-%d}" if day == 96 else evening)
    assert differences(updated, at_once(market, tmp_path)) == []


def grown(market: Evenings, source: Path, until: int) -> Path:
    """Write bars and days a file a stock, those that have grown anew, as a collector does, and the tables."""
    market.write(source, 0, until)
    for name, stamp in (("bars", "datetime"), ("daily", "date")):
        table = market.tables[name]
        table = table[table[stamp] < market.days[until - 1] + pd.Timedelta("1D")]
        for symbol, rows in table.groupby("symbol"):
            file = source / name / "2024" / f"{symbol}.parquet"
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.exists() or len(pd.read_parquet(file)) != len(rows):
                rows.to_parquet(file, index=False)
    return source


def test_a_file_a_stock_and_year_that_grows(tmp_path: Path) -> None:
    market = Evenings.make(2, "events")
    market.soil(2)
    for name in ("bars", "daily", "factors"):
        table = market.tables[name]
        more = [table.assign(symbol=table["symbol"].str[:3] + number + table["symbol"].str[4:]) for number in "45"]
        market.tables[name] = pd.concat([table, *more], ignore_index=True)
    source, bars = tmp_path / "s", {"files": "bars/*/*.parquet", "freq": "15min", "stamps": "end"}
    mapping = market.mapping(daily="daily/*/*.parquet", bars=bars)
    ingest(mapping, grown(market, source, 80), tmp_path / "updated", quiet=True, n_jobs=1)
    for until in (81, 84, 104, N_DAYS):
        update(tmp_path / "updated", grown(market, source, until), quiet=True, n_jobs=1)
    ingest(mapping, source, tmp_path / "whole", quiet=True, n_jobs=1)
    assert len(list((source / "bars/2024").iterdir())) > MANY
    assert differences(tmp_path / "updated", tmp_path / "whole") == []
