"""Orders of a market of four stocks, computed by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from live.rebalancing.four_stocks import BSE, DAY, DAYS, LIMITS, MAIN, RAW, STAR, SZ, scores, start, stock, write
from qlib_mfgru.errors import InputError
from qlib_mfgru.live.rebalancing.notes import _unsent
from qlib_mfgru.live.rebalancing.orders import Orders
from qlib_mfgru.live.rebalancing.page import as_json, done, text
from qlib_mfgru.live.rebalancing.plan import RebalancePlan
from qlib_mfgru.live.rebalancing.rebalance import rebalance

NO_TRADE = {
    "class": "FrozenSuspended",
    "module_path": "qlib_mfgru.portfolio",
}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("four") / "provider")


@pytest.fixture(autouse=True)
def on_the_provider(provider: Path) -> None:
    start(provider)


def plan_of(**options: object) -> RebalancePlan:
    return rebalance(**{"scores": scores(), "date": DAY, "config": LIMITS, **options})


def by_code(frame: pd.DataFrame, column: str) -> dict[str, object]:
    return dict(zip(frame["instrument"], frame[column], strict=True))


def test_a_first_purchase() -> None:
    """Weights are the index's, 0.1 more of the best two and less of the others; lots as the boards have them."""
    plan = plan_of(cash=100_000.0)
    orders = plan.orders
    assert list(orders["instrument"]) == [SZ, BSE, STAR, MAIN]
    assert set(orders["side"]) == {"buy"}
    assert by_code(orders, "weight_target") == pytest.approx({SZ: 0.2, BSE: 0.3, STAR: 0.2, MAIN: 0.3})
    assert by_code(orders, "asked") == {SZ: 1600, BSE: 4200, STAR: 100, MAIN: 3000}
    assert by_code(orders, "shares") == {SZ: 1600, BSE: 4200, STAR: 0, MAIN: 3000}
    assert by_code(orders, "flags") == {SZ: "", BSE: "", STAR: "below_lot", MAIN: ""}
    assert by_code(orders, "price") == RAW
    assert by_code(orders, "amount") == pytest.approx({SZ: 1280, BSE: 8400, STAR: 100, MAIN: 1500})
    assert by_code(orders, "value") == pytest.approx({SZ: 19_744, BSE: 29_400, STAR: 0, MAIN: 30_000})
    assert orders["cost"].sum() == pytest.approx(0.002 * 79_144)
    assert by_code(orders, "weight_after") == pytest.approx({SZ: 0.19744, BSE: 0.294, STAR: 0, MAIN: 0.3})
    assert list(plan.sendable["instrument"]) == [SZ, BSE, MAIN]
    after = plan.account["after"]
    assert after["cash"] == pytest.approx(100_000 - 79_144 - 158.288)
    assert after["value"] == pytest.approx(100_000 - 158.288)
    assert (plan.account["before"]["names"], after["names"]) == (0, 3)
    assert plan.summary["turnover"] == pytest.approx(1.0)
    assert plan.summary["turnover_ordered"] == pytest.approx(0.79144)
    assert plan.summary["status"] == "solved"
    title, _, *rows = repr(plan).splitlines()
    assert title == f"Rebalance of small decided {DAY:%Y-%m-%d}, solved: 0 sales, 3 purchases, turnover 79.1%"
    orders = plan.sendable.sort_values("value", ascending=False)
    assert [row.split()[:3] for row in rows] == [[o.instrument, "buy", str(o.shares)] for o in orders.itertuples()]


def test_orders_above_the_boards_largest_are_flagged() -> None:
    orders = plan_of(cash=100_000_000.0).orders
    assert by_code(orders, "shares") == {SZ: 1_620_700, BSE: 4_285_700, STAR: 153_800, MAIN: 3_000_000}
    assert orders["flags"].str.startswith("above_largest").all()
    assert list(orders["flags"].str.endswith("beyond_cash")) == [False, False, False, True]  # costs come on top


def test_why_orders_have_no_shares_is_noted_by_their_flags() -> None:
    """A row of 0 shares is no order of too few where none may be sold today, or where no shares are known."""
    words = "{} of the orders have {}, and are in no list of orders"
    assert plan_of(cash=100_000.0).notes == [words.format(1, "too few shares to be sent")]
    bought_today = held(**{MAIN: 3050}).assign(available=0)
    plan = plan_of(holdings=bought_today, config=without(MAIN))
    assert by_code(plan.orders, "shares")[MAIN] == 0
    assert words.format(1, "too few shares that may be sold") in plan.notes
    assert words.format(1, "too few shares to be sent") not in plan.notes
    flags = ["st;below_lot", "not_sellable", "no_factor", "suspended;not_sellable", "", "not_sellable"]
    frame = pd.DataFrame({"shares": [0, 0, 0, 0, 100, 100], "flags": flags})
    assert _unsent(Orders(frame, np.zeros(6))) == [
        words.format(1, "too few shares to be sent"),
        words.format(2, "too few shares that may be sold"),
        words.format(1, "no known factor, and so no number of shares"),
    ]


