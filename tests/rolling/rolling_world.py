"""The models' tiny world with a test of three months: what the rolling tests have in common."""

from __future__ import annotations

from pathlib import Path

import qlib

SEGMENTS = {"train": ("2020-01-01", "2020-05-29"), "test": ("2020-06-03", "2020-08-05")}
"""Three monthly tests: the first begins, and the last ends, inside its month."""


def use(provider: Path, store: Path) -> None:
    """Initialise qlib on a provider, with its experiments in the sqlite file `store`."""
    manager = {
        "class": "MLflowExpManager",
        "module_path": "qlib.workflow.expm",
        "kwargs": {"uri": f"sqlite:///{store}", "default_exp_name": "default"},
    }
    qlib.init(provider_uri=str(provider), region="cn", kernels=1, exp_manager=manager, logging_level=30)
