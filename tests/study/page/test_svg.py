"""Charts as elements of one document: equal figures make equal bytes, names do not collide, no size of their own."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from matplotlib.figure import Figure

from qlib_mfgru.study.page.svg import inline_svg


def chart() -> Figure:
    figure = Figure(figsize=(3, 2))
    axes = figure.subplots(1, 2)
    axes[0].plot([1, 2, 3], [1, 4, 9], "o-", label="squares & <more>")
    axes[0].legend()
    axes[1].imshow([[0.0, 1.0]])
    return figure


def test_equal_figures_make_equal_bytes() -> None:
    assert inline_svg(chart(), "a") == inline_svg(chart(), "a")


def test_it_is_an_element_without_a_size() -> None:
    root = ElementTree.fromstring(inline_svg(chart(), "a"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("viewBox") == "0 0 216 144"
    assert (root.get("width"), root.get("height")) == (None, None)


def test_words_stay_words() -> None:
    texts = {
        element.text
        for element in ElementTree.fromstring(inline_svg(chart(), "a")).iter("{http://www.w3.org/2000/svg}text")
    }
    assert "squares & <more>" in texts


def test_names_are_its_own_and_all_are_used() -> None:
    svg = inline_svg(chart(), "k7")
    names = re.findall(r' id="([^"]+)"', svg)
    used = {one or other for one, other in re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', svg)}
    assert set(names) == used
    assert len(names) == len(set(names))
    assert all(name.startswith("k7-") for name in names)
