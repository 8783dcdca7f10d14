"""The shipped YAMLs as qrun sees them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qlib.cli.run import render_template
from qlib.utils.data import update_config
from ruamel.yaml import YAML

CONFIGS = Path(__file__).parent.parent / "workflow_configs"


def load(name: str) -> dict[str, Any]:
    """A YAML rendered from the environment, and merged into its base."""
    yaml = YAML(typ="safe", pure=True)
    config = yaml.load(render_template(str(CONFIGS / f"{name}.yaml")))
    return update_config(yaml.load((CONFIGS / config.pop("BASE_CONFIG_PATH")).read_text()), config)
