"""The page stands alone: one file, nothing from elsewhere, all text escaped, every link with its target."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest
from experiments import start_qlib
from matplotlib.figure import Figure
from parsed import ParsedPage
from qlib.workflow import R
from study_recorders import Recorders

from qlib_mfgru.cli import main
from qlib_mfgru.errors import InputError
from qlib_mfgru.folders.box import new_box
from qlib_mfgru.study import Page, report
from qlib_mfgru.study.page.parts.training import training_figure
from qlib_mfgru.study.page.words import Words


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts without a drawing: what is tested is elsewhere."""
    monkeypatch.setattr("qlib_mfgru.study.page.draw.inline_svg", lambda figure, key: f'<svg id="{key}"></svg>')
    monkeypatch.setattr("qlib_mfgru.study.page.draw.Drawer.plot", lambda self, *_: self.drawn(Figure, "chart"))


def test_nothing_comes_from_elsewhere(page: Page) -> None:
    addresses = set(re.findall(r'(?:src|href)="(?!#|data:)([^"]*)"', page.html))
    assert addresses == set()
    assert set(re.findall(r"https?://[^\"'<\s]+", page.html)) == {"http://www.w3.org/2000/svg"}
    assert "@import" not in page.html
    assert page.html.count("<svg") > 10


def test_ids_are_unique_and_links_lead_somewhere(page: Page) -> None:
    parsed = ParsedPage(page.html)
    assert len(parsed.ids) == len(set(parsed.ids))
    assert {link.removeprefix("#") for link in parsed.links} <= set(parsed.ids)
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', page.html))
    assert used <= set(parsed.ids)


def test_conventions_stand_once_and_tables_link_to_them(page: Page) -> None:
    parsed = ParsedPage(page.html)
    assert page.html.count("Long-short: one unit of the TOP layer") == 1
    assert parsed.ids.index("conventions") > parsed.ids.index("again")
    assert {"#factor-conventions", "#portfolio-conventions"} <= set(parsed.links)


@pytest.mark.usefixtures("quick")
def test_text_is_escaped(recorders: Recorders) -> None:
    name = "<script>alert(1)</script>&"
    html = report([f"{name}={recorders.network}"], provider=recorders.provider, store=recorders.uri).html
    assert "<script>alert" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;&amp;") > 5


def title(page: Page) -> str:
    return re.findall("<title>(.*?)</title>", page.html)[0]


@pytest.mark.usefixtures("quick")
def test_the_title_is_short_whatever_is_on_the_page(recorders: Recorders, page: Page) -> None:
    assert title(page) == "Huatai AI 68 · 3 models · 2021-12 to 2024-04"
    at = {"provider": recorders.provider, "store": recorders.uri}
    assert title(report([recorders.network], lang="zh", **at)) == (  # type: ignore[arg-type]
        "华泰人工智能 68 · IncrementalGRUModel · 2023-01 至 2023-03"
    )
    assert title(report([recorders.rolling], **at)) == "Huatai AI 68 · mine"  # type: ignore[arg-type]


