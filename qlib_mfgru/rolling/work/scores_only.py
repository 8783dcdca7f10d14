"""``ScoresOnly``: what stands for a model that its unit does not keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from qlib_mfgru.errors import InputError

if TYPE_CHECKING:  # qlib is untyped, and a class derived from its Model would pass for anything

    class Model: ...

else:
    from qlib.model.base import Model


class ScoresOnly(Model):
    """A model whose scores of its test are all that an earlier run has kept.

    Parameters
    ----------
    name : str
        Of its class.
    key : str
        Of its unit.
    """

    def __init__(self, name: str, key: str) -> None:
        self.name, self.key = name, key

    def fit(self, *_: Any, **__: Any) -> NoReturn:
        """Refused, as `predict`."""
        self.predict()

    def predict(self, *_: Any, **__: Any) -> NoReturn:
        """There is nothing to predict with.

        Raises
        ------
        InputError
            What to do about it.
        """
        raise InputError(
            f"of unit {self.key} only the scores of its test are kept, since {self.name} does not say what it has "
            f"learnt (`Member.state`): to predict anything else run `mfgru units --clear {self.key}`, and fit again"
        )
