"""The page as HTML: one file, with its style and script inside."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from qlib_mfgru.study.page.elements import Part
from qlib_mfgru.study.page.words import Words

_PAGE = "page.html.jinja"
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def rendered(parts: Sequence[Part], title: str, words: Words) -> str:
    """The HTML of parts; all text is escaped, charts are taken as they are."""
    loader = PackageLoader("qlib_mfgru.study.page", "templates")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["dates_whole"] = _dates_whole
    files = {name: Markup(_source(environment, name)) for name in ("page.css", "sort.js")}
    page = environment.get_template(_PAGE)
    return page.render(parts=parts, title=title, words=words, css=files["page.css"], js=files["sort.js"], svg=Markup)


def _dates_whole(text: str) -> Markup:
    """A sentence whose dates are not broken at their hyphens."""
    return Markup(_DATE.sub(r'<span class="date">\g<0></span>', str(escape(text))))


def _source(environment: Environment, name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]
