"""Packaging; what was tested together is pinned in constraints.txt.

The CPU kernels are built where a C++ compiler is found, once for each instruction set that it can use; which one runs
is decided at run time. Without them the package works all the same, on a slower path in plain torch and numpy.
"""

import platform
from pathlib import Path

from setuptools import Extension, find_packages, setup
from setuptools.command.build_ext import build_ext

INSTRUCTION_SETS = {
    "avx512": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx2", "-mfma"],
    "avx2": ["-mavx2", "-mfma"],
}
# not -ffast-math, which breaks exp; products and sums may be fused
FLAGS = [
    "-std=c++17",
    "-O3",
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fno-signed-zeros",
    "-pthread",
]


class BuildKernels(build_ext):
    """Extensions that are plain shared libraries, of the same sources and so with an object folder each."""

    def build_extension(self, ext: Extension) -> None:
        common, self.build_temp = self.build_temp, str(Path(self.build_temp, ext.name))
        try:
            super().build_extension(ext)
        finally:
            self.build_temp = common

    def get_export_symbols(self, ext: Extension) -> list[str]:
        return ext.export_symbols  # no PyInit: nobody imports them


def kernels() -> list[Extension]:
    """The CPU kernels' builds; none on other processors than x86-64."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return []
    return [
        Extension(
            f"qlib_mfgru.native._{name}",
            ["qlib_mfgru/native/gru.cpp", "qlib_mfgru/native/windows.cpp"],
            depends=sorted(map(str, Path("qlib_mfgru/native").glob("*.h"))),
            extra_compile_args=FLAGS + flags,
            extra_link_args=["-pthread"],
            language="c++",
            optional=True,
        )
        for name, flags in INSTRUCTION_SETS.items()
    ]


CLUSTER = ["distributed>=2024.1"]  # rolling training on a Dask cluster
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
    package_data={"": ["*.pyi"], "qlib_mfgru.native": ["*.h"], "qlib_mfgru.report": ["published/*.csv"]},
    ext_modules=kernels(),
    cmdclass={"build_ext": BuildKernels},
    install_requires=[
        "pyqlib>=0.9.7",
        "torch>=2.2",
        "pandas>=2.0",
        "numpy>=1.26",
        "pyarrow>=14",
        "joblib>=1.4",
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
        "dev": [
            *CLUSTER,
            *GRAPHS,
            "alphalens-reloaded>=0.4.5",
            "pytest>=8",
            "ruff>=0.5",
            "mypy>=1.10",
            "pandas-stubs",
            "types-PyYAML",
            "types-tqdm",
        ],
    },
    entry_points={"console_scripts": ["mfgru=qlib_mfgru.cli:main"]},
)
