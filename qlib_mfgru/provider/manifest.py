"""``mfgru.json``: the side file that says what made a provider, and the session of its market."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider.session import ASHARE, Session
from qlib_mfgru.refusals import within
from qlib_mfgru.settings import checked

MANIFEST = "mfgru.json"
CHECKSUMS = "checksums"
"""The key under which it names the list of all files (`folders.SUMS`), without which a provider is not whole."""


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a provider says of itself; empty where another program made it.

    Raises
    ------
    InputError
        A file that is damaged.
    """
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}): make the provider again") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: not a manifest of this package: make the provider again")
    return content


def session_in(folder: Path) -> Session | None:
    """The session of the provider in a folder; None where another program made it, which does not say.

    Our own providers named none while all of them were of A-shares.
    """
    content = read_manifest(folder)
    if "session" not in content:
        return ASHARE if content else None
    with within(str(folder / MANIFEST)):
        session: Session = checked(Session, "session", content["session"])
    return session
