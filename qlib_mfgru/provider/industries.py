"""``industries.csv``: the names of a provider's industries by the numbers that ``$industry`` holds."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from qlib_mfgru.errors import InputError

INDUSTRIES_FILE = "industries.csv"
_COLUMNS = ("code", "name")


def industries_text(names: Mapping[int, str]) -> str:
    """The file's content, in the order of `names`."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_COLUMNS, *names.items()])
    return text.getvalue()


def read_industries(provider: Path) -> dict[int, str]:
    """Names by number; empty where a provider has no such file.

    Raises
    ------
    InputError
        A file that is damaged.
    """
    path = provider / INDUSTRIES_FILE
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
        if not rows or rows[0] != list(_COLUMNS):
            raise ValueError(f"its first line is {', '.join(rows[0]) if rows else 'missing'}")
        names = {int(code): name for code, name in rows[1:] if name.strip()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{path}: not a table of code and name: {error}") from error
    if len(names) < len(rows) - 1:
        raise InputError(f"{path}: not a name for every code: {len(rows) - 1} rows, {len(names)} codes with a name")
    return names
