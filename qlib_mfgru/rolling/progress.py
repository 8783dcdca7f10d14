"""The display over units: how many are done, how well they validate, how long it will take."""

from __future__ import annotations

import math
from collections.abc import Mapping

from tqdm.auto import tqdm

from qlib_mfgru.rolling.store import UnitStore
from qlib_mfgru.rolling.units import Unit
from qlib_mfgru.rolling.workers import Outcome

_FORMAT = "{desc}: {percentage:3.0f}%|{bar}| {elapsed} gone, {remaining} left{postfix}"


class UnitProgress:
    """A progress bar over all units, as a context manager.

    It advances by the training dates that a unit holds, so that the time left allows for windows that grow; what an
    earlier run finished counts as done, and not for the speed.

    Parameters
    ----------
    dates : mapping of Unit to int
        All units, and how many training dates each has.
    store : UnitStore
        Where the finished ones are.
    """

    def __init__(self, dates: Mapping[str, int], store: UnitStore) -> None:
        self.dates, self.store = dates, store
        self.done = [key for key in dates if key in store]
        self.failed = 0
        begun = sum(dates[key] for key in self.done)
        self._bar = tqdm(total=sum(dates.values()), initial=begun, smoothing=0, bar_format=_FORMAT)
        self._show()

    def __enter__(self) -> UnitProgress:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def update(self, outcome: Outcome) -> None:
        """Count a unit that has ended."""
        if outcome.failure is None:
            self.done.append(outcome.unit.key)
        else:
            self.failed += 1
        self._show(outcome.unit)

    def _show(self, last: Unit | None = None) -> None:
        failed = f", {self.failed} failed" if self.failed else ""
        self._bar.set_description_str(f"units {len(self.done)}/{len(self.dates)}{failed}", refresh=False)
        ics = [ic for ic in map(self._valid_ic, self.done) if not math.isnan(ic)]
        text = f"validation IC {sum(ics) / len(ics):.4f}" if ics else ""
        if last is not None and last.key in self.store:
            text += f" (fold {last.fold.number}, seed {last.seed}: {self._valid_ic(last.key):.4f})"
        self._bar.set_postfix_str(text, refresh=False)
        self._bar.update(0 if last is None else self.dates[last.key])
        self._bar.refresh()

    def _valid_ic(self, key: str) -> float:
        return float(self.store.about(key)["valid_ic"])
