"""The mapping that the findings on several files come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from qlib_mfgru.ingest.explain.findings import Findings
from qlib_mfgru.ingest.mapping import RowInput

_ORDER = ("session", "bars", "daily", "factors", "limits", "index", "members", "weights", "industry", "float_shares",
          "market_cap", "st", "renames")  # fmt: skip


def origin_of(paths: Sequence[Path], source: RowInput, folder: Path) -> dict[str, Any]:
    """Where rows are and how they are read, as a section of a mapping says it; defaults are left out."""
    order = {} if source.day_first is None else {"day_first": source.day_first}
    if source.sql:
        return {"sql": source.sql, "url": source.url, **order}
    names = [path.relative_to(folder).as_posix() for path in paths]
    everything = _pattern(paths, folder)
    section: dict[str, Any] = {"files": everything or (names[0] if len(names) == 1 else names)}
    if source.names:
        section["names"] = list(source.names)
    if source.encoding != "utf-8-sig":
        section["encoding"] = source.encoding
    return section | order


def _pattern(paths: Sequence[Path], folder: Path) -> str | None:
    """A pattern for files that are all of their kind in a folder."""
    parent, suffix = paths[0].parent, "".join(paths[0].suffixes[-1:])
    siblings = {path for path in parent.glob(f"*{suffix}") if path.is_file()}
    if len(paths) < 2 or siblings != set(paths):
        return None
    return (parent.relative_to(folder) / f"*{suffix}").as_posix()


def proposed(all_findings: Sequence[Findings]) -> str:
    """The mapping as YAML, with what has to be decided or added in comments."""
    content: dict[str, Any] = {}
    comments: list[str] = []
    for findings in all_findings:
        if findings.market:
            content["session"] = findings.market
        for name, section in findings.sections.items():
            content[name] = _joined(name, content.get(name), section, comments)
    if "factors" in content:  # which is the vendor's own factor
        content.get("daily", {}).pop("factor", None)
    if not any(findings.has_factor for findings in all_findings):
        comments += _unadjusted(content)
    if not content.keys() & {"bars", "daily"}:
        comments.append("A mapping needs bars, daily, or both: explain their files as well.")
    lines = [f"# {comment}" for comment in comments]
    lines += [line for name in _ORDER if name in content for line in _yaml(name, content[name])]
    return "\n".join(lines)


def _yaml(name: str, section: Any) -> list[str]:
    """A section on one line; one of several markets has a line each."""
    if name in ("members", "weights"):
        return [f"{name}:", *(f"  {line}" for market, each in section.items() for line in _yaml(market, each))]
    text = yaml.safe_dump({name: section}, allow_unicode=True, sort_keys=False, width=10**6, default_flow_style=True)
    return [text.strip()[1:-1]]


def _joined(name: str, before: Any, section: Mapping[str, Any], comments: list[str]) -> dict[str, Any]:
    """Two sections of one input: their files together, and the first one's options."""
    if before is None:
        return dict(section)
    if name in ("members", "weights"):
        joined = {each: _joined(f"{name}.{each}", before.get(each), rows, comments) for each, rows in section.items()}
        return {**before, **joined}
    if "wide" in before and "wide" in section:
        return {**before, "wide": {**before["wide"], **section["wide"]}}
    if _options(before) != _options(section):
        comments.append(f"{name}: its files are of several layouts; the options of the first one stand for all.")
    files = [*_list(before.get("files", ())), *_list(section.get("files", ()))]
    return {**before, "files": list(dict.fromkeys(files))} if files else dict(before)


def _options(section: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in section.items() if key not in ("files", "wide")}


def _list(files: str | Sequence[str]) -> list[str]:
    return [files] if isinstance(files, str) else list(files)


def _unadjusted(content: dict[str, Any]) -> list[str]:
    """Raw prices without a factor are stored as they are; the comment says what that means."""
    raw = [name for name in ("bars", "daily") if content.get(name, {}).get("prices") == "raw"]
    for name in raw:
        content[name]["prices"] = "unadjusted"
    if not raw:
        return []
    return ["No factor is in these files, so ex-dates will look like losses. With factors, write `prices: raw`."]
