"""The progress over units: how many are done, how well they validate, how long the rest will take."""

from __future__ import annotations

from collections.abc import Mapping

from tqdm.auto import tqdm

from qlib_mfgru.nn import METRIC_TITLES, MetricName
from qlib_mfgru.numerals import numeral
from qlib_mfgru.rolling.work.about import validation_of
from qlib_mfgru.rolling.work.files import DamagedUnit
from qlib_mfgru.rolling.work.store import UnitStore
from qlib_mfgru.rolling.work.units import Unit
from qlib_mfgru.rolling.work.workers import Outcome

_FORMAT = "{desc}: {percentage:3.0f}%|{bar}| {elapsed} elapsed, {remaining} left{postfix}"


class UnitProgress:
    """A progress bar over all units, as a context manager.

    It advances by a unit's number of training dates, so that the estimate of the time left allows for growing windows.
    Units that an earlier run finished count as done, but not towards the speed.

    Parameters
    ----------
    dates : mapping of str to int
        Key of every unit -> how many training dates it has.
    store : UnitStore
        Where the finished ones are.
    """

    def __init__(self, dates: Mapping[str, int], store: UnitStore) -> None:
        self.dates, self.store = dates, store
        self.validations = {key: validation_of(kept.about) for key in dates if (kept := store.get(key)) is not None}
        self.failed = 0
        done = sum(dates[key] for key in self.validations)
        self._bar = tqdm(total=sum(dates.values()), initial=done, smoothing=0, bar_format=_FORMAT)
        self._show()

    def __enter__(self) -> UnitProgress:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def update(self, outcome: Outcome) -> None:
        """Count a unit that has ended."""
        unit = outcome.unit
        if unit.key not in self.validations:  # else it was trained before, and has only predicted
            self._bar.n += self.dates[unit.key]
        if outcome.failure is None:
            self.validations[unit.key] = self._validation(unit.key)
            self._show(unit)
        else:
            self.failed += 1
            self._show()

    def _show(self, latest: Unit | None = None) -> None:
        failed = f", {self.failed} failed" if self.failed else ""
        self._bar.set_description_str(f"units {len(self.validations)}/{len(self.dates)}{failed}", refresh=False)
        self._bar.set_postfix_str(", ".join(text for name in METRIC_TITLES if (text := self._mean(name, latest))))

    def _mean(self, name: MetricName, latest: Unit | None) -> str:
        """The mean of a metric over the finished units, and the latest one's; empty if none validates by it."""
        values = [validation[name] for validation in self.validations.values() if name in validation]
        if not values:
            return ""
        shown = f"validation {METRIC_TITLES[name]} {numeral(sum(values) / len(values), '.4f')}"
        if latest is None or name not in self.validations[latest.key]:
            return shown
        value = self.validations[latest.key][name]
        return f"{shown} (fold {latest.fold.number}, seed {latest.seed}: {numeral(value, '.4f')})"

    def _validation(self, key: str) -> dict[MetricName, float]:
        try:
            return validation_of(self.store.about(key))
        except DamagedUnit:  # or removed meanwhile: it is found out when all units are read
            return {}
