"""A vendor's session that is opened when it is needed, again after it broke, and asked again after a pause."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from multiprocessing.util import Finalize
from typing import TypeVar

from qlib_mfgru.live.collecting.source import Busy, Expired, Source, SourceSettings, Unreachable, source_class

T = TypeVar("T")


class Connection:
    """Questions to a vendor, one after the other.

    Attributes
    ----------
    asked : int
        Questions that were answered.
    retried : Counter
        How often a question was repeated, by what was wrong.
    """

    def __init__(self, settings: SourceSettings) -> None:
        self._settings = settings
        self._source: Source | None = None
        self.asked = 0
        self.retried: Counter[str] = Counter()

    def ask(self, question: Callable[[Source], T]) -> T:
        """The answer, as often as it has to be asked for.

        Raises
        ------
        Unreachable
            There was none within the settings' patience.
        Refused, InputError
            No repetition would help.
        """
        pauses = self._settings.patience.pauses()
        renewed = False
        while True:
            try:
                if self._source is None:
                    self._source = source_class(self._settings.name)(self._settings.address)
                answer = question(self._source)
            except Unreachable as error:
                if not isinstance(error, Busy):
                    self._drop()
                self.retried[str(error)] += 1
                if isinstance(error, Expired) and not renewed:
                    renewed = True
                    continue
                pause = next(pauses, None)
                if pause is None:
                    raise
                time.sleep(pause)
            else:
                self.asked += 1
                return answer

    def spent(self) -> tuple[int, Counter[str]]:
        """Questions and repetitions since the last call."""
        spent = self.asked, self.retried
        self.asked, self.retried = 0, Counter()
        return spent

    def close(self) -> None:
        """End the session; the next question opens another."""
        if self._source is not None:
            self._source.close()
            self._source = None

    def _drop(self) -> None:
        """Leave a session of which nobody knows what it is about to say."""
        source, self._source = self._source, None
        if source is not None:
            source.close(broken=True)


@lru_cache(maxsize=1)
def connection(settings: SourceSettings) -> Connection:
    """This process's connection; it is closed when the process ends."""
    opened = Connection(settings)
    Finalize(None, opened.close, exitpriority=1)
    return opened
