"""Two weeks of evenings equal the backtest; tomorrow's bars change nothing; a killed predict is mended by the next."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import pytest
import yaml
from drill.process import Job
from live.cut_market import poison
from qlib.workflow import R

from qlib_mfgru.cli import main
from qlib_mfgru.factor import FactorTestSettings, run_factor_test
from qlib_mfgru.portfolio import IndexEnhancementSettings, run_index_enhancement
from qlib_mfgru.provider import reader
from qlib_mfgru.rehearsal import Comparison, Played, PlaySettings, compared, page, play
from qlib_mfgru.rehearsal.backtested import same_files
from qlib_mfgru.rehearsal.evenings import unequal_shares
from qlib_mfgru.rehearsal.settings import ENHANCEMENT, EXPERIMENT
from qlib_mfgru.report.recorders import init_qlib, newest_recorders


def test_a_folder_may_have_any_name() -> None:
    days, work = pd.bdate_range("2024-01-01", periods=150), Path("/a, b/𠮷: {c} #d")
    training = yaml.safe_load(PlaySettings().training(days, days[-1], work))
    assert training["qlib_init"]["provider_uri"] == f"{work}/provider"
    assert training["qlib_init"]["exp_manager"]["kwargs"]["uri"] == f"sqlite:///{work}/mlruns.db"
    assert training["task"]["dataset"]["kwargs"]["handler"]["kwargs"]["cache_dir"] == f"{work}/panels"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Thirty stocks, from 2020-05-08 on."""
    pytest.importorskip("baostock")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield play(
            tmp_path_factory.mktemp("played") / "play",
            PlaySettings(n_stocks=30, n_days=95, intraday_days=60, n_weeks=2, seed=7),
        )


@pytest.fixture(scope="module")
def comparison(played: Played) -> Comparison:
    return compared(played)


def test_the_evenings_equal_the_backtest(played: Played, comparison: Comparison) -> None:
    assert comparison.differences == []
    assert comparison.value_error < 1e-12
    rebalanced = [evening for evening in played.evenings if evening.dealt.amounts]
    assert len(rebalanced) == 2
    assert comparison.n_orders == sum(len(evening.dealt.amounts) for evening in rebalanced) > 10
    assert rebalanced[0].turnover > 0.9
    assert 0 < rebalanced[1].turnover < 0.35
    assert [evening.bars_end for evening in played.evenings] == list(played.days)


def test_a_member_suspended_in_the_evening_has_its_weight(played: Played) -> None:
    """The orders of the next day, which equal the backtest's, were decided from it."""
    (evening,) = [evening for evening in played.evenings if f"{evening.day:%m-%d}" == "05-15"]
    orders = json.loads((played.desk.work / "orders" / f"{evening.day:%Y-%m-%d}.json").read_text(encoding="utf-8"))
    (row,) = [row for row in orders["weights"] if row["instrument"] == "SZ000005"]
    assert "SZ000005" in evening.members
    assert row["flags"] == "suspended;no_score"
    assert row["index_weight"] > 0.01


def test_a_difference_is_told(played: Played, comparison: Comparison, tmp_path: Path) -> None:
    """One order, one byte: neither is overlooked."""
    other = tmp_path / "provider"
    shutil.copytree(played.desk.provider, other)
    series = other / "features" / "sh600000" / "close.day.bin"
    series.write_bytes(series.read_bytes()[:-1] + b"\0")
    assert same_files(played.desk.provider, other) == (
        ["features/sh600000/close.day.bin of the provider differs"],
        comparison.n_files,
    )
    evening = next(evening for evening in played.evenings if evening.dealt.amounts)
    first = next(iter(evening.dealt.amounts))
    evening.dealt.amounts[first] *= 1.001
    try:
        assert compared(played).differences == [f"{evening.day:%Y-%m-%d}: orders differ"]
    finally:
        evening.dealt.amounts[first] /= 1.001


def test_shares_of_two_plans() -> None:
    one = pd.DataFrame({"instrument": ["A", "B", "C"], "side": ["buy", "sell", "buy"], "asked": [100, 250.0, 300]})
    other = pd.DataFrame({"instrument": ["A", "B", "D"], "side": ["sell", "sell", "buy"], "asked": [100, 250.4, 100]})
    assert unequal_shares(one, other) == ["A", "C", "D"]


