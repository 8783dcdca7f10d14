"""The market as it is known at a close, against plain loops over the provider's files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from qlib.data import D

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio import (
    Blacklist,
    FactorExposure,
    FullInvestment,
    IndexEnhancementSettings,
    MarketSnapshot,
    MarketView,
)
from qlib_mfgru.provider.storage.stored import SeriesReader

INDEX = "csi500"


def stored(field: str, day: pd.Timestamp) -> pd.Series:
    """A field of all stocks up to a day, its last known values by stock."""
    frame = D.features(D.instruments("all"), [field], "2010-01-01", day, freq="day").iloc[:, 0].dropna()
    return frame.groupby("instrument").last()


def test_what_is_known_equals_the_providers_values(market: MarketSnapshot) -> None:
    day = market.days[100]
    view = market.known_at(day)
    for field, values in (("$close", view.close), ("$factor", view.factor), ("$industry", view.industry)):
        expected = stored(field, day)
        np.testing.assert_array_equal(pd.Series(values, view.stocks).reindex(expected.index), expected)
    today = D.features(D.instruments("all"), ["$volume", "$close", "$limit_up", "$limit_down"], day, day).droplevel(1)
    traded = today["$volume"].reindex(view.stocks).to_numpy() > 0
    np.testing.assert_array_equal(view.suspended, ~traded)
    for limit, flags in (("$limit_up", view.at_limit_up), ("$limit_down", view.at_limit_down)):
        at_it = np.isclose(today["$close"], today[limit], rtol=1e-6, atol=0)
        assert set(today.index[at_it]) == {code for code, flag in zip(view.stocks, flags, strict=True) if flag}


def test_exposures_are_z_scores_of_the_logarithm_over_traded_stocks(market: MarketSnapshot) -> None:
    view = market.known_at(market.days[100])
    size = np.log(stored("$market_cap", view.date).reindex(view.stocks).to_numpy(np.float64))
    known = size[~view.suspended & np.isfinite(size)]
    expected = [(value - known.mean()) / known.std() if np.isfinite(value) else 0.0 for value in size]
    np.testing.assert_allclose(view.exposures["market_cap"], expected, rtol=1e-6)
    np.testing.assert_allclose(np.log(view.fields["market_cap"]), size)


@pytest.mark.parametrize("written", ["amount", "$Amount"])
def test_fields_that_are_needed_are_served_as_stored_and_as_exposures(market: MarketSnapshot, written: str) -> None:
    """Of the day, not the last known one: nothing was traded on a suspended day."""
    view = MarketSnapshot.read(INDEX, needs=(written,)).known_at(market.days[100])
    today = D.features(D.instruments("all"), ["$amount"], view.date, view.date)["$amount"].droplevel(1)
    amount = today.reindex(view.stocks).fillna(0).to_numpy(np.float64)
    assert (amount[view.suspended] == 0).all()
    assert view.suspended.any()
    np.testing.assert_array_equal(view.fields["amount"], amount)
    np.testing.assert_array_equal(view.fields[written], amount)
    known = amount[~view.suspended]
    expected = np.nan_to_num((amount - known.mean()) / known.std())
    np.testing.assert_allclose(view.exposures["amount"], expected, rtol=1e-6, atol=1e-9)


def test_a_field_that_no_constraint_declares_is_named(market: MarketSnapshot) -> None:
    view = market.known_at(market.days[100])
    for served in (view.exposures, view.fields):
        with pytest.raises(InputError, match=r"^\$amount was not read: a constraint that uses it must name it in its"):
            served["amount"]


def test_needs_are_a_list(market: MarketSnapshot) -> None:
    with pytest.raises(InputError, match=r"^needs is 'amount': must be a list$"):
        MarketSnapshot.read(INDEX, needs="amount")


def poisoned(market: MarketSnapshot, first: int) -> MarketSnapshot:
    """Everything from row `first` on is nonsense."""
    fields = {name: values.copy() for name, values in market.fields.items()}
    for values in fields.values():
        values[first:] = 1e9 * np.random.default_rng(0).random(values[first:].shape)
        values[first + 1 :: 2] = np.nan
    member = market.member.copy()
    member[first:] = True
    return replace(market, fields=fields, member=member)


def same(a: MarketView, b: MarketView) -> bool:
    return all(
        all(np.array_equal(left[name], right[name], equal_nan=True) for name in left)
        if isinstance(left, dict)
        else np.array_equal(left, right, equal_nan=isinstance(left, np.ndarray) and left.dtype == np.float64)
        for left, right in ((getattr(a, name), getattr(b, name)) for name in MarketView.__dataclass_fields__)
    )


def test_nothing_of_later_days_is_known(market: MarketSnapshot) -> None:
    for weighting in ("drifted", "market_cap"):
        clean = replace(market, weighting=weighting)
        for day in (60, 100):
            assert same(clean.known_at(clean.days[day]), poisoned(clean, day + 1).known_at(clean.days[day]))
            assert not same(clean.known_at(clean.days[day]), poisoned(clean, day).known_at(clean.days[day]))


def test_weights_drift_with_prices_from_the_day_they_last_changed(market: MarketSnapshot) -> None:
    """Weights that are stored unchanged since day 70 move with the stocks' prices; new ones count at once."""
    weights = market.fields["csi500_weight"].copy()
    weights[70:100] = weights[70]
    carried = replace(market, fields={**market.fields, "csi500_weight": weights})
    before, now = carried.known_at(carried.days[70]), carried.known_at(carried.days[90])
    drifted = [
        weight * (now.close[i] / before.close[i]) if market.member[90, i] and weight > 0 else 0.0
        for i, weight in enumerate(np.nan_to_num(weights[70].astype(np.float64)))
    ]
    np.testing.assert_allclose(now.weight, np.array(drifted) / sum(drifted), rtol=1e-6)
    exact = np.nan_to_num(market.fields["csi500_weight"][100].astype(np.float64))
    np.testing.assert_allclose(carried.known_at(carried.days[100]).weight, exact / exact.sum(), rtol=1e-6)


