"""YAML of a page, made into what it describes by the code that reads it; `KINDS` is the register."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from qlib.data.dataset import Dataset
from qlib.data.dataset.handler import DataHandlerABC
from qlib.model.base import Model

from docs.markdown_blocks import ROOT, Page, Shown
from qlib_mfgru.configs import built, class_of, named_class
from qlib_mfgru.data import MultiFreqDataset, MultiFreqHandler
from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import IngestMapping, parse_mapping
from qlib_mfgru.model import IncrementalGRUModel
from qlib_mfgru.portfolio import Constraint, IndexEnhancementSettings, IndexEnhancementStrategy
from qlib_mfgru.portfolio.trade.strategy import StrategySettings
from qlib_mfgru.report.record import ResultRecord
from qlib_mfgru.study.plan import plan
from qlib_mfgru.study.settings import StudySettings
from qlib_mfgru.study.source import StudySource

SEGMENTS = {"train": ["2020-01-01", "2023-06-30"], "test": ["2023-07-03", "2023-12-15"]}
VENDOR = "tushare"
"""Whose ready mapping a part of a mapping goes over, as such parts are meant."""
BLOCK = "of_a_page.yaml"
_ROWS = {"files", "wide", "sql", "provider"}
_TASK, _RUN = {"model", "dataset", "record"}, {"qlib_init", "experiment_name", "task"}
_WITHOUT_SETTINGS = {"recorder", "model", "dataset"}


def fault(block: Shown, kitchen: Path) -> str | None:
    """What is wrong with a block, or None.

    Parameters
    ----------
    block : Shown
    kitchen : Path
        A folder with the files that pages name in their blocks, on Python's path, and the demo's base.
    """
    try:
        content = yaml.safe_load(block.text)
        kind = next((kind for kind, is_one in KINDS.items() if is_one(content)), None)
        if kind is None:
            return "of no kind that tests/docs/settings_blocks.py knows"
        (kitchen / BLOCK).write_text(block.text)
        kind(content, kitchen)
    except (InputError, yaml.YAMLError) as error:
        return " ".join(str(error).split())
    return None


def stock(folder: Path, pages: list[Page]) -> Path:
    """Fill a kitchen."""
    for block in (block for page in pages for block in page.blocks):
        if block.file is not None:
            (folder / block.file).write_text(block.text)
    for file in (ROOT / "workflow_configs/demo").glob("*.yaml"):
        (folder / file.name).write_text(file.read_text())
    return folder


def _component(config: Any, _: Path) -> None:
    """One ``{class, module_path, kwargs}``; ours check what is within them, of others it is looked at here."""
    kind = named_class(config, object, "class")
    kwargs = config.get("kwargs") or {}
    if issubclass(kind, ResultRecord):
        kind.settings_kind(**{name: value for name, value in kwargs.items() if name not in ("name", "skip_existing")})
    elif issubclass(kind, IndexEnhancementStrategy):
        StrategySettings(**{name: value for name, value in kwargs.items() if name != "signal"})
    elif issubclass(kind, (Model, Dataset, DataHandlerABC, Constraint)):
        built(config, kind, "class")
    else:
        class_of(config, object, "class", *_WITHOUT_SETTINGS - kwargs.keys())
        for inner in _configs_within(kwargs):
            _component(inner, _)


def _configs_within(kwargs: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Configs at any depth below, not looking into those that are found."""
    for value in kwargs.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, Mapping):
                if "class" in each:
                    yield each
                else:
                    yield from _configs_within(each)


def _components(configs: list[Any], kitchen: Path) -> None:
    for config in configs:
        _component(config, kitchen)


def _workflow(_: dict[str, Any], kitchen: Path) -> None:
    """What qrun takes, merged into its base."""
    whole = StudySource.read(kitchen / BLOCK).content
    _only(whole, _RUN, "")
    _only(whole["task"], _TASK, "task.")
    _component(whole["task"]["model"], kitchen)
    _component(whole["task"]["dataset"], kitchen)
    _components(whole["task"]["record"], kitchen)
    _component(whole["qlib_init"]["exp_manager"], kitchen)


def _study(_: dict[str, Any], kitchen: Path) -> None:
    source = StudySource.read(kitchen / BLOCK)
    plan(StudySettings(**source.content), source)


def _mapping(content: dict[str, Any], _: Path) -> None:
    rows = (content.get(name) or {} for name in ("bars", "daily"))
    is_whole = any(_ROWS & set(prices) for prices in rows)
    parse_mapping(content if is_whole else {"vendor": VENDOR, **content}, "mapping")


def _scattered(content: dict[str, Any], _: Path) -> None:
    """Settings of handler, dataset and model, beside each other as a text explains them."""
    inputs = MultiFreqHandler(inputs=content["inputs"]) if "inputs" in content else MultiFreqHandler()
    if "stages" in content:
        IncrementalGRUModel(**{name: value for name, value in content.items() if name in ("stages", "stage_weight")})
    if "sample_step" in content:
        MultiFreqDataset(inputs, SEGMENTS, sample_step=content["sample_step"])


def _enhancement(content: dict[str, Any], _: Path) -> None:
    IndexEnhancementSettings(**content)


def _only(content: Mapping[str, Any], known: set[str], within: str) -> None:
    if unknown := content.keys() - known:
        raise InputError(f"{within}{unknown.pop()}: qrun reads no such key")


def _has(*keys: str) -> Callable[[Any], bool]:
    return lambda content: isinstance(content, dict) and content.keys() >= set(keys)


def _of(keys: set[str]) -> Callable[[Any], bool]:
    return lambda content: isinstance(content, dict) and bool(content) and content.keys() <= keys


KINDS: dict[Callable[[Any, Path], None], Callable[[Any], bool]] = {
    _components: lambda content: isinstance(content, list) and all("class" in each for each in content),
    _component: _has("class"),
    _study: _has("models", "experiment_name"),
    _workflow: _has("task"),
    lambda content, kitchen: _component(content["dataset"], kitchen): _of({"dataset"}),
    _scattered: _of({"inputs", "stages", "stage_weight", "sample_step"}),
    _enhancement: _of(set(IndexEnhancementSettings.model_fields)),
    _mapping: lambda content: isinstance(content, dict) and bool(content.keys() & IngestMapping.model_fields.keys()),
}
