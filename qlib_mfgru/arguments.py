"""What the commands' arguments have in common: paths, and errors of one line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

from qlib_mfgru.addresses import without_addresses
from qlib_mfgru.errors import InputError


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, without the secrets that an argument may hold."""

    def error(self, message: str) -> NoReturn:
        """Print the message and exit with 2."""
        self.exit(2, f"{self.prog}: {InputError(message)}; see {self.prog} --help\n")


def local_path(text: str) -> Path:
    """A path on this machine, as an argument's type; an address is refused without being shown.

    A shell leaves the ~ of ``--out=~/orders.csv`` as it is.
    """
    if "://" in text or without_addresses(text) != text:
        raise argparse.ArgumentTypeError(
            "this is an address: give a path; `sql` and `url` of a mapping read a database"
        )
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError("must be a path")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise argparse.ArgumentTypeError("begins with the home folder of a user who has none") from None
