"""The settings that a qrun left in a recorder, without the objects that qlib's trainer put among them."""

from __future__ import annotations

import pickle
from typing import Any

_PLAIN = {
    "builtins": {"set", "frozenset", "complex", "bytearray", "slice", "range"},
    "collections": {"OrderedDict", "defaultdict"},
    "datetime": {"date", "datetime", "time", "timedelta", "timezone"},
}
"""Module -> classes of values that settings may have, beside dict, list, text and numbers."""


class Left:
    """Stands for an object that is not read: its class is not imported, and none of its code runs."""

    def __new__(cls, *_: Any, **__: Any) -> Left:
        return super().__new__(cls)

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __call__(self, *_: Any, **__: Any) -> Left:
        return self

    def __setstate__(self, state: Any) -> None:
        pass

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def append(self, item: Any) -> None:
        """As of a list; nothing is kept."""

    def extend(self, items: Any) -> None:
        """As of a list; nothing is kept."""


class PlainUnpickler(pickle.Unpickler):
    """Reads plain values; any other object becomes a `Left`.

    A trained model stands in its own task, since qlib's trainer replaces ``<MODEL>`` in place: reading it would import
    torch for the sake of two lines of settings.
    """

    def find_class(self, module: str, name: str) -> Any:
        """The class where it is of plain values, else `Left`."""
        return super().find_class(module, name) if name in _PLAIN.get(module, ()) else Left
