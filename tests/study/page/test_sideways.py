"""In a real Chromium: what is wider than its place says so at its edges, and heads in Chinese keep their words."""

from __future__ import annotations

from pathlib import Path

import matplotlib.image
import pytest
from browser import CHROMIUM, FRAME, WHY, WIDTHS, chromium, messages, seen_at_widths

from qlib_mfgru.study import Page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WHY)
HIGH = 150
SHOWN = {
    "chart": (".chart", 0),
    "chart, moved to the middle": (".chart", 100),
    "chart, moved to its end": (".chart", 9999),
    "table": ("#csi300-performance .wide", 0),
    "table, moved to its end": ("#csi300-performance .wide", 9999),
    "table that fits": ("#market .wide", 0),
}
"""What is looked at -> where it is on the page, and by how many pixels it is moved."""
ALONE = """<script>
const HIGH = %d, seen = %s.map(([selector, moved], place) => {
  const [wide] = [...document.querySelectorAll(selector)].sort((a, b) => b.scrollWidth - a.scrollWidth);
  const copy = wide.cloneNode(true);
  Object.assign(copy.style, { position: "absolute", left: 0, top: `${place * HIGH}px`, width: "400px",
    height: `${HIGH}px`, margin: 0, overflowY: "hidden" });
  return [copy, moved];
});
document.body.replaceChildren(...seen.map(([copy]) => copy));
seen.forEach(([copy, moved]) => { copy.scrollLeft = moved; });
</script>"""
LINES = """<script>
addEventListener("load", () => {
  const letters = (span) => {
    const range = document.createRange(), lines = {};
    [...span.textContent].forEach((_, at) => {
      range.setStart(span.firstChild, at);
      range.setEnd(span.firstChild, at + 1);
      const top = Math.round(range.getBoundingClientRect().top);
      lines[top] = (lines[top] ?? 0) + 1;
    });
    return Object.values(lines);
  };
  const spans = [...document.querySelectorAll("th span")];
  const root = document.documentElement;
  parent.postMessage({ width: innerWidth, heads: spans.length, over: root.scrollWidth - root.clientWidth,
    broken: spans.filter((span) => span.textContent.length > 1 && Math.min(...letters(span)) < 2
      || span.textContent.length < 5 && letters(span).length > 1).map((span) => span.textContent) }, "*");
});
</script>"""


def test_what_goes_on_sideways_has_a_shadow_there(page: Page, tmp_path: Path) -> None:
    """Also above a chart's and a row's own ground; nothing that fits has one."""
    places = str([list(place) for place in SHOWN.values()])
    alone = page.html.replace("</body>", ALONE % (HIGH, places) + "</body>")
    (tmp_path / "page.html").write_text(alone, encoding="utf-8")
    (tmp_path / "frame.html").write_text(f'<body style="margin: 0">{FRAME.format(400)}', encoding="utf-8")
    run = chromium(f"--screenshot={tmp_path}/seen.png", "--window-size=600,900", f"file://{tmp_path}/frame.html")
    assert messages(run) == []
    picture = matplotlib.image.imread(tmp_path / "seen.png")
    seen = {}
    for place, name in enumerate(SHOWN):
        rows = picture[place * HIGH + 20 : (place + 1) * HIGH - 20]
        seen[name] = tuple(bool(rows[:, column, :3].max() < 0.95) for column in (2, 396))
    assert seen == {
        "chart": (False, True),
        "chart, moved to the middle": (True, True),
        "chart, moved to its end": (True, False),
        "table": (False, True),
        "table, moved to its end": (True, False),
        "table that fits": (False, False),
    }


def test_heads_in_chinese_keep_their_words(chinese: Page, tmp_path: Path) -> None:
    """Two letters a line at least, and short ones on one line; no page is wider for it."""
    seen, console = seen_at_widths(chinese.html, LINES, tmp_path)
    assert console == []
    assert {width: (each["broken"], each["over"]) for width, each in seen.items()} == dict.fromkeys(WIDTHS, ([], 0))
    assert seen[400]["heads"] > 50
