"""Chinese in charts: the first font that has it, one that came later, and none at all."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest
from matplotlib import font_manager, rcParams
from matplotlib.font_manager import FontEntry

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
    listed: list[FontEntry], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(logging.getLogger("qlib"), "propagate", True)
    assert listed
    for _ in range(2):
        with style.language("zh"):
            assert words.label("month") == "month"
            assert rcParams["font.family"] == ["sans-serif"]
    warnings = {record for record in caplog.records if "Chinese" in record.getMessage()}  # qlib may have two handlers
    assert len(warnings) == 1
    assert "fonts-noto-cjk" in warnings.pop().getMessage()
