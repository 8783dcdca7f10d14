"""Where settings and scores of a rebalance come from, and what is said where they are not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from shipped import CONFIGS

from qlib_mfgru import live
from qlib_mfgru.errors import InputError
from qlib_mfgru.live.rebalancing import command
from qlib_mfgru.live.rebalancing.sources.scores import read_scores
from qlib_mfgru.live.rebalancing.sources.settings import choose_settings
from qlib_mfgru.portfolio import IndexEnhancementSettings


def record(index: str, **kwargs: Any) -> dict[str, Any]:
    return {
        "class": "IndexEnhancementRecord",
        "module_path": "qlib_mfgru.portfolio",
        "kwargs": {"index": index, **kwargs},
    }


TASK = {"record": [{"class": "SignalRecord"}, record("csi300", folder="a"), record("CSI500", account=1e6, name="x")]}


def test_the_public_name_is_the_function_also_beside_its_command() -> None:
    assert command.DESCRIPTION
    assert callable(live.rebalance)
    assert live.RebalancePlan.__name__ == "RebalancePlan"


def test_the_record_of_the_index_is_taken() -> None:
    settings, origin = choose_settings("csi500", None, TASK)
    assert (settings.account, settings.turnovers, origin) == (1e6, [0.3, 0.4, 0.5], "the recorder's task")
    assert choose_settings("csi300", None, TASK)[0] == IndexEnhancementSettings("csi300")
    assert choose_settings("CSI1000", None, TASK) == (IndexEnhancementSettings("csi1000"), "the Huatai report")
    assert choose_settings(None, None, {"record": record("csi300")})[0].index == "csi300"


def test_a_config_goes_before_the_recorders_task() -> None:
    for config in ({"index": "csi500", "account": 2e6}, {"task": {"record": [record("csi500", account=2e6)]}}):
        settings, origin = choose_settings("csi500", config, TASK)
        assert (settings.account, origin) == (2e6, "the config")


def test_a_shipped_yaml_is_a_config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MFGRU_RECORDER", "0123abc")
    file = CONFIGS / "astock/enhance_csi500.yaml"
    settings, origin = choose_settings(None, file, {})
    assert settings == IndexEnhancementSettings("csi500", index_weights="market_cap")
    assert origin == str(file)


@pytest.mark.parametrize(
    ("index", "config", "message"),
    [
        (None, None, "the recorder's task has settings for csi300, CSI500: name one with index"),
        (None, {"record": []}, "the config has no IndexEnhancementRecord"),
        ("cni2000", TASK, "the config has no IndexEnhancementRecord of cni2000"),
        ("csi500", {"index": "csi300"}, "the config has no IndexEnhancementRecord of csi500"),
        ("csi500", {"index": "csi500", "acount": 1}, "unknown setting 'acount'; did you mean 'account'?"),
        (
            "csi500",
            {"record": [record("csi500"), record("csi500", folder="b")]},
            "the config has settings for csi500, csi500: leave one in a config of its own",
        ),
        ("csi600", None, "the Huatai report has csi300, csi500, csi1000, cni2000, not csi600: set "),
    ],
)
def test_what_cannot_be_chosen_is_said(index: str | None, config: Any, message: str) -> None:
    with pytest.raises(InputError) as error:
        choose_settings(index, config, TASK)
    assert str(error.value).startswith(message)


def test_without_any_index() -> None:
    with pytest.raises(
        InputError, match=r"^name an index, such as csi500: the recorder's task has no settings of one$"
    ):
        choose_settings(None, None, {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n- b\n", "expected keys, such as index, or task with an IndexEnhancementRecord"),
        ("index: csi500\nlimits: [0.3\n", "not a YAML file, see line 2"),
        ("index: csi500\nindex: csi300\n", "a key stands twice, see line 2"),
        ("index: {{ csi500\n", "unexpected end of template, expected 'end of print statement'"),
        ("{% include 'base.yaml' %}\n", "no loader for this environment specified"),
    ],
)
def test_a_yaml_that_is_none(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "enhance.yaml"
    file.write_text(text)
    with pytest.raises(InputError) as error:
        choose_settings("csi500", file, {})
    assert str(error.value).startswith(f"{file}: {message}")


def test_codes_without_quotes_are_those_that_were_written(tmp_path: Path) -> None:
    """As qrun reads them; as numbers to the base of 8, 000010 would be another stock, and so would 000300."""
    file = tmp_path / "enhance.yaml"
    file.write_text("index: csi300\nblacklist: [000010, 000001, 300001, 600000.SH]\nbenchmark: 000300\n")
    settings, _ = choose_settings(None, file, {})
    assert [str(code) for code in settings.blacklist] == ["SZ000010", "SZ000001", "SZ300001", "SH600000"]
    assert settings.benchmark == "SH000300"


@pytest.mark.parametrize("index", [None, "000300"])
def test_an_index_of_digits_needs_quotes(index: str | None, tmp_path: Path) -> None:
    file = tmp_path / "enhance.yaml"
    file.write_text("index: 000300\n")
    with pytest.raises(InputError) as error:
        choose_settings(index, file, {})
    assert str(error.value) == f"{file}: index is 300: must be text; put a name of digits in quotes"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("date,code,score\n", " has no column datetime, instrument: it has date, code, score"),
        ("datetime,instrument,score\nyesterday,SH600000,1\n", " is no file of scores: "),
        ("datetime,instrument,score\n2024-03-05,SH600000,\n", "the prediction has no finite score"),
    ],
)
def test_a_file_without_scores(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "scores.csv"
    file.write_text(text)
    with pytest.raises(InputError) as error:
        read_scores(file)
    assert str(error.value).removeprefix(str(file)).startswith(message)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("day", ["2024-03-05", "20240305"])
def test_codes_and_days_of_digits_are_text(day: str, tmp_path: Path) -> None:
    file = tmp_path / "scores.csv"
    file.write_text(f"datetime,instrument,score\n{day},00700,1.5\n")
    assert read_scores(file).to_dict() == {(pd.Timestamp("2024-03-05"), "00700"): 1.5}
