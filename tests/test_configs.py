"""qlib's configs: what they may name, and that nothing in them is ignored."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from qlib.contrib.model.linear import LinearModel
from qlib.model.base import Model

from qlib_mfgru.configs import built, with_kwargs
from qlib_mfgru.errors import InputError

LINEAR: dict[str, Any] = {"class": "LinearModel", "module_path": "qlib.contrib.model.linear"}


def test_a_config_becomes_what_it_names() -> None:
    model = built({**LINEAR, "kwargs": {"estimator": "ridge"}}, Model, "model")
    assert isinstance(model, LinearModel)
    assert model.estimator == "ridge"
    assert isinstance(built({"class": "qlib.contrib.model.linear.LinearModel"}, Model, "model"), LinearModel)
    assert isinstance(built({"class": LinearModel}, Model, "model"), LinearModel)
    assert isinstance(built("qlib.contrib.model.linear.LinearModel", Model, "model"), LinearModel)
    assert built(model, Model, "model") is model


def test_a_pickle_must_hold_the_kind_too(tmp_path: Path) -> None:
    """``file://...`` is how qlib.contrib.rolling hands over the handler that it has saved."""
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(LinearModel(estimator="ridge")))
    assert isinstance(built(f"file://{tmp_path}/model.pkl", Model, "model"), LinearModel)
    (tmp_path / "list.pkl").write_bytes(pickle.dumps([1]))
    with pytest.raises(InputError, match=r"^model is a list: must be a Model$"):
        built(f"file://{tmp_path}/list.pkl", Model, "model")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({**LINEAR, "kwargs": {"alfa": 0.5}}, "model: LinearModel got an unexpected keyword argument 'alfa'"),
        ({**LINEAR, "kwarg": {}}, "unknown setting 'model.kwarg'; did you mean 'kwargs'?"),
        ({"class": "init_instance_by_config", "module_path": "qlib.utils"}, "model.class is 'init_instance_by_config': "
         "must be a Model"),
        ({"class": "LinearModel"}, "model.class is 'LinearModel': no such class (None is passed in as parameters as "
         "module_path)"),
        (None, "model is None: must be a Model or a config with class, module_path, kwargs"),
    ],
)  # fmt: skip
def test_what_is_refused(config: Any, message: str) -> None:
    with pytest.raises(InputError) as refused:
        built(config, Model, "model")
    assert str(refused.value) == message


def test_own_keyword_arguments_come_before_defaults() -> None:
    config = with_kwargs({**LINEAR, "kwargs": {"estimator": "ridge"}}, {"estimator": "ols", "alpha": 0.5}, "model")
    assert config == {**LINEAR, "kwargs": {"estimator": "ridge", "alpha": 0.5}}