def test_constraints_stand_beside_their_limits() -> None:
    table = plan_of(cash=100_000.0).constraints.set_index("constraint")
    deviation = table.loc["weight_deviation"]
    assert (deviation["rule"], deviation["active"], deviation["bounded"]) == ("abs <=", 4, 4)
    assert deviation["limit"] == pytest.approx(0.1)
    assert deviation["target"] == pytest.approx(0.1)
    assert deviation["after"] == pytest.approx(0.3)  # STAR's order is too small
    full = table.loc["full_investment"]
    assert full["target"] == pytest.approx(0.0)
    assert full["after"] == pytest.approx(0.20856)
    assert table.loc["long_only", "active"] == 0
    assert table.loc["turnover", "limit"] == np.inf
    assert table.loc["turnover", "target"] == pytest.approx(1.0)
    assert (table["gave_way"] == 0).all()


def held(**shares: float) -> pd.DataFrame:
    return pd.DataFrame({"instrument": list(shares), "shares": list(shares.values())})


def without(code: str, *more: object) -> dict[str, object]:
    """All may be held but one stock."""
    blacklist = {"class": "Blacklist", "module_path": "qlib_mfgru.portfolio", "kwargs": {"stocks": [code]}}
    return LIMITS | {"constraints": [*LIMITS["constraints"][:2], blacklist, *more]}


def test_a_holding_that_is_given_up_goes_in_full_with_its_odd_shares() -> None:
    """3,050 shares of 10 make 30,500, which buys 2,400 of the best stock at 12.34."""
    plan = plan_of(holdings=held(**{MAIN: 3050}), config=without(MAIN))
    assert list(plan.orders["side"]) == ["sell", "buy"]
    assert by_code(plan.orders, "shares") == {MAIN: 3050, SZ: 2400}
    assert by_code(plan.orders, "amount")[MAIN] == -1525
    assert plan.account["after"]["cash"] == pytest.approx(30_500 - 61 - 2400 * 12.34 * 1.002)
    assert plan.summary["sold"] == 30_500


def test_no_more_is_sold_than_may_be() -> None:
    listed = held(**{MAIN: 3050}).assign(available=1050)
    plan = plan_of(holdings=listed, config=without(MAIN))
    assert by_code(plan.orders, "shares") == {MAIN: 1000, SZ: 2400}
    assert by_code(plan.orders, "flags") == {MAIN: "not_sellable", SZ: "beyond_cash"}
    assert not [note for note in plan.notes if "of the orders" in note]
    assert plan.account["after"]["cash"] < 0


def test_a_sale_that_is_cut_may_be_above_the_largest_order() -> None:
    listed = held(**{MAIN: 3_050_000}).assign(available=1_000_150)
    orders = plan_of(holdings=listed, config=without(MAIN)).orders
    assert by_code(orders, "shares")[MAIN] == 1_000_100
    assert by_code(orders, "flags")[MAIN] == "not_sellable;above_largest"


def test_the_turnover_limit_holds_once_something_is_held() -> None:
    """A limit of 0.5 moves a quarter: 10,000 of 40,000, to the stock with the best score."""
    plan = plan_of(holdings=held(**{MAIN: 4000}), limit=0.5, config=LIMITS | {"constraints": LIMITS["constraints"][:2]})
    assert by_code(plan.orders, "shares") == {MAIN: 1000, SZ: 800}
    turnover = plan.constraints.set_index("constraint").loc["turnover"]
    assert (turnover["limit"], turnover["active"]) == (0.5, 1)
    assert turnover["after"] == pytest.approx((10_000 + 800 * 12.34) / 40_000)


def test_without_turnover_there_are_no_orders() -> None:
    loose = LIMITS | {"constraints": LIMITS["constraints"][:2]}
    plan = plan_of(holdings=held(**{MAIN: 4000}), cash=0.0, limit=0.0, config=loose)
    assert plan.orders.empty
    assert text(plan).splitlines()[-1].startswith("no orders: ")


