"""Packaging; what was tested together is pinned in constraints.txt."""

from pathlib import Path

from setuptools import find_packages, setup

setup(
    name="qlib_mfgru",
    version="0.1.0",
    description="Multi-frequency factor mining with GRU networks on raw bars, as a Microsoft qlib extension",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.10",
    packages=find_packages(include=["qlib_mfgru", "qlib_mfgru.*"]),
    install_requires=[
        "pyqlib>=0.9.7",
        "torch>=2.2",
        "pandas>=2.0",
        "numpy>=1.26",
        "pyarrow>=14",
        "matplotlib>=3.8",
        "tqdm>=4.66",
        "PyYAML>=6",
    ],
    extras_require={"dev": ["pytest>=8", "ruff>=0.5", "mypy>=1.10", "pandas-stubs", "types-PyYAML", "types-tqdm"]},
    entry_points={"console_scripts": ["mfgru=qlib_mfgru.cli:main"]},
)
