"""The shipped YAMLs as qrun sees them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from qlib.cli.run import render_template
from qlib.utils.data import update_config
from ruamel.yaml import YAML

CONFIGS = Path(__file__).parent.parent / "workflow_configs"


def load(name: str) -> dict[str, Any]:
    """A YAML, such as ``demo/gru``, rendered from the environment, and merged into its base."""
    yaml, file = YAML(typ="safe", pure=True), CONFIGS / f"{name}.yaml"
    config = yaml.load(render_template(str(file)))
    return update_config(yaml.load((file.parent / config.pop("BASE_CONFIG_PATH")).read_text()), config)


def qrun(config: dict[str, Any], work: Path) -> Path:
    """Run a config; its artifacts."""
    with (work / "small.yaml").open("w") as file:
        YAML(typ="safe", pure=True).dump(config, file)
    before = set(work.glob("mlruns/*/*/artifacts"))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "qlib.cli.run", "small.yaml"]
    done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-5000:]
    (made,) = set(work.glob("mlruns/*/*/artifacts")) - before
    return made
