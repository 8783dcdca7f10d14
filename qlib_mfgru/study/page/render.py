"""The page as HTML: one file, with its style and script inside."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from qlib_mfgru.study.page.elements import Part
from qlib_mfgru.study.page.words import Words

_PAGE = "page.html.jinja"


def rendered(parts: Sequence[Part], title: str, words: Words) -> str:
    """The HTML of parts; all text is escaped, charts are taken as they are."""
    loader = PackageLoader("qlib_mfgru.study.page", "templates")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    files = {name: Markup(_source(environment, name)) for name in ("page.css", "sort.js")}
    page = environment.get_template(_PAGE)
    return page.render(parts=parts, title=title, words=words, css=files["page.css"], js=files["sort.js"], svg=Markup)


def _source(environment: Environment, name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]