def test_weights_that_are_missing_for_a_day_are_the_last_known_ones(market: MarketSnapshot) -> None:
    """Neither a day without weights nor a member without one ends the drift, or takes the member out of the index."""
    weights = market.fields["csi500_weight"].copy()
    weights[70:] = weights[70]
    whole = replace(market, fields={**market.fields, "csi500_weight": weights})
    largest = int(np.nanargmax(weights[70]))
    for hole in (slice(None), largest):
        for nothing in (np.nan, 0):
            gap = weights.copy()
            gap[75:77, hole] = nothing
            holed = replace(market, fields={**market.fields, "csi500_weight": gap})
            for day in (75, 76, 77, 85):
                np.testing.assert_array_equal(
                    holed.known_at(market.days[day]).weight, whole.known_at(market.days[day]).weight
                )
                assert holed.known_at(market.days[day]).covered == whole.known_at(market.days[day]).covered


def test_who_comes_back_into_the_index_has_no_weight_before_a_new_one(market: MarketSnapshot) -> None:
    weights, member = market.fields["csi500_weight"].copy(), market.member.copy()
    stock = int(np.nanargmax(weights[70]))
    member[71:80, stock], weights[71:90, stock] = False, np.nan
    left = replace(market, member=member, fields={**market.fields, "csi500_weight": weights})
    assert [left.known_at(market.days[day]).weight[stock] > 0 for day in (70, 75, 85, 90)] == [True, False, False, True]


def test_market_cap_weights(market: MarketSnapshot) -> None:
    view = MarketSnapshot.read(INDEX, "market_cap").known_at(market.days[80])
    cap = stored("$market_cap", view.date).reindex(view.stocks).to_numpy(np.float64)
    expected = np.where(market.member[80], cap, 0.0)
    np.testing.assert_allclose(view.weight, expected / expected.sum(), rtol=1e-6)
    assert view.covered == 1


def test_what_share_of_the_index_is_covered(market: MarketSnapshot) -> None:
    half = market.fields["csi500_weight"].copy()
    half[:, ::2] = np.nan
    view = replace(market, fields={**market.fields, "csi500_weight": half}).known_at(market.days[80])
    assert view.covered == pytest.approx(np.nansum(half[80]))
    assert view.weight.sum() == pytest.approx(1.0)


