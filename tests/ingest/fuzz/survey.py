"""Many recipes, for some seconds; the failures by kind, each with the shortest recipe for it."""

from __future__ import annotations

import re
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from .outcome import play_in
from .recipes import Recipe, recipes

BATCH = 50
QUIET = settings(
    max_examples=BATCH, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)


@dataclass
class Survey:
    """What came of the recipes so far.

    Attributes
    ----------
    outcomes : Counter
        Of ``stored`` and ``refused`` by layout, and of failures.
    failures : dict of str to Recipe
        By what went wrong, the shortest recipe with which it does.
    """

    folder: Path
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: dict[str, Recipe] = field(default_factory=dict)

    def run(self, seconds: float) -> Survey:
        """Play the recipes of the seeds 0, 1, 2 ... until the time is over: the same ones in the same order."""
        end, number = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            self._batch(number, end)
            number += 1
        return self

    def _batch(self, number: int, end: float) -> None:
        @seed(number)
        @QUIET
        @given(recipes())
        def batch(recipe: Recipe) -> None:
            if time.monotonic() < end:
                self._play(recipe)

        batch()

    def _play(self, recipe: Recipe) -> None:
        fault = fault_of(recipe, self.folder)
        if fault in ("stored", "refused"):
            self.outcomes[recipe.layout, fault] += 1
            return
        self.outcomes[recipe.layout, "failed"] += 1
        if fault not in self.failures or len(self.failures[fault].mutations) > len(recipe.mutations):
            self.failures[fault] = self._shortest(recipe, fault)

    def _shortest(self, recipe: Recipe, fault: str) -> Recipe:
        """The recipe without the mutations that it does not need."""
        for number in reversed(range(len(recipe.mutations))):
            if fault_of(recipe.without(number), self.folder) == fault:
                recipe = recipe.without(number)
        return recipe

    def __str__(self) -> str:
        lines = [f"{layout:<26} {outcome:<8} {count}" for (layout, outcome), count in sorted(self.outcomes.items())]
        return "\n".join(lines + [f"{fault}\n    {recipe}" for fault, recipe in sorted(self.failures.items())])


def fault_of(recipe: Recipe, folder: Path) -> str:
    """``stored`` or ``refused``, else what went wrong, without the numbers that depend on the recipe."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return "stored" if play_in(recipe, folder) is None else "refused"
    except AssertionError as error:
        return _kind(str(error).strip().split("\n")[0])
    except Exception as error:
        ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "qlib_mfgru/" in frame.filename]
        place = f"{ours[-1].filename.partition('qlib_mfgru/')[2]}:{ours[-1].lineno}" if ours else "outside"
        return f"{type(error).__name__} in {place}: {_kind(str(error))[:150]}"


def _kind(message: str) -> str:
    """A message without its numbers, stocks and quoted text."""
    text = re.sub(r"'[^']*'|\"[^\"]*\"", "'...'", message)
    text = re.sub(r"\b(?:sh|sz|bj|SH|SZ|BJ)\d{6}\b", "STOCK", text)
    return re.sub(r"[\[\]., +-]*(?:\d|\bnan\b|\binf\b)[\[\]\d., +e-]*", "#", text).replace("##", "#").strip()[:150]
