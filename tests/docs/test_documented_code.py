"""YAML, Python and units that README.md and docs/ show are made by, and fit, the code that they are for."""

from __future__ import annotations

import configparser
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs import python_blocks, settings_blocks
from docs.markdown_blocks import Page, pages

PAGES = pages()


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = settings_blocks.stock(tmp_path_factory.mktemp("kitchen"), PAGES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", "secret")
        patch.syspath_prepend(folder)
        modules = set(sys.modules)
        yield folder
        for name in set(sys.modules) - modules:
            if Path(getattr(sys.modules[name], "__file__", None) or "/").parent == folder:
                del sys.modules[name]


def yaml_faults(page: Page, kitchen: Path) -> list[str]:
    blocks = [block for block in page.blocks if block.language == "yaml"]
    told = {block.place: settings_blocks.fault(block, kitchen) for block in blocks}
    return [f"{place}: {fault}" for place, fault in told.items() if fault is not None]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_pages_settings_are_taken(page: Page, kitchen: Path) -> None:
    assert yaml_faults(page, kitchen) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_pages_python_fits(page: Page) -> None:
    assert list(python_blocks.faults(page)) == []


def test_units_of_systemd_start_what_the_page_shows() -> None:
    for page in PAGES:
        for block in (block for block in page.blocks if block.language == "ini"):
            unit = configparser.ConfigParser(interpolation=None)
            unit.optionxform = str  # type: ignore[assignment,method-assign]
            unit.read_string(block.text)
            if "Service" in unit:
                script = unit["Service"]["ExecStart"].split("/")[-1]
                assert script in {span.text for span in page.spans}, block.place


PLANTED = """# Planted
```yaml
- class: FactorTestRecord
  module_path: qlib_mfgru.factor
  kwargs: {pool: [all]}
```
```yaml
inputs: {15min: {day: 20, scale: mean}}
```
```yaml
bars: {files: bars.csv, freq: 15min, stamps: middle}
```
```yaml
BASE_CONFIG_PATH: demo_base.yaml
qlib_init: {provider_uri: x}
task: {model: {class: GRUModel, kwargs: {hiden_size: 3}}}
```
```yaml
BASE_CONFIG_PATH: demo_base.yaml
experiment_name: planted
models: {a: no_such_file}
```
```yaml
index: csi500
turnover_limit: 0.3
```
```yaml
nothing: of ours
```
```yaml
a: [
```
```yaml
- class: PortAnaRecord
  module_path: qlib.workflow.record_temp
  kwargs: {config: {strategy: {class: NoSuchStrategy, module_path: qlib_mfgru.portfolio}, backtest: {}}}
```
```python
from qlib_mfgru.data import MultiFreqHandler, MultiFreqHandlr
from qlib_mfgru.nowhere import x
from qlib_mfgru import live

live.predict("a", stor="b")
import qlib_mfgru.none
```
```python
print(
```
`qlib_mfgru.provider.none`, `qlib_mfgru.portfolio.run_index_enhancement(scores)`
"""


def test_each_planted_fault_is_named_with_its_line(kitchen: Path) -> None:
    page = Page("planted.md", PLANTED)
    told = [*yaml_faults(page, kitchen), *python_blocks.faults(page)]
    wanted = [
        (3, "'pool'"),
        (8, "inputs.15min"),
        (11, "stamps"),
        (14, "hiden_size"),
        (19, "no_such_file"),
        (24, "turnover_limit"),
        (28, "of no kind"),
        (31, "expected"),
        (34, "NoSuchStrategy"),
        (39, "qlib_mfgru.data has no MultiFreqHandlr"),
        (40, "there is no qlib_mfgru.nowhere"),
        (43, "stor"),
        (44, "there is no qlib_mfgru.none"),
        (47, "never closed"),
        (49, "there is no qlib_mfgru.provider.none"),
    ]
    for line, words in wanted:
        assert any(each.startswith(f"planted.md:{line}:") and words in each for each in told), (line, words, told)
    assert len(told) == len(wanted)