def test_columns_stay_below_their_headers_beside_chinese_names() -> None:
    """A Chinese character is two columns wide on a screen."""
    holdings = held(**{MAIN: 4000}).assign(name="浦发银行")
    plan = plan_of(holdings=holdings, limit=0.5, config=LIMITS | {"constraints": LIMITS["constraints"][:2]})
    header, sale, purchase = text(plan).split("\n\n")[3].splitlines()
    assert header.index("side") == purchase.index(" buy") == sale.index("sell") + len("浦发银行")


def test_what_gives_way_is_said() -> None:
    """All is in one stock, half a turnover away from the index's band."""
    plan = plan_of(holdings=held(**{SZ: 10_000}), limit=0.5)
    assert plan.summary["status"] == "relaxed"
    (name,) = plan.summary["relaxed"]
    row = plan.constraints.set_index("constraint").loc[name]
    assert name == "weight_deviation"
    assert row["gave_way"] == plan.summary["relaxed"][name] == pytest.approx(0.55)  # 0.75 held, 0.2 allowed
    assert (row["limit"], row["at"]) == (pytest.approx(0.1), SZ)
    assert row["target"] == pytest.approx(0.65)
    assert plan.summary["infeasible"] == plan.summary["relaxed"]
    assert "\nno portfolio meets all constraints, gave way: weight_deviation by 0.55\n" in text(plan)
    assert ", constraints gave way, " in done(plan, [])


def test_what_the_provider_does_not_know_is_kept_at_the_lists_price() -> None:
    listed = pd.DataFrame(
        {"代码": [MAIN, "SH601999", "204001"], "数量": [3000, 500, 10], "名称": ["A", "B", "C"], "现价": [9.9, 4, 100]}
    )
    plan = plan_of(holdings=listed, cash=10_000.0)
    assert plan.account["before"].to_dict() == pytest.approx(
        {"value": 43_000, "stocks": 30_000, "cash": 10_000, "frozen": 3_000, "invested": 40_000, "names": 3}
    )
    outside = plan.weights[plan.weights["flags"] == "not_in_provider"]
    assert list(outside["instrument"]) == ["SH601999", "204001"]
    assert list(outside["shares_after"]) == [500, 10]
    assert not set(outside["instrument"]) & set(plan.orders["instrument"])
    assert by_code(plan.weights, "name")[MAIN] == "A"
    with pytest.raises(InputError, match="holdings: row 3: the provider has no price of SH601999 by 2024-03-05"):
        plan_of(holdings=listed.drop(columns="现价"))


def test_a_list_of_another_day_is_noticed_by_its_prices() -> None:
    listed = held(**{MAIN: 3000, SZ: 500}).assign(price=[10.05, 12.5])
    assert plan_of(holdings=listed, cash=0.0).notes == [
        "1 of 2 prices of the list are not the provider's closes, such as SZ000001: 12.5 there, 12.34 here; is the "
        "list of another day?"
    ]
    assert plan_of(holdings=listed.assign(price=[10.05, 12.34]), cash=0.0).notes == []


def special(folder: Path) -> Path:
    """On `DAY` STAR is suspended, BSE closes at its upper limit, SZ at its lower one and flagged ST."""
    frames = {code: stock(code) for code in RAW}
    frames[STAR].loc[DAY, ["open", "high", "low", "close", "vwap", "limit_up", "limit_down"]] = np.nan
    frames[STAR].loc[DAY, "volume"] = 0
    frames[BSE].loc[DAY, "limit_up"] = frames[BSE].loc[DAY, "close"]
    frames[SZ].loc[DAY, "limit_down"] = frames[SZ].loc[DAY, "close"]
    frames[SZ].loc[DAY:, "is_st"] = 1.0
    return write(folder, frames)


def test_flags_and_what_cannot_be_traded(tmp_path: Path) -> None:
    special(tmp_path / "provider")
    names = ("FrozenSuspended", "NoLimitUpBuys", "NoLimitDownSells", "NoUnscoredBuys", "NoST")
    bans = [{"class": name, "module_path": "qlib_mfgru.portfolio"} for name in names]
    config = LIMITS | {"constraints": [*LIMITS["constraints"][:2], *bans]}
    listed = held(**{STAR: 300, BSE: 2000, SZ: 1000})
    plan = plan_of(holdings=listed, cash=20_000.0, config=config, scores=scores(**{BSE: 0.0}))
    flags = by_code(plan.weights, "flags")
    assert flags == {MAIN: "", STAR: "suspended", BSE: "limit_up;no_score", SZ: "limit_down;st"}
    assert by_code(plan.weights, "shares_after")[STAR] == 300
    assert by_code(plan.weights, "price")[STAR] == 130.0  # of the day before
    assert not {STAR, SZ} & set(plan.orders["instrument"])
    assert not ((plan.orders["instrument"] == BSE) & (plan.orders["side"] == "buy")).any()
    rows = plan.constraints.set_index("constraint")
    assert rows.loc["no_limit_up_buys", "at"] == BSE
    assert rows.loc["no_st", "gave_way"] > 0  # it is ST, and locked
    words = "SZ000001 (to sell 0.14, but no_limit_down_sells): no_st by 0.14"  # 12,340 of 85,340
    assert (plan.summary["status"], plan.summary["untradable"], plan.summary["infeasible"]) == ("forced", [words], {})
    assert f"\nforced by stocks that cannot be traded: {words}\n" in text(plan)
    assert ", stocks that cannot be traded break constraints, " in done(plan, [])


