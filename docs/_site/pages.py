"""What the site has beside docs/: the home page, pages of the root, notebooks, and the API, a page for each room.

A hook of mkdocs. Links between README.md, the other files of the root and docs/ are relative to where these lie, as a
checkout shows them; here they are turned into the site's own.
"""

from __future__ import annotations

import ast
import posixpath
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HOME = "README.md"
PAGES = {
    HOME: "index.md",
    "README.zh.md": "zh.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
}
"""Pages of the root -> their place on the site; the Chinese README where there is one."""
ROOMS = {
    "data": "From provider to tensors",
    "ingest": "Vendor files to a provider",
    "provider": "A market on disk",
    "model": "Models of qlib",
    "nn": "Networks, losses, metrics",
    "rolling": "Retraining by the calendar",
    "factor": "The factor test",
    "portfolio": "Index enhancement",
    "live": "Every evening",
    "study": "Study and page",
    "report": "Tables, charts, experiments",
    "demo": "The demo market",
    "rehearsal": "Evenings played",
    "shipped": "Configs of the package",
    "settings": "Types of settings",
    "folders": "Folders, whole or absent",
}
"""Rooms with public names, in the order of a user's way; each is a page of the API."""
BESIDE = {
    "ingest": (
        "pipeline.ingest",
        "mapping.load_mapping",
        "mapping.IngestMapping",
        "report.IngestReport",
        "explain.explain",
    ),
    "demo": ("baostock.Faults", "baostock.VendorMarket", "baostock.serving"),
    "report": (
        "record.ResultRecord",
        "outputs.Outputs",
        "outputs.Section",
        "markdown",
        "measures",
        "style",
        "store.ExperimentStore",
    ),
    "provider": ("index.returns.index_returns",),
}
"""Names that the docs use, deeper in a room than what it exports."""
_LINK = re.compile(r"(\]\()([^)\s]+)(\))")


def exported(room: str) -> list[str]:
    """What a room exports, as its `__all__` says it: that of its stub, where names are imported when they are used."""
    place = ROOT / "qlib_mfgru" / room
    files = [place / "__init__.pyi", place / "__init__.py", place.with_suffix(".py")]
    for node in ast.parse(next(file for file in files if file.exists()).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]:
            return list(ast.literal_eval(node.value))
    return []


def api_page(room: str) -> str:
    names = [*exported(room), *BESIDE.get(room, ())]
    entries = (f"::: qlib_mfgru.{room}.{name}\n" for name in names)
    return f"# {ROOMS[room]}: `qlib_mfgru.{room}`\n\n" + "\n".join(entries)


def on_config(config: Any) -> Any:
    """The API ends the navigation."""
    config.nav.append({"API": [{room: f"api/{room}.md"} for room in ROOMS]})
    if (ROOT / "README.zh.md").exists():
        config.nav[0]["Start"].insert(1, {"中文": PAGES["README.zh.md"]})
    return config


def on_files(files: Any, config: Any) -> Any:
    from mkdocs.structure.files import File

    for name, place in PAGES.items():
        if (ROOT / name).exists():
            text = (ROOT / name).read_text(encoding="utf-8")
            files.append(File.generated(config, place, content=relinked(text, name, place)))
    for room in ROOMS:
        files.append(File.generated(config, f"api/{room}.md", content=api_page(room)))
    for path in [ROOT / "LICENSE", *sorted((ROOT / "notebooks").glob("*.ipynb"))]:
        place = path.relative_to(ROOT).as_posix()
        files.append(File.generated(config, place, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links of a page of docs/ that lead out of it."""
    if page.file.generated_by:
        return markdown
    return relinked(markdown, f"docs/{page.file.src_uri}", page.file.src_uri)


def relinked(text: str, name: str, place: str) -> str:
    """A file's text with the links that it has at its `place` on the site."""

    def moved(match: re.Match[str]) -> str:
        target, hash_, anchor = match[2].partition("#")
        if not target or ":" in target:
            return match[0]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
        target = PAGES.get(target, target.removeprefix("docs/"))
        return match[1] + posixpath.relpath(target, posixpath.dirname(place) or ".") + hash_ + anchor + match[3]

    return _LINK.sub(moved, text)
