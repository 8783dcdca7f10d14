"""The factor test on a provider as qlib's own scripts make it: what it lacks, and the advice, taken literally."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from market_world import random_scores, use
from plain_market import CODES, DAYS, INDEX, write_plain_market

from qlib_mfgru.errors import InputError
from qlib_mfgru.factor import FactorTestSettings, run_factor_test
from qlib_mfgru.factor.inputs import check_provider


def advised(message: str) -> dict[str, Any]:
    """The settings that a message says to set, as YAML."""
    settings: dict[str, Any] = {}
    for text in re.findall(r"set ((?:\w+: (?:\[[^]]*\]|\w+)(?:, )?)+)", message):
        settings |= yaml.safe_load(f"{{{text}}}")
    return settings


def scores() -> pd.Series:
    codes = [*CODES, INDEX]
    index = pd.MultiIndex.from_product([DAYS[:70], codes], names=["datetime", "instrument"])
    return pd.Series(random_scores()[:70, : len(codes)].ravel(), index).dropna()


def test_all_is_said_at_once_and_the_advice_works(tmp_path: Path) -> None:
    use(write_plain_market(tmp_path / "cn", with_index=True))
    for refused in (
        lambda: check_provider(FactorTestSettings()),
        lambda: run_factor_test(scores(), FactorTestSettings()),
    ):
        with pytest.raises(InputError) as error:
            refused()
        provider = f"the provider {tmp_path / 'cn'} has"
        assert str(error.value) == (
            f"pools: unknown market 'csi500', 'csi1000'; {provider} ['all', 'csi300']: set pools: [csi300, all]; "
            f"{provider} no $vwap for entry: next_vwap, $is_st for excluding st, $limit_up for excluding limit_up, "
            "$industry, $market_cap for neutralising: set entry: next_close, exclude: [suspended], neutralize: [], "
            "or ingest them (its mapping needs st, industry, float_shares or market_cap)"
        )
    settings = FactorTestSettings(**advised(str(error.value)), n_layers=2)
    counts = run_factor_test(scores(), settings).pools["all"].counts
    assert (counts["members"] == len(CODES)).all(), "the index is no stock"


def test_pools_that_are_all_unknown(tmp_path: Path) -> None:
    use(write_plain_market(tmp_path / "cn"))
    with pytest.raises(InputError, match=r"set pools: \[all\]; the provider"):
        check_provider(FactorTestSettings(pools=["csi800"]))


def test_without_any_price_no_setting_helps(tmp_path: Path) -> None:
    folder = write_plain_market(tmp_path / "cn")
    for price in ("close", "open"):
        for path in folder.glob(f"features/*/{price}.day.bin"):
            path.unlink()
    use(folder)
    with pytest.raises(InputError, match=r"no \$vwap for entry: next_vwap: ingest it$"):
        check_provider(FactorTestSettings(pools=["all"], exclude=[], neutralize=[]))
