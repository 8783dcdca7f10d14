"""The part of packaging that is code: the CPU kernels, and the page of a package index; pyproject.toml has the rest.

The kernels are built where a C++ compiler is found, once for each instruction set that it can use; which one runs is
decided at run time. Without them the package works all the same, on a slower path in plain torch and numpy.
"""

import re
import runpy
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

NATIVE = "qlib_mfgru/native"
RECIPE = runpy.run_path(str(Path(__file__).parent / NATIVE / "recipe.py"))


class BuildKernels(build_ext):
    """Extensions that are plain shared libraries, of the same sources and so with an object folder each."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.force = True  # ten seconds; the files' times, after a checkout or a copy, say nothing

    def get_ext_filename(self, fullname: str) -> str:
        return str(Path(*fullname.split("."))) + EXTENSION_SUFFIXES[-1]  # the suffix that names no Python

    def build_extension(self, ext: Extension) -> None:
        common, self.build_temp = self.build_temp, str(Path(self.build_temp, ext.name))
        try:
            super().build_extension(ext)
        finally:
            self.build_temp = common

    def copy_extensions_to_source(self) -> None:
        for ext in self.extensions:  # none of before stays, under any suffix, where its successor does not compile
            for before in Path(NATIVE).glob(f"{ext.name.rpartition('.')[2]}.*"):
                before.unlink()
        super().copy_extensions_to_source()

    def get_export_symbols(self, ext: Extension) -> list[str]:
        return ext.export_symbols  # no PyInit: nobody imports them


class KernelWheel(bdist_wheel):
    """A wheel for every Python of a platform: the kernels are loaded with ctypes and know nothing of Python."""

    def get_tag(self) -> tuple[str, str, str]:
        return ("py3", "none", super().get_tag()[2])


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


def index_page(readme: str) -> str:
    """The README without what leads into the checkout: the picture is left out, and links become their words."""
    readme = re.sub(r"<!-- picture -->.*?<!-- /picture -->\n+", "", readme, flags=re.DOTALL)
    return re.sub(r"\[([^\[\]]+)\]\((?!https?://)[^()]*\)", r"\1", readme)


if __name__ == "__main__":  # as a build runs it, and no test
    setup(
        ext_modules=kernels(),
        cmdclass={"build_ext": BuildKernels, "bdist_wheel": KernelWheel},
        long_description=index_page(Path(__file__).with_name("README.md").read_text(encoding="utf-8")),
        long_description_content_type="text/markdown",
    )
