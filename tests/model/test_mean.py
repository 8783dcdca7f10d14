"""``MeanModel``: the equal-weighted mean of what its members predict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from qlib.model.base import Model
from tiny_world import FAST

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.model import GRUModel, MeanModel
from qlib_mfgru.model.mean import mean_of_scores


def scores(rows: Sequence[tuple[str, str, float]]) -> pd.Series:
    index = pd.MultiIndex.from_tuples(
        [(pd.Timestamp(day), code) for day, code, _ in rows], names=["datetime", "instrument"]
    )
    return pd.Series([value for *_, value in rows], index=index, name="score")


class Fixed(Model):
    """A model that predicts what it is given."""

    def __init__(self, series: Any) -> None:
        self.series = series
        self.fitted_on: Any = None

    def fit(self, dataset: Any) -> None:
        self.fitted_on = dataset

    def predict(self, dataset: Any, segment: Any = "test") -> Any:
        return self.series


def test_a_plain_model_gets_no_setting_but_its_seed() -> None:
    """What a base YAML sets for networks is none of its business."""
    members: list[Any] = [
        {"class": name, "module_path": "bad_parts", "kwargs": {"alpha": 2}} for name in ("PlainModel", "Seedless")
    ]
    mean = MeanModel([*members, {"class": "GRUModel", "module_path": "qlib_mfgru.model"}], batch_size=7, seed=3)
    plain, seedless, ours = mean.members
    assert (plain.seed, plain.alpha, seedless.alpha) == (3, 2, 2)
    assert (ours.settings.batch_size, ours.settings.seed) == (7, 3)


def test_a_member_that_prefers_no_stock_counts_as_zero() -> None:
    index = pd.MultiIndex.from_product([[pd.Timestamp("2025-01-02")], list("abc")], names=["datetime", "instrument"])
    constant, other = pd.Series(7.0, index), pd.Series([1.0, 2.0, 3.0], index)
    got = mean_of_scores([constant, other]).to_numpy()
    np.testing.assert_allclose(got, [-np.sqrt(1.5) / 2, 0.0, np.sqrt(1.5) / 2], rtol=1e-12)


def test_by_hand() -> None:
    """z-scores (population deviation): (1, 2, 3) -> (-1.2247, 0, 1.2247), (0, 0, 3) -> (-0.7071, -0.7071, 1.4142)."""
    one = scores([("2020-01-02", "A", 1.0), ("2020-01-02", "B", 2.0), ("2020-01-02", "C", 3.0)])
    other = scores([("2020-01-02", "A", 0.0), ("2020-01-02", "B", 0.0), ("2020-01-02", "C", 3.0)])
    got = mean_of_scores([one, other])
    assert got.name == "score"
    assert got.index.equals(one.index)
    np.testing.assert_allclose(got, [-0.9659, -0.3536, 1.3195], atol=1e-4)


def test_scales_and_shifts_of_a_members_days_do_not_matter() -> None:
    random = np.random.default_rng(0)
    days = [f"2020-01-{day:02d}" for day in range(1, 4)]
    one, other = (scores([(d, c, random.standard_normal()) for d in days for c in "ABCDE"]) for _ in range(2))
    factor = one.index.get_level_values("datetime").day.to_numpy()
    moved = one * 1000.0 * factor + 5.0 * factor
    pd.testing.assert_series_equal(mean_of_scores([moved, other]), mean_of_scores([one, other]))


def test_stocks_that_a_member_does_not_score_are_left_out() -> None:
    """Members are z-scored over the stocks that all of them score."""
    one = scores([("2020-01-02", "A", 1.0), ("2020-01-02", "B", 3.0), ("2020-01-02", "C", 1000.0)])
    other = scores([("2020-01-02", "B", 7.0), ("2020-01-02", "A", 9.0), ("2020-01-03", "A", 1.0)])
    got = mean_of_scores([one, other])
    assert set(got.index) == {(pd.Timestamp("2020-01-02"), code) for code in "AB"}
    np.testing.assert_allclose(got, [0.0, 0.0], atol=1e-12)


def test_a_score_that_is_not_known_is_none() -> None:
    """As where its row is missing: others' z-scores are over the stocks that all members score."""
    known = scores([("2020-01-02", code, value) for code, value in (("A", 1.0), ("B", 2.0), ("C", 9.0))])
    other = scores([("2020-01-02", code, value) for code, value in (("A", 3.0), ("B", 1.0), ("C", np.nan))])
    pd.testing.assert_series_equal(mean_of_scores([known, other]), mean_of_scores([known.iloc[:2], other.iloc[:2]]))


