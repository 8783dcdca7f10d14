"""The page in a real Chromium: no error, nothing wider than the window, sorting, and a PDF of A4 pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from browser import CHROMIUM, WHY, WIDTHS, chromium, messages, seen_at_widths

from qlib_mfgru.study import Page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WHY)
SAYS = """<script>
addEventListener("load", () => {
  const root = document.documentElement;
  const sorted = document.querySelector('#csi300-performance th[data-name="annual_return"]');
  const rows = () => [...sorted.closest("table").tBodies[0].rows];
  const column = () => rows().map((row) => row.cells[sorted.cellIndex].dataset.value);
  const before = column();
  const hidden = () => [...sorted.closest("table").querySelectorAll("td.above")].filter((cell) =>
    getComputedStyle(cell).color === "rgba(0, 0, 0, 0)").length;
  const together = hidden();
  sorted.firstChild.click();
  const up = column(), apart = hidden();
  sorted.firstChild.click();
  const down = column();
  sorted.firstChild.click();
  parent.postMessage({ width: innerWidth, over: root.scrollWidth - root.clientWidth, before, up, down, after: column(),
    together, apart, again: hidden(),
    broken: [...document.querySelectorAll(".main small, .main b")].filter((one) =>
      one.offsetHeight > 1.7 * parseFloat(getComputedStyle(one).fontSize)).map((one) => one.textContent),
    beyond: [...document.querySelectorAll(".main")].filter((one) =>
      one.offsetWidth > one.parentElement.clientWidth).length,
    narrow: [...document.querySelectorAll("main h2, main h3, main p, main li")].filter((one) =>
      one.getBoundingClientRect().right > innerWidth + 1).length }, "*");
});
</script>"""


@pytest.fixture(scope="module")
def seen(page: Page, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[int, dict[str, object]], list[str]]:
    """What the page says of itself in frames of each width, and the console."""
    return seen_at_widths(page.html, SAYS, tmp_path_factory.mktemp("frames"))


def test_nothing_is_wider_than_the_window(seen: tuple[dict[int, dict[str, object]], list[str]]) -> None:
    found, _ = seen
    assert set(found) == set(WIDTHS)
    assert {width: (each["over"], each["narrow"]) for width, each in found.items()} == dict.fromkeys(WIDTHS, (0, 0))


def test_no_error_on_the_console(seen: tuple[dict[int, dict[str, object]], list[str]], tmp_path: Path) -> None:
    assert seen[1] == []
    (tmp_path / "bad.html").write_text("<script>nothing.there()</script>")
    assert len(messages(chromium("--dump-dom", f"file://{tmp_path}/bad.html"))) == 1  # one would be seen


def test_a_head_sorts_its_column(seen: tuple[dict[int, dict[str, object]], list[str]]) -> None:
    each = seen[0][800]
    before = [float(value) for value in each["before"]]  # type: ignore[attr-defined]
    assert [float(value) for value in each["up"]] == sorted(before)  # type: ignore[attr-defined]
    assert [float(value) for value in each["down"]] == sorted(before, reverse=True)  # type: ignore[attr-defined]
    assert each["after"] == each["before"]
    assert before != sorted(before)


def test_what_rows_of_a_group_have_in_common_stands_once_until_they_are_sorted(
    seen: tuple[dict[int, dict[str, object]], list[str]],
) -> None:
    each = seen[0][800]
    assert (each["together"], each["apart"], each["again"]) == (3, 0, 3)  # limits 0.3 and 0.5, and the index, twice


def test_the_main_figures_fit_a_phone(seen: tuple[dict[int, dict[str, object]], list[str]]) -> None:
    """No line of a cell is broken, and no table has to be moved to be read."""
    assert {width: (each["broken"], each["beyond"]) for width, each in seen[0].items()} == dict.fromkeys(
        WIDTHS, ([], 0)
    )


def test_every_figure_has_its_number(page: Page, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(page.html, encoding="utf-8")
    dom = chromium("--dump-dom", f"file://{tmp_path}/page.html").stdout
    shown = re.findall(r'<span class="number">Figures? ([\d, –]+)</span>', dom)
    assert [number.replace("–", "-") for number in shown] == list(page.figures)


def test_it_prints_on_a4(page: Page, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(page.html, encoding="utf-8")
    chromium("--no-pdf-header-footer", f"--print-to-pdf={tmp_path}/page.pdf", f"file://{tmp_path}/page.html")
    pdf = (tmp_path / "page.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    assert b"Multiply" not in pdf  # no shadows on paper
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert len(boxes) > 5
    assert {(round(float(wide)), round(float(high))) for wide, high in boxes} == {(595, 842)}