def test_unknown_dates_weightings_and_weights_are_refused(market: MarketSnapshot) -> None:
    with pytest.raises(InputError, match="2020-01-04 is no trading day"):
        market.known_at(pd.Timestamp("2020-01-04"))
    with pytest.raises(InputError, match=r"^index_weights is 'equal': it must be one of drifted, market_cap$"):
        MarketSnapshot.read(INDEX, "equal")
    late = market.fields["csi500_weight"].copy()
    late[:50] = np.nan
    with pytest.raises(InputError, match="no weight of csi500 is known by"):
        replace(market, fields={**market.fields, "csi500_weight": late}).known_at(market.days[49])


def test_a_missing_field_is_named_with_what_to_do(market: MarketSnapshot) -> None:
    message = r"no \$beta for constraints or exposures: set constraints or exposures without \$beta, or ingest it$"
    for limits in ({"exposures": {"beta": 0.1}}, {"constraints": [FactorExposure("$beta", 0.1)]}):
        with pytest.raises(InputError, match=message):
            IndexEnhancementSettings(index=INDEX, **limits).read_market()


def test_st_stocks_cannot_be_identified_without_their_flag(
    market: MarketSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = SeriesReader.whole
    monkeypatch.setattr(SeriesReader, "whole", lambda self, *of: None if of[1] == "is_st" else whole(self, *of))
    with pytest.raises(
        InputError,
        match=r"no \$is_st for the ST flag: ingest it \(its mapping needs st\)$",
    ):
        MarketSnapshot.read(INDEX)


def test_stocks_of_a_blacklist_that_the_provider_lacks_are_named(market: MarketSnapshot) -> None:
    known = market.stocks[3]
    written = [known.lower(), known[2:], f"{known[2:]}.{known[:2]}", int(known[2:])]
    assert IndexEnhancementSettings(index=INDEX, blacklist=written).read_market().stocks == market.stocks
    own = [FullInvestment(), Blacklist(["SZ309999", known, "688999.SH"])]
    for limits in ({"blacklist": ["309999", known, "SH688999"]}, {"constraints": own}):
        with pytest.raises(
            InputError, match=r"^blacklist names SH688999, SZ309999: the provider's market `all` has no"
        ):
            IndexEnhancementSettings(index=INDEX, **limits).read_market()


def test_all_that_an_index_lacks_is_one_line_whose_advice_works(
    market: MarketSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, missing = SeriesReader.whole, {"vwap", "is_st", f"{INDEX}_weight"}
    monkeypatch.setattr(SeriesReader, "whole", lambda self, *of: None if of[1] in missing else whole(self, *of))
    weights = rf"\${INDEX}_weight \(the nearest is .*\) for index_weights: drifted"
    fields = rf"the provider .* has no \$vwap for trades, \$is_st for the ST flag, {weights}"
    with pytest.raises(InputError, match=rf"^{fields}: ingest them \(its mapping needs st, weights\)$"):
        MarketSnapshot.read(INDEX)
    with pytest.raises(
        InputError, match=r"^index: unknown market 'csi9'; .*; the provider .* has no \$vwap for trades, "
    ):
        MarketSnapshot.read("csi9")
    missing -= {"vwap", "is_st"}
    with pytest.raises(InputError, match=r"index_weights: drifted: set index_weights: market_cap, or ingest it"):
        MarketSnapshot.read(INDEX)
    assert MarketSnapshot.read(INDEX, "market_cap").known_at(market.days[80]).covered == 1
    missing.add("market_cap")
    with pytest.raises(InputError, match=r"index_weights: drifted: ingest them \(its mapping needs float_shares or "):
        MarketSnapshot.read(INDEX)


def test_changes_of_the_index_are_counted_by_day(market: MarketSnapshot) -> None:
    """From the first day asked for on: the day before it counts as what was there."""
    member = np.zeros((len(market.days), len(market.stocks)), dtype=bool)
    member[:, :3] = True
    member[5:, 3:5] = True
    member[5:, 0] = False
    member[9:, 1] = False
    changed = replace(market, member=member)
    days = market.days
    assert changed.member_changes(days[1], days[-1]).to_dict("split") == {
        "index": [days[5], days[9]],
        "columns": ["joined", "left"],
        "data": [[2, 1], [0, 1]],
    }
    assert list(changed.member_changes(days[5], days[8]).index) == [days[5]]
    assert changed.member_changes(days[6], days[8]).empty