@pytest.mark.usefixtures("quick")
def test_the_page_has_the_command_that_makes_it(recorders: Recorders, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the store of experiments also where none was given, as by a study, unless it is the usual one there."""
    start_qlib(recorders.provider, recorders.store)
    command = f"mfgru report {recorders.rolling} --out report.html"
    page = report([recorders.rolling], title="My page")
    assert f"{command} --store {recorders.uri} --title 'My page'" in html.unescape(page.html)
    monkeypatch.chdir(recorders.store.parent)
    assert f"{command}<" in html.unescape(report([recorders.rolling]).html)


def test_no_date_is_broken_at_the_end_of_a_line(page: Page) -> None:
    sentences = re.findall(r"<(?:p|li)\b[^>]*>(.*?)</(?:p|li)>", page.html, flags=re.DOTALL)
    dates = [date for text in sentences for date in re.findall(r"(.{19})(\d{4}-\d\d-\d\d)(.{7})", text)]
    assert len(dates) > 5
    assert {(before, after) for before, _, after in dates} == {('<span class="date">', "</span>")}


@pytest.mark.usefixtures("quick")
def test_the_same_recorders_make_the_same_bytes(recorders: Recorders) -> None:
    once, again = (report(recorders.all, provider=recorders.provider, store=recorders.uri) for _ in range(2))
    assert once.html == again.html


@pytest.mark.usefixtures("quick")
def test_what_is_lacking_is_said(recorders: Recorders, page: Page) -> None:
    assert any("15-minute GRU" in sentence for sentence in page.lacking)
    alone = report([recorders.portfolios], provider=recorders.provider, store=recorders.uri)
    words = "\n".join(alone.lacking)
    for part in ("A correlation needs", "no coverage.csv", "no ingest report", "No recorder of a training"):
        assert part in words
    bare = report([f"my portfolios={recorders.portfolios}", f"x={recorders.bare}"], store=recorders.uri)
    assert any("Not made by qrun" in sentence and "x" in sentence for sentence in bare.lacking)


@pytest.mark.usefixtures("quick")
def test_without_a_provider(recorders: Recorders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qlib_mfgru.study.page.report._named_provider", lambda subjects: None)
    page = report(recorders.all, store=recorders.uri)
    assert any(sentence.startswith("No provider was named") for sentence in page.lacking)
    assert any("needs the provider" in sentence for sentence in page.lacking)
    assert "figure-24" in ParsedPage(page.html).ids


@pytest.mark.usefixtures("quick")
def test_a_result_that_cannot_be_read_is_said(recorders: Recorders) -> None:
    folder = recorders.folder(recorders.lightgbm) / "factor_test"
    kept = (folder / "result.pkl").read_bytes()
    (folder / "result.pkl").unlink()
    try:
        page = report(recorders.all, provider=recorders.provider, store=recorders.uri)
    finally:
        (folder / "result.pkl").write_bytes(kept)
    assert any("has no factor_test/result.pkl: run its record again" in sentence for sentence in page.lacking)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["absent"], "there is no recorder absent"),
        (["study", "study"], "is named twice"),
        (["bare"], "hold neither a training history nor a result.pkl"),
    ],
)
@pytest.mark.usefixtures("quick")
def test_wrong_recorders(names: list[str], message: str, recorders: Recorders) -> None:
    ids = [recorders.bare if name == "bare" else name for name in names]
    with pytest.raises(InputError, match=message):
        report(ids, provider=recorders.provider, store=recorders.uri)


def test_epochs_are_whole_numbers() -> None:
    rows = [{"epoch": epoch, "train_ic": 0.1, "valid_ic": 0.1} for epoch in range(1, 20)]
    ticks = training_figure("gru", {"": rows}, {}, Words("en")).axes[0].get_xticks()
    assert len(ticks) > 3
    assert all(tick == round(tick) for tick in ticks)


def test_a_language_that_is_none() -> None:
    with pytest.raises(InputError, match="lang is 'fr'"):
        report(["x"], lang="fr")  # type: ignore[arg-type]


@pytest.mark.usefixtures("quick")
def test_where_qlib_runs_already_nothing_is_named(recorders: Recorders, page: Page) -> None:
    assert R.exp_manager.uri == recorders.uri
    shown = ParsedPage(report(recorders.all).html)
    assert shown.table("figure-24").rows == ParsedPage(page.html).table("figure-24").rows


@pytest.mark.usefixtures("quick")
def test_the_command(recorders: Recorders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: object) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["report", "study", "--store", recorders.uri, "--out", "page.html", "--title", "Our study"]
    assert main(command) == 0
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<title>Our study</title>" in html
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]
    assert main([*command[:-4], "--out", "page.pdf"]) == 2


def test_what_a_killed_writer_of_the_page_left_is_removed(tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    new_box(out)
    Page("<html>", [], []).write(out)
    assert list(tmp_path.iterdir()) == [out]
    assert out.read_text(encoding="utf-8") == "<html>"


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from qlib_mfgru.cli import main\n"
        "try: main(['report', '--help'])\nexcept SystemExit: pass\n"
        "assert not {'torch', 'qlib', 'pandas', 'jinja2', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
