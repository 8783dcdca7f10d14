"""``MeanModel``: the plain mean of several models, the baseline that an incremental model must beat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import numpy as np
import pandas as pd
from qlib.model.base import Model

from qlib_mfgru.configs import built, named_class, takes, with_kwargs
from qlib_mfgru.data.dataset import MultiFreqDataset, multi_freq
from qlib_mfgru.errors import InputError
from qlib_mfgru.model.member import Member, as_member
from qlib_mfgru.model.predicted import by_date
from qlib_mfgru.model.state import ModelState
from qlib_mfgru.model.training.run import begin_run, log_validation
from qlib_mfgru.nn import METRICS, MetricName
from qlib_mfgru.refusals import within
from qlib_mfgru.settings import Len, Listed, checked, refuse_unknown

Members = Annotated[tuple[Any, ...], Listed, Len(1)]


class MeanModel(Member):
    """Equal-weighted mean of separately trained models, over the stocks that all of them score.

    Parameters
    ----------
    members : sequence of Model or of their configs
    **settings
        Keyword arguments that every member of ours given as a config gets, unless it states its own. Of these another
        qlib Model gets its ``seed`` alone, if it takes one.

    Raises
    ------
    InputError
        What is wrong with a member or its settings, in one line.
    """

    def __init__(self, members: Sequence[Any], **settings: Any) -> None:
        listed = checked(Members, "members", members)
        self.tag = ""
        self.members: list[Model] = [
            built(member_config(member, settings, name), Model, name)
            for member, name in ((member, f"members[{number}]") for number, member in enumerate(listed))
        ]
        made = [member for member, given in zip(self.members, listed, strict=True) if member is not given]
        if not any(isinstance(member, Member) for member in made):  # there is none that they could go to
            refuse_unknown(settings, ["members", "seed"] if made else ["members"])

    @property
    def params(self) -> dict[str, Any]:
        """Settings that all members share, and ``member<k>_<name>`` for others."""
        own = [member.params for member in self._asked()]
        shared = {name: value for name, value in own[0].items() if all(value == other.get(name) for other in own)}
        others = {
            f"member{number}_{name}": value
            for number, params in enumerate(own, start=1)
            for name, value in params.items()
            if name not in shared
        }
        return shared | others | super().params

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {', '.join(map(repr, self.members))}>"

    @property
    def history(self) -> list[dict[str, Any]]:
        """The members' histories, each row with the number of its ``member``."""
        return [
            {"member": number, **row} for number, member in enumerate(self._asked(), start=1) for row in member.history
        ]

    @property
    def validation(self) -> Mapping[MetricName, float]:
        """The mean of every metric over the members that validate by it."""
        validations = [member.validation for member in self._asked()]
        values = {name: [valid[name] for valid in validations if name in valid] for name in METRICS}
        return {name: sum(known) / len(known) for name, known in values.items() if known}

    @property
    def starts_warm(self) -> bool:
        """Whether all members can."""
        return all(member.starts_warm for member in self._asked())

    def stage_freqs(self, dataset: MultiFreqDataset) -> list[tuple[str, ...]]:
        """As of `Member`: those of each member's stages, each set of them once; empty if a member does not say."""
        stages = [member.stage_freqs(dataset) for member in self._asked()]
        return list(dict.fromkeys(freqs for of_member in stages for freqs in of_member)) if all(stages) else []

    def check_inputs(self, dataset: MultiFreqDataset) -> None:
        """As of `Member`, for each member that says what it reads."""
        for member in self._asked():
            if member.stage_freqs(dataset):
                multi_freq(dataset, type(self).__name__)  # it names the mean
            member.check_inputs(dataset)

    def warm_start(self, earlier: Member) -> None:
        """Start the members' next fit from the weights of the earlier model's members."""
        if not isinstance(earlier, MeanModel) or len(earlier.members) != len(self.members):
            raise InputError(f"a mean of {len(self.members)} models cannot start from {type(earlier).__name__}")
        for member, before in zip(self._asked(), earlier._asked(), strict=True):
            member.warm_start(before)

    def state(self) -> ModelState | None:
        """As of `Member`; None if that of any member is."""
        states = [state for member in self._asked() if (state := member.state()) is not None]
        return ModelState.joined(states) if len(states) == len(self.members) else None

    def restore(self, state: ModelState) -> None:
        """As of `Member`, member by member."""
        for number, member in enumerate(self._asked()):
            member.restore(state.part(number))

    def fit(self, dataset: MultiFreqDataset) -> None:
        """Fit every member on its own; what a network logs to the recorder is prefixed with ``member<k>_``."""
        self.check_inputs(dataset)
        begin_run(self, dataset)
        for number, member in enumerate(self._asked(), start=1):
            member.tag = f"{self.tag}member{number}_"
            member.fit(dataset)
        log_validation(self)

    def _asked(self) -> list[Member]:
        return [as_member(member) for member in self.members]

    def predict(self, dataset: MultiFreqDataset, segment: str | slice | Sequence[Any] = "test") -> pd.Series:
        """Mean of the members' scores, each z-scored per date, since their scales are arbitrary under an IC loss.

        Raises
        ------
        InputError
            A member, which may be of another package, predicts what is no Series over (datetime, instrument).
        """
        return mean_of_scores([self._scores(number, dataset, segment) for number in range(len(self.members))])

    def _scores(self, number: int, dataset: MultiFreqDataset, segment: str | slice | Sequence[Any]) -> pd.Series:
        scores = self.members[number].predict(dataset, segment)
        with within(f"members[{number}]"):
            return by_date(scores)


def member_config(member: Any, settings: Mapping[str, Any], name: str) -> Any:
    """The config of a mean's member with what it gets of the mean's settings; a Model is returned as it is."""
    if isinstance(member, Model):
        return member
    kind: type = named_class(member, Model, name)
    plain = {name: value for name, value in settings.items() if name == "seed" and takes(kind, name)}
    return with_kwargs(member, settings if issubclass(kind, Member) else plain, name)


def own_seeds(config: Mapping[str, Any], name: str) -> Iterator[str]:
    """Names of a mean's members that have a seed of their own, which no seed of the mean replaces; of others none."""
    if not issubclass(named_class(config, Model, name), MeanModel):
        return
    for number, member in enumerate((config.get("kwargs") or {}).get("members", ())):
        place = f"{name}: members[{number}]"
        if isinstance(member, Mapping) and "seed" not in (member.get("kwargs") or {}):
            yield from own_seeds(member, place)
        elif isinstance(member, (Mapping, Member)):
            yield place


def mean_of_scores(scores: Sequence[pd.Series]) -> pd.Series:
    """Equal-weighted mean of scores (datetime, instrument) after a z-score per date, where all are known.

    A member that gives all stocks of a date the same score has no preference and counts as 0. An infinite score is not
    known.
    """
    frame = pd.concat(scores, axis=1, join="inner", keys=range(len(scores))).replace([np.inf, -np.inf], np.nan).dropna()
    dates = frame.groupby(level="datetime")
    std = dates.transform("std", ddof=0)
    return ((frame - dates.transform("mean")) / std.where(std > 0, np.inf)).mean(axis=1).rename("score")
