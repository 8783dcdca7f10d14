"""``ExpressionModel``: a qlib expression as a model, known from bars up to the day alone."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from qlib.data import D
from qlib.workflow import R
from tiny_world import DAYS

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.model import ExpressionModel

REVERSAL = "1 - $close / Ref($close, 20)"


def test_the_score_is_the_expression(dataset: MultiFreqDataset) -> None:
    model = ExpressionModel(REVERSAL)
    model.fit(dataset)
    score = model.predict(dataset)
    close = D.features(D.instruments("all"), ["$close"])["$close"]
    expected = (1 - close / close.groupby("instrument").shift(20)).swaplevel().sort_index()
    expected = expected.loc[DAYS[130] : DAYS[159]].rename("score")
    assert score.index.names == ["datetime", "instrument"]
    assert len(score) == 30 * 30
    pd.testing.assert_series_equal(score.sort_index(), expected, rtol=1e-5, check_dtype=False)


def test_members_alone_have_a_score(dataset: MultiFreqDataset) -> None:
    dataset.handler.config(instruments=["SH600003", "SH600001"])
    score = ExpressionModel(REVERSAL).predict(dataset, (DAYS[10], DAYS[21]))
    assert sorted(set(score.index.get_level_values("instrument"))) == ["SH600001", "SH600003"]
    assert sorted(set(score.index.get_level_values("datetime"))) == [DAYS[20], DAYS[21]], "unknown before the 20th day"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("Ref($close, -1) / $close", "expression is 'Ref($close, -1) / $close': it looks 1 days ahead"),
        ("$close / $pe", r"expression is '$close / $pe': the provider .* has no $pe at day"),
        ("$close +", "expression is '$close +': qlib cannot read it"),
        ("", "expression is '': must not be empty"),
    ],
)
def test_what_cannot_be_a_score(dataset: MultiFreqDataset, expression: str, message: str) -> None:
    with pytest.raises(InputError) as refused:
        ExpressionModel(expression)
    for part in message.split(" .* "):
        assert part in str(refused.value)


def test_days_without_trading_are_said(dataset: MultiFreqDataset) -> None:
    with pytest.raises(InputError, match=r"there is no trading day in 2099-01-01 .. 2099-02-01"):
        ExpressionModel(REVERSAL).predict(dataset, ("2099-01-01", "2099-02-01"))


def test_a_recorder_has_the_expression(dataset: MultiFreqDataset) -> None:
    with R.start(experiment_name="expressions"):
        model = ExpressionModel(REVERSAL)
        model.fit(dataset)
        recorder = R.get_recorder()
    assert recorder.list_params()["expression"] == REVERSAL
    again = pickle.loads(pickle.dumps(model))
    assert again.predict(dataset).equals(model.predict(dataset))
    assert repr(again) == f"<ExpressionModel {REVERSAL}>"


def test_another_dataset_is_refused(tiny_qlib: Path) -> None:
    with pytest.raises(InputError, match="MultiFreqDataset"):
        ExpressionModel(REVERSAL).fit(np.empty(0))  # type: ignore[arg-type]
