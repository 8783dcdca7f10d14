"""The register of what is not played, and why; all else that a page shows is run in a `World`, in the page's order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from docs.markdown_blocks import Page, Shown
from docs.shell_lines import Line, lines


class Kind(NamedTuple):
    """Lines or code of one kind, by the words in them, or the page that they stand on."""

    words: str
    why: str
    page: str = ""

    def holds(self, page: str, text: str) -> bool:
        return re.search(self.page, page) is not None and re.search(self.words, text) is not None


NOT_RUN = (
    Kind(r"^(make|pip) ", "sets up an environment from a package registry: jobs of their own"),
    Kind(r"-m pytest", "tests"),
    Kind(r"^python benchmarks/", "a benchmark, which takes minutes"),
    Kind(r"mfgru collect|live\.collect|collect\(", "asks a vendor's server; make live-demo has one"),
    Kind(
        r"",
        "(c) has a test of its own (test_played_pages.py); (a), (b) read a user's files",
        page=r"^README.md",
    ),
    Kind(r"", "the lines of README.md (tests/docs/test_readmes.py)", page=r"^README.zh.md"),
    Kind(r"", "make live-demo plays its evenings (tests/rehearsal)", page=r"docs/daily\.md"),
    Kind(r"~/data/|my_files|my_mapping", "reads a vendor's files, which only its customers have"),
    Kind(r"qlib_data/(cn_data|mine|my_market)|astock|MFGRU_\w*PROVIDER=", "reads a provider of real bars"),
    Kind(r"^mlflow ui", "serves until it is stopped"),
    Kind(r"^# file: ", "tests/test_recipes.py runs it", page=r"docs/extend\.md"),
    Kind(r"units --clear 3f2a", "keys of somebody's units"),
)
"""By kind; the parsers are asked all the same."""
QUICK = r"^mfgru (configs|units$|demo --target runs/noise)|^mfgru ingest --vendor \w+ --show$"
"""What runs without ``--docs`` as well: in seconds, and on an empty machine."""
PRELUDES = {
    "docs/data.md": (
        "import tempfile; from pathlib import Path; import numpy as np\n"
        "provider = Path(tempfile.mkdtemp()); (provider / 'features/sh600000').mkdir(parents=True)"
    ),
    "docs/factor_test.md": (
        "import qlib; from qlib_mfgru.factor import FactorTestSettings, run_factor_test; import pandas as pd\n"
        "store = {'class': 'ExperimentStore', 'module_path': 'qlib_mfgru.report.store',\n"
        "         'kwargs': {'uri': 'sqlite:///mlruns.db', 'default_exp_name': 'mfgru_demo'}}\n"
        "qlib.init(provider_uri='~/.qlib/qlib_data/mfgru_demo', region='cn', kernels=1, exp_manager=store)\n"
        "from qlib.workflow import R\n"
        "scores = R.get_recorder(recorder_id='RECORDER', experiment_name='mfgru_demo').load_object('pred.pkl')\n"
        "test = run_factor_test(scores, FactorTestSettings(pools=['all']))\n"
    ),
}
PRELUDES["docs/mlflow.md"] = PRELUDES["docs/factor_test.md"]
"""What the sentences around a page's Python say has been done before."""


def reason(page: str, text: str) -> str | None:
    """Why something is not run, or None."""
    return next((kind.why for kind in NOT_RUN if kind.holds(page, text)), None)


def shell_lines(page: Page) -> Iterator[Line]:
    for block in page.blocks:
        if block.language in ("bash", "console"):
            yield from lines(block)


def played_lines(page: Page) -> list[Line]:
    return [line for line in shell_lines(page) if reason(page.name, line.bare) is None]


def played_code(page: Page) -> list[Shown]:
    """Python blocks that run one after the other, in one process."""
    code = (block for block in page.blocks if block.language == "python")
    return [block for block in code if reason(page.name, block.text) is None]


def script(page: Page) -> str:
    """The page's Python as one program."""
    return "\n".join([PRELUDES.get(page.name, ""), *(block.text for block in played_code(page))])
