"""The docs as a site: built strictly, whole, with an entry for each public name, and asking nothing of a network."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

import qlib_mfgru

ROOT = Path(__file__).parents[2]
LOADED = {("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src"), ("source", "src")}
INTERNAL = {"native", "report", "smoke"}
"""Rooms whose `__init__` exports nothing."""


class References(HTMLParser):
    """What a page loads, what it links to, and the places that it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: set[str] = set()
        self.linked: set[str] = set()
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if (tag, name) in LOADED and value:
                self.loaded.add(value)
            elif (tag, name) == ("a", "href") and value:
                self.linked.add(value)
            elif name == "id" and value:
                self.ids.add(value)


def is_elsewhere(address: str) -> bool:
    return re.match(r"([a-z+]+:)?//", address) is not None


def asked_of_a_network(text: str) -> set[str]:
    """What a page or a style sheet loads from elsewhere."""
    styled = re.findall(r"""(?:url\(|@import)\s*["']?([^"')\s]+)""", text)
    return {address for address in References(text).loaded | set(styled) if is_elsewhere(address)}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lacking = [name for name in ("mkdocs", "material", "mkdocstrings") if importlib.util.find_spec(name) is None]
    if lacking:
        pytest.skip(f"no {', '.join(lacking)}: pip install 'qlib_mfgru[docs]'")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, References]:
    return {path.relative_to(site).as_posix(): References(path.read_text("utf-8")) for path in site.rglob("*.html")}


def public_names() -> Iterator[tuple[str, str]]:
    """Rooms and what they export."""
    for file in Path(qlib_mfgru.__file__).parent.glob("*/__init__.py"):
        room = file.parent.name
        names = getattr(importlib.import_module(f"qlib_mfgru.{room}"), "__all__", [])
        assert bool(names) or room in {*INTERNAL, "ingest"}, f"{room} exports nothing, and is no internal room"
        yield from ((room, name) for name in names)


def test_every_page_is_in_the_navigation(pages: dict[str, References]) -> None:
    sources = {f"{path.stem}.html" for path in (ROOT / "docs").glob("*.md")}
    assert len(sources) > 20
    assert sources - pages["index.html"].linked == set()


def test_every_public_name_has_an_entry(pages: dict[str, References]) -> None:
    entries = {f"qlib_mfgru.{room}.{name}" for room, name in public_names()}
    assert len(entries) > 100
    assert entries - set().union(*(page.ids for name, page in pages.items() if name.startswith("api/"))) == set()


def test_every_link_leads_somewhere(site: Path, pages: dict[str, References]) -> None:
    broken = []
    for name, page in pages.items():
        for address in page.loaded | page.linked:
            if is_elsewhere(address) or address.startswith(("data:", "mailto:")) or name == "404.html":
                continue
            target, _, anchor = unquote(address).partition("#")
            path = (site / name).parent / target if target else site / name
            path = path / "index.html" if path.is_dir() else path
            known = pages.get(path.resolve().relative_to(site.resolve()).as_posix())
            if not path.exists() or (anchor and known and anchor not in known.ids):
                broken.append(f"{name}: {address}")
    assert broken == []


def test_nothing_is_asked_of_a_network(site: Path) -> None:
    files = [path for path in site.rglob("*") if path.suffix in (".html", ".css")]
    assert {path.name: found for path in files if (found := asked_of_a_network(path.read_text("utf-8")))} == {}


@pytest.mark.parametrize(
    "planted",
    [
        '<script src="https://example.com/x.js">',
        '<link rel="stylesheet" href="//example.com/x.css">',
        "@import 'https://example.com/x.css'",
        "src: url(https://example.com/x.woff)",
    ],
)
def test_a_page_that_asks_is_seen(planted: str) -> None:
    (found,) = asked_of_a_network(planted)
    assert "//example.com/x" in found


def test_links_of_the_root_become_the_sites() -> None:
    specification = importlib.util.spec_from_file_location("pages", ROOT / "docs/_site/pages.py")
    assert specification is not None
    assert specification.loader is not None
    hook = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(hook)
    text = "[a](docs/ingest.md#x) [b](CHANGELOG.md) ![c](docs/images/d.png) [e](https://example.com/docs/f.md) [g](#h)"
    moved = "[a](ingest.md#x) [b](CHANGELOG.md) ![c](images/d.png) [e](https://example.com/docs/f.md) [g](#h)"
    assert hook.relinked(text, "README.md", "index.md") == moved
    assert hook.relinked("[r](../README.md#x)", "docs/study.md", "study.md") == "[r](index.md#x)"
