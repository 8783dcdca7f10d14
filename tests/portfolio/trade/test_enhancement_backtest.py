"""From scores and settings to portfolios, in Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio import (
    ConstituentFloor,
    Constraint,
    Decision,
    FactorExposure,
    FullInvestment,
    IndexEnhancementSettings,
    LongOnly,
    MarketSnapshot,
    Terms,
    run_index_enhancement,
)
from qlib_mfgru.portfolio.trade.backtest import check_provider

INDEX, START, END = "csi500", 42, 56


def settings(market: MarketSnapshot, **others: Any) -> IndexEnhancementSettings:
    span = {"start_time": market.days[START], "end_time": market.days[END]}
    return IndexEnhancementSettings(**{"index": INDEX, "turnover_limits": [0.4], **span, **others})


def test_own_constraints_as_objects_or_configs(market: MarketSnapshot, random_scores: pd.Series) -> None:
    objects = [FullInvestment(), LongOnly(), ConstituentFloor(0.9)]
    configs = [
        {"class": "FullInvestment", "module_path": "qlib_mfgru.portfolio"},
        {"class": "LongOnly", "module_path": "qlib_mfgru.portfolio"},
        {"class": "ConstituentFloor", "module_path": "qlib_mfgru.portfolio", "kwargs": {"floor": 0.9}},
    ]
    first, second = (
        run_index_enhancement(random_scores, settings(market, constraints=own)).runs[0] for own in (objects, configs)
    )
    relaxed = [f"relaxed.{name}" for name in ("full_investment", "long_only", "constituent_floor", "turnover")]
    assert [column for column in first.rebalances if column.startswith("relaxed.")] == relaxed
    pd.testing.assert_frame_equal(first.report, second.report)
    assert first.report["turnover"].iloc[0] > 0.9


def test_costs_in_the_objective_lower_turnover_and_what_forces_is_logged(
    market: MarketSnapshot, random_scores: pd.Series
) -> None:
    """At a limit that random scores would use up; the log names the stocks of the frame, in relaxed rebalances too."""
    longer = {"end_time": market.days[START + 60], "turnover_limits": [2.0]}
    free, costly = (
        run_index_enhancement(random_scores, settings(market, cost_aversion=aversion, **longer)).runs[0]
        for aversion in (0.0, 4.0)
    )
    assert (
        costly.rebalances["turnover_planned"].iloc[1:].sum() < 0.8 * free.rebalances["turnover_planned"].iloc[1:].sum()
    )
    for run in (free, costly):
        named = {day: " ".join(dict.fromkeys(rows["instrument"])) for day, rows in run.untradable.groupby(level=0)}
        log = run.rebalances
        assert log["untradable"][log["untradable"] != ""].to_dict() == named
        assert (log["status"] == "forced").sum() > 0
        assert set(log.index[log["status"] == "forced"]) <= set(named)
        assert not (log["infeasible"] != "")[log["status"] != "relaxed"].any()


def test_how_many_days_have_scores_that_tell_no_stocks_apart(market: MarketSnapshot, random_scores: pd.Series) -> None:
    assert run_index_enhancement(random_scores, settings(market)).equal_scores == 0.0
    flat = run_index_enhancement(random_scores * 0 + 1, settings(market))
    assert (flat.equal_scores, flat.by_code) == (1.0, True)


def test_scores_that_cannot_be_used_are_refused(market: MarketSnapshot, random_scores: pd.Series) -> None:
    with pytest.raises(InputError, match="no score"):
        run_index_enhancement(random_scores.rename(index=str.lower, level="instrument"), settings(market))
    with pytest.raises(InputError, match="several scores of"):
        run_index_enhancement(pd.concat([random_scores, random_scores.iloc[:10]]), settings(market))


def test_days_without_any_rebalance_are_refused(market: MarketSnapshot, random_scores: pd.Series) -> None:
    """Two days in the middle of a week, before the first score."""
    span = {"start_time": market.days[START], "end_time": market.days[START + 1]}
    assert market.days[START].weekday() == 1
    late = random_scores[random_scores.index.get_level_values("datetime") > market.days[END]]
    with pytest.raises(InputError, match="no week begins and no day has a score before it"):
        run_index_enhancement(late, settings(market, **span))


class Liquid(Constraint):
    """Nothing is held whose last known amount lies below the median, a field that no setting names."""

    needs = ("amount",)

    def terms(self, decision: Decision) -> Terms:
        amount = decision.market.fields["amount"]
        return Terms(upper=np.where(amount >= np.nanmedian(amount), np.inf, 0.0))


class Undeclared(Liquid):
    needs = ()


def test_an_own_constraint_reads_the_field_that_it_needs(market: MarketSnapshot, random_scores: pd.Series) -> None:
    own = [FullInvestment(), LongOnly(), Liquid()]
    (run,) = run_index_enhancement(random_scores, settings(market, constraints=own)).runs
    assert (run.rebalances["relaxed.liquid"] == 0).all()
    decided = run.rebalances["decided"].iloc[0]
    view = MarketSnapshot.read(INDEX, needs=("amount",)).known_at(decided)
    amount = pd.Series(view.fields["amount"], view.stocks)
    bought = run.positions.loc[market.days[START]].index
    assert len(bought) > 0
    assert (amount[bought] >= amount.median()).all()
    with pytest.raises(
        InputError, match=r"^\$amount was not read: a constraint that uses it must name it in its `needs`$"
    ):
        run_index_enhancement(random_scores, settings(market, constraints=[FullInvestment(), Undeclared()]))


def test_an_exposure_to_any_field_is_limited_and_reported(market: MarketSnapshot, random_scores: pd.Series) -> None:
    own = [FullInvestment(), LongOnly(), FactorExposure("amount", 0.05)]
    (run,) = run_index_enhancement(random_scores, settings(market, constraints=own)).runs
    assert (run.rebalances["relaxed.amount_exposure"] == 0).all()
    assert run.exposures["amount"].abs().iloc[0] < 0.5  # moved by a day's prices, not left free


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ({"benchmark": "SH000301"}, r"benchmark is 'SH000301': the provider .* has no \$close of it$"),
        ({"blacklist": ["SZ309999"]}, "blacklist names SZ309999: the provider's market `all` has no such stock"),
        (
            {"index": "csi600", "constraints": [FullInvestment()], "benchmark": "SH000905"},
            "index: unknown market 'csi600'; the provider",
        ),
    ],
)
def test_what_the_provider_lacks_is_said_before_anything_runs(
    market: MarketSnapshot,
    random_scores: pd.Series,
    others: dict[str, Any],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("qlib_mfgru.portfolio.trade.backtest.backtest", lambda **_: pytest.fail("it ran"))
    with pytest.raises(InputError, match=f"^{message}") as caught:
        run_index_enhancement(random_scores, settings(market, **others))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("first", "last"), [(None, -1), (0, None), (0, END), (START, -1)])
def test_days_that_no_backtest_can_have_are_refused_before_there_are_scores(
    market: MarketSnapshot, first: int | None, last: int | None
) -> None:
    start, end = (None if place is None else market.days[place] for place in (first, last))
    named = " .. ".join(f"{day:%Y-%m-%d}" for day in (start, end) if day is not None)
    with pytest.raises(InputError, match=rf"^the backtest's days {named} must lie inside the provider's calendar, "):
        check_provider(settings(market, start_time=start, end_time=end))


def test_a_day_of_the_calendar_on_each_side_is_enough(market: MarketSnapshot) -> None:
    check_provider(settings(market, start_time=market.days[1], end_time=None))
    check_provider(settings(market, start_time=None, end_time=market.days[-2]))


def test_a_weekend_is_no_backtest(market: MarketSnapshot, random_scores: pd.Series) -> None:
    friday = next(day for day in market.days[START:END] if day.weekday() == 4)
    saturday, sunday = friday + pd.Timedelta(days=1), friday + pd.Timedelta(days=2)
    weekend = settings(market, start_time=saturday, end_time=sunday)
    for refused in (lambda: check_provider(weekend), lambda: run_index_enhancement(random_scores, weekend)):
        with pytest.raises(InputError, match=f"^the provider has no trading day from {saturday:%Y-%m-%d} to "):
            refused()


def test_the_solver_prints_no_banner(
    market: MarketSnapshot, random_scores: pd.Series, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not even from its C++ code."""
    run_index_enhancement(random_scores, settings(market))
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "HiGHS" not in printed.err
