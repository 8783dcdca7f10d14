"""Records of a qrun that cannot be made are refused before the fit, not after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from qlib.workflow import R
from tiny_world import FAST

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.model import GRUModel


def config(name: str, room: str, **kwargs: Any) -> dict[str, Any]:
    return {"class": name, "module_path": f"qlib_mfgru.{room}", "kwargs": kwargs}


ENHANCEMENT = {"index": "csi300", "constraints": [config("FullInvestment", "portfolio")]}


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (
            config("FactorTestRecord", "factor", pools=["csi9"]),
            r"^pools: unknown market 'csi9'; the provider .* has \[",
        ),
        (config("FactorTestRecord", "factor", layers=3), r"^unknown setting 'layers'; did you mean 'n_layers'\?$"),
        (
            config("FactorTestRecord", "factor", pools=["all"]),
            r"has no \$is_st for excluding st, \$limit_up for excluding limit_up, \$industry, \$market_cap for "
            r"neutralising: set exclude: \[suspended\], neutralize: \[\], or ingest them \(its mapping needs st, "
            r"industry, float_shares or market_cap\)$",
        ),
        (
            config("IndexEnhancementRecord", "portfolio", **ENHANCEMENT),
            r"^index: unknown market 'csi300'; the provider",
        ),
    ],
)
def test_what_a_record_lacks_is_said_before_training(
    tiny_qlib: Path, dataset: MultiFreqDataset, monkeypatch: pytest.MonkeyPatch, record: dict[str, Any], message: str
) -> None:
    model = GRUModel("15min", **FAST)
    monkeypatch.setattr(model, "fresh", lambda _: pytest.fail("it trains"))
    signal = {"class": "SignalRecord", "module_path": "qlib.workflow.record_temp", "kwargs": {"model": "<MODEL>"}}
    with R.start(experiment_name="ahead"):
        R.save_objects(task={"record": [signal, record]})
        with pytest.raises(InputError, match=message):
            model.fit(dataset)


def test_a_fit_without_records_goes_on(tiny_qlib: Path, dataset: MultiFreqDataset) -> None:
    model = GRUModel("15min", **FAST)
    with R.start(experiment_name="ahead"):
        model.fit(dataset)
    assert model.history
