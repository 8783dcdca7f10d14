"""qlib with an empty store of experiments."""

from __future__ import annotations

from pathlib import Path

import qlib
from once import empty_store


def start_qlib(provider: Path, store: Path, ours: bool = False) -> None:
    """Initialise qlib on a provider, with experiments in the sqlite file `store`, by qlib's manager of them or ours."""
    empty_store(store)
    manager = {
        "class": "ExperimentStore" if ours else "MLflowExpManager",
        "module_path": "qlib_mfgru.report.store" if ours else "qlib.workflow.expm",
        "kwargs": {"uri": f"sqlite:///{store}", "default_exp_name": "default"},
    }
    qlib.init(provider_uri=str(provider), region="cn", kernels=1, exp_manager=manager, logging_level=30)
