"""``report``: the page of recorders that exist."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from qlib.config import C
from qlib.workflow import R
from qlib.workflow.expm import ExpManager

from qlib_mfgru.addresses import without_addresses
from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import locked, staged_file
from qlib_mfgru.live.opening import DEFAULT_STORE, absolute_store, saved
from qlib_mfgru.machine import advice
from qlib_mfgru.report.recorders import init_qlib
from qlib_mfgru.report.store import check_store, opened_store
from qlib_mfgru.report.words import language
from qlib_mfgru.settings import checked
from qlib_mfgru.study.page.draw import Drawer
from qlib_mfgru.study.page.elements import Part, Said
from qlib_mfgru.study.page.market import Market, read_market
from qlib_mfgru.study.page.parts import (
    conventions,
    correlation,
    data,
    factors,
    limits,
    origin,
    portfolios,
    summary,
    training,
)
from qlib_mfgru.study.page.render import rendered
from qlib_mfgru.study.page.subjects import Subject, called, read_subjects
from qlib_mfgru.study.page.words import Language, Words


@dataclass(frozen=True)
class Page:
    """A page, whole and in one file.

    Attributes
    ----------
    html : str
    figures : list of str
        Numbers of the Huatai report's figures that it shows, or says that it lacks.
    lacking : list of str
        What it had to leave out, as the page says it.
    file : Path or None
        Where it was written to.
    """

    html: str
    figures: Sequence[str]
    lacking: Sequence[str]
    file: Path | None = None

    def write(self, out: Path) -> None:
        """Write the file: whole, or not at all."""
        with advice(out.parent), locked(out, wait=True), staged_file(out) as file:
            file.write_text(self.html, encoding="utf-8")

    def _repr_html_(self) -> str:
        return self.html


def report(
    recorders: Sequence[str],
    out: str | Path | None = None,
    provider: str | Path | None = None,
    store: str | None = None,
    lang: Language = "en",
    title: str | None = None,
) -> Page:
    """The Huatai report's tables and charts of recorders, on one page, each below the row that it prints.

    Parameters
    ----------
    recorders : sequence of str
        Ids, ``NAME=id``, or names of experiments, which stand for all their finished recorders.
    out : path, optional
        HTML file to write.
    provider, store : optional
        Where both are left out and qlib is initialised, it stays as it is. Else the provider is by default the one that
        the first recorder's qrun was given, and the store ``mlruns.db`` in the working folder.
    lang : {"en", "zh"}
    title : str, optional
        By default the model's name, or how many there are, and the months of the results.

    Returns
    -------
    Page

    Raises
    ------
    InputError
        There is no such store, recorder or provider, or the recorders hold nothing to show.
    """
    names = [recorders] if isinstance(recorders, str) else list(recorders)
    if out is not None:
        check_out(Path(out))
    words = Words(checked(Language, "lang", lang))
    manager = _manager(provider, store)
    subjects = [called(subject, words) for subject in read_subjects(names, manager)]
    market = _market(subjects, provider, store)
    with language(lang):  # sentences of the records name columns
        parts = _parts(subjects, market, _command(names, provider, manager.uri, lang, title), words)
    page = _page(parts, title or summary.title(subjects, words), words)
    if out is None:
        return page
    page.write(Path(out))
    return replace(page, file=Path(out))


def check_out(out: Path) -> None:
    """Refuse, before anything is drawn, a page's place that is a folder or in none."""
    if out.is_dir():
        raise InputError(f"the page cannot be written to {out}: it is a folder")
    if not out.parent.is_dir():
        raise InputError(f"the page cannot be written to {out}: there is no folder {out.parent}")


def _manager(provider: str | Path | None, store: str | None) -> ExpManager:
    """The store of experiments."""
    if provider is None and store is None and C.registered:
        return R.exp_manager
    check_store(store or DEFAULT_STORE)
    return opened_store(absolute_store(store or DEFAULT_STORE))


def _market(subjects: Sequence[Subject], provider: str | Path | None, store: str | None) -> Market | None:
    """The provider, on which qlib is initialised; None where nobody names one that is there."""
    if provider is None and store is None and C.registered:
        return read_market()
    place = _named_provider(subjects) if provider is None else str(provider)
    if place is None:
        return None
    init_qlib(place, absolute_store(store or DEFAULT_STORE))
    return read_market()


def _named_provider(subjects: Sequence[Subject]) -> str | Mapping[str, str] | None:
    """The first provider of the recorders' qruns that is still there: its folder, or one for each frequency."""
    for subject in subjects:
        settings = saved(subject.recorder, "config").get("qlib_init") or {}
        place: str | Mapping[str, str] | None = settings.get("provider_uri")
        folders: list[Any] = list(place.values()) if isinstance(place, Mapping) else [place]
        if folders and all(isinstance(folder, str) and Path(folder).expanduser().is_dir() for folder in folders):
            return place
    return None


def _parts(subjects: Sequence[Subject], market: Market | None, command: str, words: Words) -> list[Part]:
    drawer = Drawer(words)
    return [
        summary.summary_part(subjects, market, words),
        data.data_part(subjects, market, words),
        training.training_part(subjects, drawer, words),
        factors.factor_part(subjects, drawer, words),
        correlation.correlation_part(subjects, market is not None, drawer, words),
        *portfolios.portfolio_parts(subjects, drawer, words),
        *limits.limit_parts(subjects, drawer, words),
        origin.origin_part(subjects, command, words),
        conventions.conventions_part(subjects, words),
    ]


def _command(names: Sequence[str], provider: str | Path | None, store: str, lang: Language, title: str | None) -> str:
    """The command that makes the page, in this working folder."""
    store = absolute_store(store)
    options = {"--provider": provider, "--store": store, "--lang": lang, "--title": title}
    usual = (None, absolute_store(DEFAULT_STORE), "en")
    given = [word for name, value in options.items() if value not in usual for word in (name, str(value))]
    return without_addresses(shlex.join(["mfgru", "report", *names, "--out", "report.html", *given]))


def _page(parts: Sequence[Part], title: str, words: Words) -> Page:
    sections = [section for part in parts for section in part.sections]
    figures = [section.number for section in sections if section.number]
    said = [block for section in sections for block in section.blocks if isinstance(block, Said) and block.warning]
    lacking = [sentence for block in said for sentence in block.sentences]
    return Page(rendered(parts, title, words), figures, lacking)
