"""The shipped YAMLs as qrun sees them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qlib.cli.run import render_template
from qlib.utils.data import update_config
from ruamel.yaml import YAML
from started import done

CONFIGS = Path(__file__).parent.parent / "workflow_configs"
QRUN = """
import sys
import blank_charts
from qlib.cli.run import workflow
blank_charts.use()
for file in sys.argv[1:]:
    workflow(file)
"""
"""A program that does what ``qrun`` does, for one file after the other; it draws no charts."""


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
    done(QRUN, "small.yaml", folder=work)
    (made,) = set(work.glob("mlruns/*/*/artifacts")) - before
    return made
