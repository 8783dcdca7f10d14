"""The state's own record: how files were taken, and which were read."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.assemble.conventions import Conventions
from qlib_mfgru.provider.judge import Stated
from qlib_mfgru.provider.judge.market.payouts import Payouts
from qlib_mfgru.provider.session import Session

STATE = "state"
"""The folder in a provider that holds all that updates need."""
RECORD = f"{STATE}/state.json"
CLOSES = f"{STATE}/closes.npz"
TABLES = f"{STATE}/tables"
_FORMAT = 3

Seen = dict[str, tuple[int, int]]
"""Size and time of change, in nanoseconds, of files by what they are called, as of `named`."""


def rows_file(bucket: int) -> str:
    """Where the tails of a bucket's stocks lie."""
    return f"{STATE}/rows/{bucket}.npz"


def table_file(name: str, path: str) -> str:
    """Where the copy of a table's file lies."""
    return f"{TABLES}/{name}/{place_of(path)}"


def place_of(path: str) -> str:
    """Where a file's copy lies among those of its table, and where a pattern finds it: never above them."""
    return "/".join("_" if part == ".." else part for part in path.lstrip("/").split("/"))


@dataclass(frozen=True)
class State:
    """What an update goes on from, besides the stocks' rows.

    Attributes
    ----------
    source : str
        The folder of the files.
    n_buckets : int
        Files that the stocks' rows are in.
    conventions : Conventions
        What the mapping and the files' own evidence decided.
    industries : tuple of str
        All names that were met, in order.
    renames : dict of str to str
        Earlier codes and what they became, as far as rows had them.
    seen : dict of str to Seen
        The files that were read, by input.
    payouts : Payouts
        What all ex-dates say of the factor.
    n_trading : tuple of int
        Stocks that trade on each of the last days.
    """

    source: str
    n_buckets: int
    conventions: Conventions
    industries: tuple[str, ...]
    renames: dict[str, str]
    seen: dict[str, Seen]
    payouts: Payouts
    n_trading: tuple[int, ...]

    def text(self) -> str:
        """As JSON."""
        conventions = dataclasses.asdict(dataclasses.replace(self.conventions, session=None))  # type: ignore[arg-type]
        del conventions["session"]
        content = {
            "format": _FORMAT,
            "source": self.source,
            "n_buckets": self.n_buckets,
            "conventions": conventions,
            "industries": list(self.industries),
            "renames": self.renames,
            "seen": self.seen,
            "payouts": self.payouts.as_dict(),
            "n_trading": list(self.n_trading),
        }
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, provider: Path, session: Session) -> State:
        """The state in a provider.

        Raises
        ------
        InputError
            There is none that this version can read.
        """
        try:
            content: dict[str, Any] = json.loads((provider / RECORD).read_text(encoding="utf-8"))
            if content["format"] != _FORMAT:
                raise ValueError(f"format {content['format']}")
            seen = {
                name: {path: (size, time) for path, (size, time) in of.items()} for name, of in content["seen"].items()
            }
            conventions = _conventions(content["conventions"], session)
            return cls(
                content["source"],
                content["n_buckets"],
                conventions,
                tuple(content["industries"]),
                content["renames"],
                seen,
                Payouts.of(content["payouts"]),
                tuple(content["n_trading"]),
            )
        except FileNotFoundError:
            raise InputError(
                f"{provider}: holds nothing to go on from: ingest all files once with this version"
            ) from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{provider / RECORD}: cannot be used ({error}): ingest all files again") from error


def _conventions(content: dict[str, Any], session: Session) -> Conventions:
    for name in ("daily_units", "bars_units"):
        content[name] = Stated(*content[name]) if content[name] is not None else None
    return Conventions(**{**content, "freqs": tuple(content["freqs"]), "session": session})


def seen_now(names: Mapping[Path, str]) -> Seen:
    """Size and time of files that are called by these names."""
    seen: Seen = {}
    for path, name in names.items():
        if path.is_file():
            status = path.stat()
            seen[name] = status.st_size, status.st_mtime_ns
    return seen
