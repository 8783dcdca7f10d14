"""Our figure beside the Huatai report's, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from qlib_mfgru.numerals import numeral
from qlib_mfgru.report.markdown import FORMATS
from qlib_mfgru.study.page.words import Words


def compared(name: str, ours: float, printed: float, words: Words, short: bool = False) -> str:
    """Such as ``1.2 points above the report's 10.22 %``; empty where one of the two is unknown.

    Parameters
    ----------
    name : str
        Column of a table: fractions are compared in percentage points, ratios as they are.
    ours, printed : float
    words : Words
    short : bool
        Without saying whose the other figure is.
    """
    if not (np.isfinite(ours) and np.isfinite(printed)):
        return ""
    specification = FORMATS.get(name, ".2f")
    percent = specification.endswith("%")
    shown = numeral(printed, specification).replace("-", "−")
    difference = abs(ours - printed) * (100 if percent else 1)
    by = f"{difference:.1f}" if percent else f"{difference:.2f}"
    if not float(by):
        return words("as_it" if short else "as_the_report", printed=shown)
    side = ("above" if ours > printed else "below") + ("_it" if short else "")
    return words(f"points_{side}" if percent else side, by=by, printed=shown)


def differences(ours: Mapping[Any, Any], printed: Mapping[Any, Any], names: tuple[str, ...], words: Words) -> list[str]:
    """`compared` of several columns, each with its name; the first says that it is the report's."""
    said: list[str] = []
    for name in names:
        text = compared(name, float(ours[name]), float(printed[name]), words, short=bool(said))
        said += [words("named", name=words.head(name), text=text)] if text else []
    return said


def of_whom(notes: Sequence[tuple[str, Sequence[str]]], words: Words) -> list[str]:
    """Sentences of several models' records, each once; one that is not all models' begins with whose it is."""
    whose: dict[str, list[str]] = {}
    for name, sentences in notes:
        for sentence in sentences:
            whose.setdefault(sentence, []).append(name)
    return [
        words.said(sentence)
        if len(names) == len(notes)
        else words("of_models", names=", ".join(names), text=words.said(sentence))
        for sentence, names in whose.items()
    ]
