"""The kinds of work that are disturbed, each with what it makes."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from . import work
from .ledger import only_long
from .process import Job
from .state import Content, content

_NUMBERS = count()


@dataclass(frozen=True)
class Kind:
    """One kind of work, in a folder of its own.

    Attributes
    ----------
    name : str
        As the table of counts has it.
    function : callable
        From `work`.
    arguments : callable
        Of a folder: what `function` is called with.
    result : callable
        Of a folder: the content of what was made there; empty where nothing was.
    """

    name: str
    function: Callable[..., int | None]
    arguments: Callable[[Path], tuple[Any, ...]]
    result: Callable[[Path], Content]

    def start(self, folder: Path, **environment: str | None) -> Job:
        """Begin the work."""
        folder.mkdir(parents=True, exist_ok=True)
        return Job(self.function, *self.arguments(folder), output=_log(folder), environment=environment)

    def run(self, folder: Path) -> Content:
        """Do the work, undisturbed; its result."""
        self.start(folder).end().well()
        return self.result(folder)


@dataclass(frozen=True)
class Whole:
    """What undisturbed work makes, and the seconds that it takes."""

    content: Content
    seconds: float

    @classmethod
    def of(cls, kind: Kind, folder: Path) -> Whole:
        """Do the work once."""
        begun = time.monotonic()
        made = kind.run(folder)
        assert made, f"{kind.name} made nothing"
        whole = cls(made, time.monotonic() - begun)
        shutil.rmtree(folder)
        return whole


def _log(folder: Path) -> Path:
    """A new file for what a process prints, outside the folder; of rivals each has one."""
    logs = folder.parent / "said"
    logs.mkdir(exist_ok=True)
    return logs / f"{folder.name}-{next(_NUMBERS)}.txt"


def provider_at(folder: Path) -> Path:
    """Where ingests and demo markets go."""
    return folder / "market"


def ingest_of(source: Path, jobs: int = 1) -> Kind:
    """An ingest of a vendor's folder."""
    name = "ingest" if jobs == 1 else f"ingest, {jobs} processes"
    return Kind(name, work.ingest, lambda folder: (source, provider_at(folder), jobs), _provider)


def update_of(source: Path) -> Kind:
    """An update of the provider that is there with a vendor's folder."""
    return Kind("update", work.update, lambda folder: (source, provider_at(folder)), _provider)


def demo(seed: int = 0) -> Kind:
    """A demo market."""
    return Kind("demo market", work.demo, lambda folder: (provider_at(folder), seed), _provider)


def panel_of(provider: Path) -> Kind:
    """A panel of a provider."""
    return Kind("panel", work.panel, lambda folder: (provider, folder / "panels"), _panels)


def rolling_on(provider: Path, workers: int = 1) -> Kind:
    """A rolling model on a provider, with its units."""
    only_long()
    name = f"rolling, {workers} worker{'s' * (workers > 1)}"
    return Kind(name, work.rolling, lambda folder: (provider, folder, workers), _scores)


def _provider(folder: Path) -> Content:
    return content(provider_at(folder))


def _panels(folder: Path) -> Content:
    """The arrays of the one panel; its name and description depend on where the provider is, and on times of files."""
    arrays = {name: held for name, held in content(folder / "panels").items() if name.endswith(".npy")}
    return {name.partition("/")[2]: held for name, held in arrays.items() if name[0] != "."}


def _scores(folder: Path) -> Content:
    file = folder / "scores.npy"
    return {file.name: file.read_bytes()} if file.exists() else {}
