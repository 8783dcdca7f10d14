"""`precision: bf16` of a model: it trains and predicts by it where the processor has it, and says so where not."""

from __future__ import annotations

import pytest
from qlib.log import get_module_logger
from tiny_world import FAST

from qlib_mfgru import native
from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.model import AttentionGRUModel, GRUModel

needs_bf16 = pytest.mark.skipif(native.library("bf16") is None, reason="no AVX-512 BF16 here, or no build for it")


@needs_bf16
@pytest.mark.parametrize("build", [GRUModel, AttentionGRUModel])
def test_a_model_trains_with_it_and_says_so(
    build: type[GRUModel], dataset: MultiFreqDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(get_module_logger("mfgru"), "info", said.append)
    scores = {}
    for precision in ("float32", "bf16", "bf16"):
        model = build(**FAST, precision=precision)
        model.fit(dataset)
        repeated = scores.get(precision)
        scores[precision] = model.predict(dataset)
        assert repeated is None or repeated.equals(scores[precision]), "a fit is repeated to the bit"
    assert [line for line in said if "GRU compiled in bf16 on cpu (" in line]
    assert not scores["bf16"].equals(scores["float32"])
    assert scores["bf16"].corr(scores["float32"], method="spearman") > 0.99


def test_where_it_is_not_had_float32_runs_and_a_warning_says_so(
    dataset: MultiFreqDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = native.library
    monkeypatch.setattr(native, "library", lambda precision="float32": there() if precision == "float32" else None)
    said: list[str] = []
    monkeypatch.setattr(get_module_logger("mfgru"), "warning", said.append)
    scores = {}
    for precision in ("float32", "bf16"):
        model = GRUModel(**FAST, precision=precision)
        model.fit(dataset)
        scores[precision] = model.predict(dataset)
    assert scores["bf16"].equals(scores["float32"])
    line = "precision bf16 is for the compiled GRU on a processor with AVX-512 BF16: float32 is used"
    assert [each for each in said if each == line], said


def test_another_word_is_refused() -> None:
    with pytest.raises(InputError, match="precision is 'half': must be one of 'float32', 'bf16'"):
        GRUModel(precision="half")
