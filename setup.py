"""Packaging; what was tested together is pinned in constraints.txt.

The CPU kernels are built where a C++ compiler is found, once for each instruction set that it can use; which one runs
is decided at run time. Without them the package works all the same, on a slower path in plain torch and numpy.
"""

import runpy
from pathlib import Path

from setuptools import Extension, find_packages, setup
from setuptools.command.build_ext import build_ext

NATIVE = "qlib_mfgru/native"
RECIPE = runpy.run_path(str(Path(__file__).parent / NATIVE / "recipe.py"))


class BuildKernels(build_ext):
    """Extensions that are plain shared libraries, of the same sources and so with an object folder each."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.force = True  # ten seconds; the files' times, after a checkout or a copy, say nothing

    def build_extension(self, ext: Extension) -> None:
        common, self.build_temp = self.build_temp, str(Path(self.build_temp, ext.name))
        try:
            super().build_extension(ext)
        finally:
            self.build_temp = common

    def copy_extensions_to_source(self) -> None:
        for ext in self.extensions:  # none of before stays where its successor does not compile
            Path(NATIVE, Path(self.get_ext_filename(ext.name)).name).unlink(missing_ok=True)
        super().copy_extensions_to_source()

    def get_export_symbols(self, ext: Extension) -> list[str]:
        return ext.export_symbols  # no PyInit: nobody imports them


def kernels() -> list[Extension]:
    """The CPU kernels' builds; none on processors that they are not written for."""
    return [
        Extension(
            f"qlib_mfgru.native.{RECIPE['module'](name)}",
            [f"{NATIVE}/{source}" for source in RECIPE["SOURCES"]],
            define_macros=[("MFGRU_ABI", f"{RECIPE['abi'](name):#x}")],
            extra_compile_args=[*RECIPE["FLAGS"], *flags],
            extra_link_args=["-pthread"],
            language="c++",
            optional=True,
        )
        for name, flags in RECIPE["instruction_sets"]().items()
    ]


CLUSTER = ["distributed>=2024.1"]  # rolling training on a Dask cluster
DATABASES = ["SQLAlchemy>=2"]  # bars and tables from a database; its driver is the user's choice
COLLECT = ["baostock>=0.9.4"]  # bars from its server
HDF5 = ["tables>=3.9"]
NOTEBOOKS = ["ipykernel>=6", "ipywidgets>=8"]  # a kernel, and progress bars that it can draw
GRAPHS = ["plotly>=5,<7", "statsmodels>=0.14"]  # for qlib's own graphs; plotly 7 lacks what they import

setup(
    name="qlib_mfgru",
    version="0.1.0",
    description="Multi-frequency factor mining with GRU networks on raw bars, as a Microsoft qlib extension",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.10",
    packages=find_packages(include=["qlib_mfgru", "qlib_mfgru.*"]),
    package_data={
        "": ["*.pyi"],
        "qlib_mfgru.ingest": ["vendors/*.yaml"],
        "qlib_mfgru.native": ["*.h", "*.cpp"],
        "qlib_mfgru.report": ["published/*.csv"],
    },
    ext_modules=kernels(),
    cmdclass={"build_ext": BuildKernels},
    install_requires=[
        "pyqlib>=0.9.7",
        "torch>=2.2",
        "pandas>=2.0",
        "numpy>=1.26",
        "pyarrow>=14.0.1",
        "safetensors>=0.4",
        "filelock>=4.2",
        "joblib>=1.5",
        "matplotlib>=3.8",
        "scipy>=1.11",
        "highspy>=1.10",
        "mlflow>=2",
        "pydantic>=2.5",
        "lazy_loader>=0.4",
        "tqdm>=4.66",
        "PyYAML>=6",
    ],
    extras_require={
        "cluster": CLUSTER,
        "graphs": GRAPHS,
        "databases": DATABASES,
        "hdf5": HDF5,
        "collect": COLLECT,
        "notebooks": NOTEBOOKS,
        "dev": [
            *CLUSTER,
            *GRAPHS,
            *DATABASES,
            *HDF5,
            *COLLECT,
            *NOTEBOOKS,
            "alphalens-reloaded>=0.4.5",
            "duckdb-engine>=0.13",
            "psycopg[binary]>=3.1",
            "hypothesis>=6",
            "mongomock>=4.3",
            "nbclient>=0.8",
            "nbformat>=5.7",
            "pytest>=8",
            "pytest-xdist>=3.5",
            "ruff>=0.5",
            "mypy>=1.10",
            "pandas-stubs",
            "types-PyYAML",
            "types-tqdm",
        ],
    },
    entry_points={"console_scripts": ["mfgru=qlib_mfgru.cli:main"]},
)
