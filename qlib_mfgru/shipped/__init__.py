"""The workflow configs that come with the package, and copies of them for a user to change."""

from qlib_mfgru.shipped.configs import FOLDER, Copies, ShippedConfig, copy_configs, shipped_configs

__all__ = ["FOLDER", "Copies", "ShippedConfig", "copy_configs", "shipped_configs"]
