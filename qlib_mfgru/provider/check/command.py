"""``mfgru check``: judge a provider."""

from __future__ import annotations

import argparse
from pathlib import Path

from qlib_mfgru.arguments import local_path

DESCRIPTION = """Judge a qlib provider, of this package or another program: do prices, volumes, amounts, factors, bars
and index levels fit each other? Exit code 0 without errors, 1 with errors, 2 on bad input."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("provider", type=local_path, help="folder of the provider, e.g. ~/.qlib/qlib_data/cn_data")
    parser.add_argument("--stocks", nargs="+", default=[], metavar="CODE", help="only these")
    parser.add_argument("--since", metavar="DATE", help="only days from this one on")
    parser.add_argument(
        "--out", type=local_path, metavar="FILE", help="also write the findings, to a .md or .html file"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def run(arguments: argparse.Namespace) -> int:
    """Check and print the findings; 1 if any is an error."""
    from qlib_mfgru.errors import InputError
    from qlib_mfgru.provider.check.check import check_provider
    from qlib_mfgru.provider.check.page import as_html, as_markdown
    from qlib_mfgru.settings import Stamp, checked

    out: Path | None = arguments.out
    if out is not None and out.suffix not in (".md", ".html"):
        raise InputError(f"--out is {str(out)!r}: must end in .md or .html")
    if out is not None and not out.parent.is_dir():
        raise InputError(f"--out is {str(out)!r}: there is no folder {out.parent}")
    since = None if arguments.since is None else checked(Stamp, "--since", arguments.since)
    provider = arguments.provider.expanduser()
    rows = check_provider(provider, stocks=arguments.stocks, since=since, quiet=arguments.quiet)
    title = f"Check of {provider}"
    print(as_markdown(title, rows))
    if out is not None:
        out.write_text((as_html if out.suffix == ".html" else as_markdown)(title, rows), encoding="utf-8")
    return int(any(row.severity == "error" for row in rows))
