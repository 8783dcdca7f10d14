"""Weights that a fit begins with, and the windows that they were fitted for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from qlib_mfgru.data.handler import MultiFreqHandler
from qlib_mfgru.errors import InputError
from qlib_mfgru.nn import ScoringNet


@dataclass(frozen=True, eq=False)
class WarmStart:
    """Weights of an earlier fit.

    Attributes
    ----------
    weights : dict of str to Tensor
    reading : mapping
        As of `MultiFreqHandler.reading`.
    """

    weights: dict[str, torch.Tensor]
    reading: Mapping[str, Any]

    def give_to(self, net: ScoringNet, handler: MultiFreqHandler) -> None:
        """Load the weights into a network that will read from `handler`.

        Raises
        ------
        InputError
            Another network than theirs, or other windows.
        """
        check_reading(self.reading, handler, "the weights to start from were")
        try:
            net.load_state_dict(self.weights)
        except RuntimeError as error:  # of several lines, the first of which names the class alone
            why = str(error).splitlines()[-1].strip()
            raise InputError(f"warm start: the weights are those of another network than this one: {why}") from None


def check_reading(fitted: Mapping[str, Any], handler: MultiFreqHandler, subject: str) -> None:
    """Refuse a handler whose windows are made in another way: networks would read them without a word.

    Parameters
    ----------
    fitted : mapping
        `MultiFreqHandler.reading` at the fit.
    handler : MultiFreqHandler
    subject : str
        What was fitted, as the message begins with it: ``GRUModel was``.

    Raises
    ------
    InputError
        Other fields, another order of them, another length or scale of the window, or another `clip`.
    """
    freqs = [name.removeprefix("inputs.") for name in fitted if name.startswith("inputs.")]
    for name, now in handler.reading(freqs).items():
        if now != fitted[name]:
            raise InputError(f"{subject} fitted with {name} {{{fitted[name]}}}; the handler's is {{{now}}}")
