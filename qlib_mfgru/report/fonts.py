"""Fonts of charts: the first installed one that has Chinese, or one warning that says what to install."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from matplotlib import font_manager, get_cachedir
from matplotlib.figure import Figure
from matplotlib.text import Text
from qlib.log import get_module_logger

LATIN = "DejaVu Sans"
"""Matplotlib brings it along."""
CHINESE = (
    *("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN"),
    "Noto Sans CJK JP",  # what matplotlib calls the collection of all CJK fonts; it has the Chinese characters
    *("WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "SimHei", "Microsoft YaHei", "PingFang SC"),
    *("PingFang HK", "Heiti TC", "Hiragino Sans GB", "Arial Unicode MS"),
)
"""Fonts with Chinese on Linux, Windows and macOS, the best first."""


def chinese() -> list[str]:
    """Families for Chinese text, `LATIN` last; empty, with one warning a process, where no font has Chinese."""
    found = first_of(CHINESE)
    if found is None:
        _warn()
        return []
    return [found, LATIN]


@contextmanager
def completed(figure: Figure) -> Iterator[None]:
    """While a figure is written: texts whose font lacks some of their characters have `chinese` behind it.

    A model may have a Chinese name on an English chart. What no font has is named in one warning of ours a process,
    in the place of matplotlib's for every letter and chart.
    """
    for ax in figure.axes:  # else labels of ticks have no words yet
        for axis in (ax.xaxis, ax.yaxis):
            axis.get_ticklabels()
    for text in figure.findobj(Text):
        if _lacking(text) and (families := chinese()):
            text.set_fontfamily(list(dict.fromkeys([*text.get_fontfamily(), *families])))
            _warn_of(_lacking(text))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from", UserWarning)
        yield


def _lacking(text: Text) -> str:
    """The characters of a text that none of its fonts has, in their order."""
    words = text.get_text()
    if words.isascii():
        return ""
    known = frozenset[int]().union(*(_characters(_file(each)) for each in text.get_fontfamily()))
    return "".join(dict.fromkeys(each for each in words if ord(each) not in known and each.isprintable()))


def _file(family: str) -> str:
    return str(font_manager.findfont(font_manager.FontProperties(family=[family])))


@cache
def _characters(file: str) -> frozenset[int]:
    return frozenset(font_manager.get_font(file).get_charmap())


def first_of(families: Sequence[str]) -> str | None:
    """The first family that is installed; fonts that came after matplotlib listed them are found as well."""
    found = next(iter(_installed(families)), None)
    if found is None:
        _list_new_fonts()
        found = next(iter(_installed(families)), None)
    return found


def _installed(families: Sequence[str]) -> list[str]:
    names = {font.name for font in font_manager.fontManager.ttflist}
    return [family for family in families if family in names]


def _list_new_fonts() -> None:
    """Tell matplotlib of fonts that are on the machine but not in its cached list."""
    listed = {font.fname for font in font_manager.fontManager.ttflist}
    for path in sorted(set(font_manager.findSystemFonts()) - listed):
        try:
            font_manager.fontManager.addfont(path)
        except (RuntimeError, OSError, UnicodeError):  # bitmaps, emoji and damaged files: not ours to draw with
            continue


@cache
def _warn() -> None:
    get_module_logger("mfgru").warning(
        "no installed font has Chinese, so charts keep English words, and boxes stand for a name in Chinese: install "
        "one, e.g. the package fonts-noto-cjk (Debian, Ubuntu), google-noto-sans-cjk-fonts (Fedora) or noto-fonts-cjk "
        "(Arch); Windows and macOS bring one. "
        f"If it is not found then, remove matplotlib's list of fonts in {get_cachedir()}"
    )


@cache
def _warn_of(characters: str) -> None:
    if characters:
        get_module_logger("mfgru").warning(
            f"no installed font has {characters}: charts show boxes instead; install a font with them, or give the "
            "model a name without them"
        )