def test_the_page(played: Played, comparison: Comparison, tmp_path: Path) -> None:
    lines = page.table(played).splitlines()
    assert len(lines) == len(played.evenings) + 1
    assert lines[0].split()[:8] == ["day", "bars", "end", "scores", "orders", "turnover", "value", "collect"]
    page.plot(played, comparison.curves, tmp_path / "account.png")
    assert (tmp_path / "account.png").stat().st_size > 10_000


@pytest.mark.usefixtures("comparison")
def test_factor_test_and_enhancement_are_those_of_a_provider_made_at_once(played: Played) -> None:
    """Of scores on all days, on the updated provider and on the other."""
    found = []
    for provider in (played.desk.provider, played.desk.work / "whole" / "provider"):
        init_qlib(str(provider), played.desk.store, region="cn", kernels=1)
        days, stocks = reader.calendar("day"), list(reader.member_spans("all", "day"))
        index = pd.MultiIndex.from_product([days, stocks], names=["datetime", "instrument"])
        scores = pd.Series(np.random.default_rng(0).standard_normal(len(index)), index, name="score")
        (pool,) = run_factor_test(scores, FactorTestSettings(pools=["all"], n_layers=4)).pools.values()
        settings = IndexEnhancementSettings(**ENHANCEMENT, start_time=days[40], end_time=days[-2])
        (run,) = run_index_enhancement(scores, settings).runs
        found.append([*vars(pool).values(), run.report, run.positions, run.rebalances, run.exposures])
    n_frames = 0
    for one, other in zip(*found, strict=True):
        if isinstance(one, pd.DataFrame | pd.Series):
            assert one.equals(other)
            n_frames += 1
    assert n_frames >= 6


def command(played: Played, name: str, day: pd.Timestamp) -> list[str]:
    """The words of a command of that evening, as the log has it."""
    lines = (played.desk.work / "evenings.log").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith(f"$ mfgru {name} ") and f"/{day:%Y-%m-%d}." in line]
    return line.split()[2:]


@pytest.mark.usefixtures("comparison")
def test_poisoning_tomorrow_changes_nothing(played: Played, tmp_path: Path) -> None:
    """The evening's commands give the same files where all later bars are nonsense."""
    friday = played.days[[evening.day for evening in played.evenings if evening.dealt.amounts][1] > played.days][-1]
    poisoned = tmp_path / "provider"
    shutil.copytree(played.desk.provider, poisoned)
    poison(poisoned, friday)
    given = ["--provider", str(poisoned), "--date", f"{friday:%Y-%m-%d}"]
    for name, folder, suffix in (("predict", "scores", ".csv"), ("rebalance", "orders", ".json")):
        words = [word for word in command(played, name, friday) if word != "--save"]
        out = tmp_path / f"again{suffix}"
        assert main([*words, *given, "--out", str(out)]) == 0
        assert out.read_bytes() == (played.desk.work / folder / f"{friday:%Y-%m-%d}{suffix}").read_bytes()


@pytest.mark.usefixtures("comparison")
def test_a_killed_predict_is_mended_by_the_next(played: Played, tmp_path: Path) -> None:
    """The prediction has its old bytes or its new ones, at any moment, and the new ones after the next run."""
    init_qlib(str(played.desk.provider), played.desk.store, region="cn", kernels=1)
    file = Path(newest_recorders(EXPERIMENT, "pred.pkl", R.exp_manager)[0].get_local_dir()) / "pred.pkl"
    file = next(file.parent.parent.rglob("pred.pkl"))
    full = pd.read_pickle(file)
    before = pickle.dumps(full[full.index.get_level_values("datetime") <= played.days[-4]])
    words = ["predict", EXPERIMENT, "--store", played.desk.store, "--save", "--provider", str(played.desk.provider)]

    def started(name: str) -> Job:
        return Job(main, words, output=tmp_path / f"{name}.txt", environment={"OMP_NUM_THREADS": "1"})

    file.write_bytes(before)
    started("whole").end().well()
    after = file.read_bytes()
    pd.testing.assert_frame_equal(pd.read_pickle(file).loc[full.index], full, check_exact=True)
    for number in range(2):
        file.write_bytes(before)
        started(f"killed{number}").kill_at(Random(number).uniform(0.1, 2.5))
        assert file.read_bytes() in (before, after)
        started(f"again{number}").end().well()
        assert file.read_bytes() == after
        assert [each.name for each in file.parent.iterdir() if each.name.startswith(".pred.pkl.")] in (
            [],
            [".pred.pkl.lock"],
        )