def test_a_delisted_holding_is_flagged(tmp_path: Path) -> None:
    frames = {code: stock(code) for code in RAW}
    frames[SZ] = frames[SZ].loc[: DAYS[3]]
    write(tmp_path / "provider", frames)
    plan = plan_of(
        holdings=held(**{SZ: 1000}), cash=1e5, config=LIMITS | {"constraints": [*LIMITS["constraints"], NO_TRADE]}
    )
    assert by_code(plan.weights, "flags")[SZ] == "not_listed"
    assert SZ not in set(plan.orders["instrument"])


def test_a_member_without_a_row_is_named(tmp_path: Path) -> None:
    """Not a member that was replaced, nor one that has rows of its suspended days."""
    frames = {code: stock(code) for code in RAW}
    frames[BSE] = frames[BSE].loc[: DAYS[4]]
    frames[STAR].loc[DAYS[5] :, ["open", "high", "low", "close", "vwap", "volume"]] = np.nan
    provider = write(tmp_path / "provider", frames)
    small = provider / "instruments/small.txt"
    small.write_text(small.read_text().replace(f"{BSE}\t2024-02-26\t2024-03-08", f"{BSE}\t2024-02-26\t2024-03-01"))
    start(provider)
    assert plan_of(cash=1e6).notes == [
        "members of small that have no row since, and so no index weight: BJ920001 (2024-03-01); delisted, or "
        "suspended where the vendor has no rows of suspended days"
    ]
    small.write_text(small.read_text().replace(f"{SZ}\t2024-02-26", f"{SZ}\t2024-03-04"))
    start(provider)
    assert plan_of(cash=1e6).notes == []


def test_nothing_later_changes_anything(tmp_path: Path, provider: Path) -> None:
    """Neither nonsense in the following days' bars nor their absence."""
    listed = held(**{MAIN: 3000, STAR: 250, SZ: 500})
    clean = as_json(plan_of(holdings=listed, cash=5e4))
    random = np.random.default_rng(0)
    dirty = {code: stock(code) for code in RAW}
    for frame in dirty.values():
        frame.loc[DAYS[7] :] = 5 + random.random((3, frame.shape[1]))
    write(tmp_path / "poisoned", dirty)
    assert as_json(plan_of(holdings=listed, cash=5e4)) == clean
    write(tmp_path / "cut", {code: stock(code).loc[:DAY] for code in RAW})
    assert as_json(plan_of(holdings=listed, cash=5e4, date=None)) == clean
    for frame in dirty.values():
        frame.loc[DAY, ["close", "vwap"]] *= 1 + random.random()
    write(tmp_path / "today", dirty)
    assert as_json(plan_of(holdings=listed, cash=5e4)) != clean


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"date": None},
            "the newest score is of 2024-03-05, the bars end on 2024-03-08: run mfgru predict RECORDER --save "
            "first, or name that date",
        ),
        ({"date": DAYS[7]}, "the newest score is of 2024-03-05, the date is 2024-03-06: run mfgru predict RECORDER"),
        ({"date": DAYS[5]}, "the prediction has no score on 2024-03-04: name another date"),
        (
            {"date": "2024-03-03"},
            "2024-03-03 is no trading day of the provider, whose days are 2024-02-26 .. 2024-03-08",
        ),
        ({}, "there is nothing to invest: name holdings, or the cash to build from"),
        ({"cash": -1.0}, "cash is -1.0: must be at least 0"),
        ({"cash": 1e5, "limit": 30}, "turnover_limit is 30: must be a fraction from 0 to 2"),
        ({"scores": None}, "name a recorder, or scores: a rebalance needs a prediction"),
        ({"index": "csi500"}, "the config has no IndexEnhancementRecord of csi500"),
        (
            {"holdings": held(SH600000=1).assign(instrument="cash"), "cash": 1.0},
            "the list of holdings has 1.00 in cash",
        ),
    ],
)
def test_one_line_says_what_is_wrong(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as error:
        plan_of(**options)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)