def test_an_infinite_score_is_none() -> None:
    """Else that member would count as nothing on the whole date."""
    known = scores([("2020-01-02", code, value) for code, value in (("A", 1.0), ("B", 2.0), ("C", 9.0))])
    other = scores([("2020-01-02", code, value) for code, value in (("A", 3.0), ("B", 1.0), ("C", np.inf))])
    pd.testing.assert_series_equal(mean_of_scores([known, other]), mean_of_scores([known.iloc[:2], other.iloc[:2]]))
    np.testing.assert_allclose(mean_of_scores([other, other]), [1.0, -1.0], rtol=1e-12)


ROWS = [("2020-01-02", "A", 1.0), ("2020-01-02", "B", 3.0), ("2020-01-03", "B", 8.0), ("2020-01-03", "A", 6.0)]


def mean_with(member: Any) -> pd.Series:
    """Of a member by date and stock, and of another one of the same scores."""
    nothing: Any = None
    return MeanModel([Fixed(scores(ROWS)), Fixed(member)]).predict(nothing)


@pytest.mark.parametrize("form", [pd.Series.swaplevel, lambda series: series.iloc[[3, 0, 2, 1]].swaplevel()])
def test_a_member_whose_rows_are_in_another_order(form: Callable[[pd.Series], pd.Series]) -> None:
    expected = scores([(day, code, 1.0 if code == "B" else -1.0) for day, code, _ in ROWS])
    pd.testing.assert_series_equal(mean_with(form(scores(ROWS))).sort_index(), expected.sort_index())


@pytest.mark.parametrize(
    ("form", "found"),
    [
        (lambda series: series.rename_axis([None, None]), "a Series over [None, None]"),
        (lambda series: series.to_frame("score"), "a DataFrame over ['datetime', 'instrument']"),
        (lambda series: series.droplevel("datetime"), "a Series over ['instrument']"),
    ],
)
def test_a_member_whose_prediction_is_none_is_named(form: Callable[[pd.Series], Any], found: str) -> None:
    """Rows that nothing tells apart by date and stock would be averaged with others', or end in a traceback."""
    with pytest.raises(InputError) as error:
        mean_with(form(scores(ROWS)))
    assert str(error.value) == (
        f"members[1]: the model's predict must return a Series over (datetime, instrument), and returns {found}"
    )


def test_members_are_fitted_and_asked_one_by_one() -> None:
    members = [Fixed(scores([("2020-01-02", "A", 1.0), ("2020-01-02", "B", float(i))])) for i in (0, 5)]
    model = MeanModel(members)
    dataset = object()
    model.fit(dataset)  # type: ignore[arg-type]
    assert [member.fitted_on for member in members] == [dataset, dataset]
    np.testing.assert_allclose(model.predict(dataset), [0.0, 0.0], atol=1e-12)  # type: ignore[arg-type]


def test_daily_and_minute_models_from_configs(dataset: MultiFreqDataset) -> None:
    """The baseline that an incremental model must beat: as if both had been trained alone."""
    configs = [
        {"class": "GRUModel", "module_path": "qlib_mfgru.model", "kwargs": {"freq": freq, **FAST}}
        for freq in ("day", "15min")
    ]
    model = MeanModel(configs)
    model.fit(dataset)
    alone = []
    for freq in ("day", "15min"):
        member = GRUModel(freq=freq, **FAST)
        member.fit(dataset)
        alone.append(member.predict(dataset).astype(np.float64))
    got = model.predict(dataset)
    assert got.index.equals(alone[0].index)
    for day in got.index.unique("datetime"):
        of_day = [part.loc[day].to_numpy() for part in alone]
        expected = sum((part - part.mean()) / np.sqrt(((part - part.mean()) ** 2).mean()) for part in of_day) / 2
        np.testing.assert_allclose(got.loc[day], expected, atol=1e-5)
