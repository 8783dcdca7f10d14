"""qlib with an empty store of experiments."""

from __future__ import annotations

from pathlib import Path

import qlib


def start_qlib(provider: Path, store: Path) -> None:
    """Initialise qlib on a provider, with its experiments in the sqlite file `store`."""
    manager = {
        "class": "MLflowExpManager",
        "module_path": "qlib.workflow.expm",
        "kwargs": {"uri": f"sqlite:///{store}", "default_exp_name": "default"},
    }
    qlib.init(provider_uri=str(provider), region="cn", kernels=1, exp_manager=manager, logging_level=30)
