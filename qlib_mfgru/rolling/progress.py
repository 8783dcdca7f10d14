"""The progress over units: how many are done, how well they validate, how long the rest will take."""

from __future__ import annotations

import math
from collections.abc import Mapping

from tqdm.auto import tqdm

from qlib_mfgru.rolling.store import UnitStore
from qlib_mfgru.rolling.workers import Outcome

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
        self.valid_ic = {key: self._valid_ic(key) for key in dates if key in store}
        self.failed = 0
        done = sum(dates[key] for key in self.valid_ic)
        self._bar = tqdm(total=sum(dates.values()), initial=done, smoothing=0, bar_format=_FORMAT)
        self._show("")

    def __enter__(self) -> UnitProgress:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def update(self, outcome: Outcome) -> None:
        """Count a unit that has ended."""
        unit = outcome.unit
        self._bar.n += self.dates[unit.key]
        if outcome.failure is None:
            self.valid_ic[unit.key] = self._valid_ic(unit.key)
            self._show(f" (fold {unit.fold.number}, seed {unit.seed}: {self.valid_ic[unit.key]:.4f})")
        else:
            self.failed += 1
            self._show("")

    def _show(self, latest: str) -> None:
        failed = f", {self.failed} failed" if self.failed else ""
        ics = [ic for ic in self.valid_ic.values() if not math.isnan(ic)]
        mean = f"validation IC {sum(ics) / len(ics):.4f}{latest}" if ics else ""
        self._bar.set_description_str(f"units {len(self.valid_ic)}/{len(self.dates)}{failed}", refresh=False)
        self._bar.set_postfix_str(mean)

    def _valid_ic(self, key: str) -> float:
        return float(self.store.about(key)["valid_ic"])
