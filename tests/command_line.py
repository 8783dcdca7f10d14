"""What these tests take on pytest's command line."""

from __future__ import annotations

import pytest


def add_options(parser: pytest.Parser) -> None:
    """Add them; pages that show a command of pytest are held against them too."""
    parser.addoption("--docs", action="store_true", help="run what README and docs show, not only its quickest part")
