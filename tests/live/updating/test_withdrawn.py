"""What a table has no more: weights, levels and values that were stored, and values of days to come."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from qlib_mfgru.folders import Sums
from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.live import update
from qlib_mfgru.live.updating import journal
from qlib_mfgru.live.updating.spool import GONE

from .evenings import Evenings, differences

CUT = 100


class Killed(BaseException):
    """What stands for a kill: nothing catches it."""


def test_weights_and_levels_that_no_table_has_any_more_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A corrected file of the same path; also where the update stops just before they go."""
    market, source, provider = Evenings.make(4), tmp_path / "s", tmp_path / "p"
    mapping = market.mapping(weights={"csi300": {"files": "weights.csv", "carry": True}}, index="levels.csv")
    weights, levels = market.tables["weights"], market.tables["index"]
    weights = weights[weights["date"] < market.days[CUT]]
    market.write(source, 0, CUT)
    weights.to_csv(source / "weights.csv", index=False)
    both = pd.concat([levels[:CUT], levels[:CUT].assign(index="000905.SH")])
    both.to_csv(source / "levels.csv", index=False)
    ingest(mapping, source, provider, quiet=True, n_jobs=1)
    gone = [provider / "features/sh601318/csi300_weight.day.bin", provider / "features/sh000905/close.day.bin"]
    assert all(file.is_file() for file in gone)
    market.write(source, CUT, CUT + 2)
    weights[weights["symbol"] != "601318"].to_csv(source / "weights.csv", index=False)
    levels[: CUT + 2].to_csv(source / "levels.csv", index=False)

    def killed(_: Path) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(journal, "_take_away", killed)
        with pytest.raises(Killed):
            update(provider, quiet=True, n_jobs=1)
    assert all(file.is_file() for file in gone)
    update(provider, quiet=True, n_jobs=1)
    ingest(mapping, source, tmp_path / "q", quiet=True, n_jobs=1)
    assert differences(provider, tmp_path / "q") == []
    assert not (provider / "features/sh000905").exists()
    sums = Sums.read(provider)
    assert sums is not None
    assert (sums.others(provider), list(sums.damaged(provider))) == ([], [])


def test_an_ex_date_that_was_announced_and_has_moved(tmp_path: Path) -> None:
    """From the day after the provider's last one to the next: the first was never applied."""
    market, source, since = Evenings.make(3, "events"), tmp_path / "s", 79
    factors = market.tables["factors"]
    is_moved = (factors["symbol"] == "600000") & (factors["date"] == market.days[81])
    assert is_moved.sum() == 1
    mapping = market.mapping(factors={"files": "factors.csv", "before_first": "one"})
    market.write(source, 0, since)
    known = factors[(factors["date"] < market.days[since]) | is_moved]
    known.assign(date=known["date"].mask(is_moved, market.days[80])).to_csv(source / "factors.csv", index=False)
    ingest(mapping, source, tmp_path / "p", quiet=True, n_jobs=1)
    known.to_csv(source / "factors.csv", index=False)
    update(tmp_path / "p", market.write(source, since, since + 1), quiet=True, n_jobs=1)
    update(tmp_path / "p", market.write(source, since + 1, since + 5), quiet=True, n_jobs=1)
    ingest(mapping, source, tmp_path / "q", quiet=True, n_jobs=1)
    assert differences(tmp_path / "p", tmp_path / "q") == []


def test_values_that_a_file_has_no_more_are_counted(tmp_path: Path) -> None:
    market, source = Evenings.make(3), tmp_path / "s"
    shares = market.tables["float_shares"]
    mapping = market.mapping(float_shares="shares.csv")
    shares.to_csv(market.write(source, 0, CUT) / "shares.csv", index=False)
    ingest(mapping, source, tmp_path / "p", quiet=True, n_jobs=1)
    is_gone = (shares["symbol"] == "600000") & (shares["date"] == market.days[80])
    shares[~is_gone].to_csv(market.write(source, CUT, CUT + 1) / "shares.csv", index=False)
    report = update(tmp_path / "p", quiet=True, n_jobs=1)
    tally = report.warnings[f"float_shares: {GONE}"]
    assert (tally.count, tally.examples) == (1, [f"SH600000 {market.days[80]:%Y-%m-%d}"])
