"""Figures of matplotlib as ``<svg>`` elements that can stand side by side in one document."""

from __future__ import annotations

import io
import re
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from qlib_mfgru.report import fonts

_STYLE: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "mfgru"}
"""Words stay words, to be searched and copied; equal figures make equal bytes."""
_ID = re.compile(r' id="([^"]+)"')
_REFERENCE = re.compile(r'url\(#([^)]+)\)|href="#([^"]+)"')


def inline_svg(figure: Figure, key: str) -> str:
    """An ``<svg>`` element as wide as its place.

    Parameters
    ----------
    figure : Figure
    key : str
        Unique in the document: it begins the names by which parts of the picture refer to each other.
    """
    text = io.StringIO()
    with mpl.rc_context(_STYLE), fonts.completed(figure):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    svg = re.sub(r"<metadata>.*?</metadata>", "", text.getvalue(), flags=re.DOTALL)
    svg = svg[svg.index("<svg") :].strip()
    return _with_own_names(_without_size(svg), key)


def _without_size(svg: str) -> str:
    """Without the size in points: the box of its drawing says the proportions."""
    head, _, rest = svg.partition(">")
    head = re.sub(r' (?:width|height|xmlns:xlink|version)="[^"]*"', "", head)
    return f"{head}>{rest}".replace("xlink:href", "href")


def _with_own_names(svg: str, key: str) -> str:
    """Ids begin with `key`; those that nothing refers to are left out."""
    used = {first or second for first, second in _REFERENCE.findall(svg)}
    svg = _ID.sub(lambda found: f' id="{key}-{found[1]}"' if found[1] in used else "", svg)
    svg = re.sub(r"url\(#", f"url(#{key}-", svg)
    return re.sub(r'href="#', f'href="#{key}-', svg)
