"""``industries.csv``: the names of a provider's industries by the numbers that ``$industry`` holds."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from qlib_mfgru.errors import InputError

INDUSTRIES_FILE = "industries.csv"


def industries_text(names: Mapping[int, str]) -> str:
    """The file's content, in the order of `names`."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("code", "name"), *names.items()])
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
            return {int(row["code"]): row["name"] for row in csv.DictReader(file)}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise InputError(f"{path}: not a table of code and name: {error}") from error
