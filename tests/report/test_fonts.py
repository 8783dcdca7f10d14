"""Chinese in charts: the first font that has it, one that came later, none at all, and names in it on any chart."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import pytest
from matplotlib import font_manager, rcParams
from matplotlib.figure import Figure
from matplotlib.font_manager import FontEntry
from matplotlib.text import Text

from qlib_mfgru.report import fonts, style, words


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[FontEntry]:
    """Matplotlib's list of fonts, for this test only: its own DejaVu."""
    entries = [font for font in font_manager.fontManager.ttflist if font.name == fonts.LATIN]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", entries)
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda **_: [])
    fonts._warn.cache_clear()
    return entries


def test_the_first_font_of_the_order_is_taken(listed: list[FontEntry]) -> None:
    listed += [FontEntry(fname=listed[0].fname, name=name) for name in ("SimHei", "WenQuanYi Zen Hei")]
    assert fonts.chinese() == ["WenQuanYi Zen Hei", "DejaVu Sans"]
    listed.append(FontEntry(fname=listed[0].fname, name="Noto Sans CJK SC"))
    with style.language("zh"):
        assert rcParams["font.family"] == ["Noto Sans CJK SC", "DejaVu Sans"]
        assert words.spoken() == "zh"
        figure, (ax,) = style.panels("题", ["面板"])
        assert figure.texts[0].get_fontfamily() == ["Noto Sans CJK SC", "DejaVu Sans"]
    assert rcParams["font.family"] == ["sans-serif"]
    assert ax.xaxis.get_major_ticks()[0].label1.get_fontfamily() == ["Noto Sans CJK SC", "DejaVu Sans"]


def test_a_font_that_is_installed_later_is_found(
    listed: list[FontEntry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also beside files that are no fonts that matplotlib can draw with."""
    file = tmp_path / "New.ttf"
    shutil.copy(next(font.fname for font in listed if font.fname.endswith("DejaVuSans.ttf")), file)
    (tmp_path / "Broken.ttf").write_bytes(b"no font")
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [str(tmp_path / "Broken.ttf"), str(file)])
    listed[:] = []
    assert fonts.first_of(["Nowhere Sans", "DejaVu Sans"]) == "DejaVu Sans"


def test_without_any_charts_stay_english_and_one_warning_says_what_to_install(
    listed: list[FontEntry], logged: pytest.LogCaptureFixture
) -> None:
    assert listed
    for _ in range(2):
        with style.language("zh"):
            assert words.label("month") == "month"
            assert rcParams["font.family"] == ["sans-serif"]
    assert "fonts-noto-cjk" in only_warning(logged)


def named(name: str) -> Figure:
    """A chart that says a model's name in its title, at a tick and in a legend."""
    figure, (ax,) = style.panels("Title", ["panel"], name)
    ax.plot([0, 1], label=name)
    ax.set_xticks([0, 1], ["first", name])
    ax.legend()
    return figure


@pytest.mark.skipif(fonts.first_of(fonts.CHINESE) is None, reason="no font with Chinese here")
def test_a_chinese_name_on_an_english_chart_is_legible(tmp_path: Path, logged: pytest.LogCaptureFixture) -> None:
    """By a Chinese font behind the chart's own, for the texts that hold the name and for no other."""
    figure = named("价量模型")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        style.save(figure, tmp_path / "named.png")
    families = {text.get_text(): tuple(text.get_fontfamily()) for text in figure.findobj(Text) if text.get_text()}
    assert families["价量模型"] == ("sans-serif", *fonts.chinese())
    assert families["Title"] == families["first"] == ("sans-serif",)
    assert {text.get_text() for text in figure.findobj(Text) if fonts.LATIN in text.get_fontfamily()} == {"价量模型"}
    assert not logged.records


def test_without_a_font_a_chinese_name_is_boxes_and_one_warning_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, logged: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(fonts, "CHINESE", ("Nowhere Sans",))
    fonts._warn.cache_clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            style.save(named("价量模型"), tmp_path / "named.png")
    assert "boxes stand for a name in Chinese" in only_warning(logged)


def test_what_no_font_has_is_named_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, logged: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(fonts, "chinese", lambda: [fonts.LATIN])
    fonts._warn_of.cache_clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            style.save(named("model \U0001f680"), tmp_path / "named.png")
    assert only_warning(logged).startswith("no installed font has \U0001f680: charts show boxes instead")


def only_warning(logged: pytest.LogCaptureFixture) -> str:
    (record,) = set(logged.records)  # qlib may have two handlers
    return record.getMessage()
