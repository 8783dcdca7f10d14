"""``StudySettings``: what a study file says, checked before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, model_validator

from qlib_mfgru.errors import InputError
from qlib_mfgru.factor.settings import FactorTestSettings
from qlib_mfgru.portfolio.settings import IndexEnhancementSettings
from qlib_mfgru.portfolio.value_types import TurnoverLimits
from qlib_mfgru.refusals import refuse_unknown, within
from qlib_mfgru.rolling.model import RollingEnsembleModel
from qlib_mfgru.rolling.settings import RollingSettings
from qlib_mfgru.settings import Distinct, Folder, Len, Listed, Names, Seed, Settings, Text, checked
from qlib_mfgru.study.page.words import Language

_BESIDE = {"seeds": "seeds", "model": "models"}
"""What of a `RollingEnsembleModel` a study says elsewhere: its setting -> the study's."""
_OF_TASK = ("dataset", "model", "record")


def _by_name(indices: Any) -> Any:
    return indices if isinstance(indices, Mapping) else dict.fromkeys(checked(Annotated[Names, Distinct], "", indices))


def _html(path: Any) -> Any:
    if path.suffix != ".html":
        raise ValueError("must end in .html")
    return path


def _name(name: str) -> str:
    if "=" in name:
        raise ValueError("must have no `=` in its name")
    if not name.isprintable():
        raise ValueError("must have no line breaks, tabs or the like in its name")
    return name


class CorrelationSettings(Settings):
    """Of figure 33; how factors are preprocessed is said in `factor_test`."""

    pool: Text = "all"


class EnhancementsSettings(Settings):
    """Portfolios of each model around each index (figures 34 to 49).

    Attributes
    ----------
    indices : sequence of str, or mapping of str to mapping
        Each with further settings of `IndexEnhancementSettings`, if it has any.
    models : sequence of str, optional
        Names of models; by default all.
    turnover_limits : sequence of float, optional
        By default the Huatai report's for each index.
    """

    indices: Annotated[dict[Text, dict[Text, Any] | None], BeforeValidator(_by_name), Len(1)]
    models: Annotated[Names, Len(1), Distinct] | None = None
    turnover_limits: TurnoverLimits | None = None

    def of_index(self, index: str) -> dict[str, Any]:
        """Keyword arguments of the index's record."""
        limits = {} if self.turnover_limits is None else {"turnover_limits": list(self.turnover_limits)}
        return {"index": index, **limits, **(self.indices[index] or {})}

    def check_records(self) -> None:
        """Check what each index's record is given."""
        for index, own in self.indices.items():
            with within(f"enhancements.indices.{index}"):
                if "index" in (own or {}):
                    raise InputError("has a setting index: which it is, its name says")
                IndexEnhancementSettings(**self.of_index(index))


class PageSettings(Settings):
    """The page at the end, as of `report`."""

    out: Annotated[Folder, AfterValidator(_html)]
    lang: Language = "en"
    title: Text | None = None


class StudySettings(Settings):
    """A study; each part but the models may be left out.

    Attributes
    ----------
    experiment_name : str
    task : mapping
        `dataset`, on which all is run, and `model`, which models without a file of their own begin with.
    models : mapping of str to str or mapping
        By the names that tables call them: a workflow's YAML, ``{class, module_path, kwargs}``, or ``{recorder: id}``.
    qlib_init : mapping, optional
        Arguments of ``qlib.init``; without them qlib must be initialised.
    rolling : mapping, optional
        Settings of `RollingEnsembleModel`.
    seeds : sequence of int, optional
        Several are the members of the rolling ensemble.
    factor_test : FactorTestSettings, optional
    correlation : CorrelationSettings, optional
    enhancements : EnhancementsSettings, optional
    page : PageSettings, optional
    """

    experiment_name: Text
    task: dict[Text, Any]
    models: Annotated[dict[Annotated[Text, AfterValidator(_name)], Text | dict[Text, Any]], Len(1)]
    qlib_init: dict[Text, Any] | None = None
    rolling: dict[Text, Any] | None = None
    seeds: Annotated[tuple[Seed, ...], Listed, Len(1), Distinct] | None = None
    factor_test: dict[Text, Any] | None = None
    correlation: CorrelationSettings | None = None
    enhancements: EnhancementsSettings | None = None
    page: PageSettings | None = None

    @property
    def enhanced(self) -> tuple[str, ...]:
        """Names of the models that have portfolios."""
        if self.enhancements is None:
            return ()
        return self.enhancements.models or tuple(self.models)

    @model_validator(mode="after")
    def _consistent(self) -> StudySettings:
        with within("task"):
            refuse_unknown(self.task, _OF_TASK)
        if "dataset" not in self.task:
            raise ValueError("task.dataset is missing: name it, or a BASE_CONFIG_PATH that has one")
        if self.rolling is None and self.seeds is not None and len(self.seeds) > 1:
            raise ValueError("seeds are several and rolling is left out: set rolling, whose ensemble they make")
        unknown = [name for name in self.enhanced if name not in self.models]
        if unknown:
            raise ValueError(f"enhancements.models names {unknown[0]}, which is none of {', '.join(self.models)}")
        with within("rolling"):
            _check_rolling(self.rolling or {})
        with within("factor_test"):
            FactorTestSettings(**(self.factor_test or {}))
        if self.enhancements is not None:
            self.enhancements.check_records()
        return self


def _check_rolling(rolling: Mapping[str, Any]) -> None:
    """Check settings of a `RollingEnsembleModel`; those of the models in it stand in `task.model` and in `models`."""
    for own in rolling.keys() & _BESIDE:
        raise InputError(f"has {own}: write them beside it, under {_BESIDE[own]}")
    parameters = signature(RollingEnsembleModel).parameters
    defaults = {name: parameters[name].default for name in RollingSettings.model_fields}
    refuse_unknown(rolling, [name for name in defaults if name not in _BESIDE])
    RollingSettings.of(**{**defaults, **rolling})
