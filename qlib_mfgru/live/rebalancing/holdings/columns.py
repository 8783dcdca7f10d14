"""What brokers call the columns of a list of holdings, and the rows that are no stock."""

from __future__ import annotations

from collections.abc import Sequence

NAMES: dict[str, tuple[str, ...]] = {
    "code": (
        "证券代码", "股票代码", "合约代码", "代码", "证券编号", "股票编号", "code", "symbol", "instrument", "ticker",
        "stock_code", "stockcode", "security", "ts_code", "order_book_id", "sec_code",
    ),
    "name": ("证券名称", "股票名称", "证券简称", "股票简称", "名称", "name", "stock_name", "security_name"),
    "shares": (
        "持仓数量", "股票余额", "当前拥股", "证券数量", "持股数量", "持有数量", "证券余额", "股份余额", "拥股数量",
        "当前持仓", "参考持股", "当前数量", "库存数量", "实际数量", "总持仓", "持仓量", "持仓", "余额", "数量",
        "shares", "quantity", "qty", "volume", "position", "current_amount", "total_amount",
    ),
    "sellable": (
        "可用余额", "可卖数量", "可用数量", "可卖余额", "可用股份", "股份可用", "可用证券", "可卖", "可用",
        "sellable", "available", "can_use_volume", "enable_amount", "closeable_amount",
    ),
    "price": (
        "最新价", "最新价格", "现价", "市价", "当前价", "当前价格", "参考市价", "参考价",
        "price", "last_price", "last", "close", "market_price",
    ),
    "value": (
        "参考市值", "最新市值", "证券市值", "持仓市值", "股票市值", "当前市值", "市值",
        "market_value", "value", "market value",
    ),
}  # fmt: skip
"""Meaning -> names in use, in lower case: of terminals (TDX, THS, QMT, PTrade) and of Python clients."""

CASH = frozenset({"cash", "cny", "rmb", "现金", "资金", "人民币", "可用资金", "资金余额", "人民币现金"})
"""What stands in place of a code, or as the name, where a row is of money."""
TOTALS = frozenset({"合计", "总计", "汇总", "小计", "total", "sum"})
"""Likewise of a line of sums, which is left out."""


def meanings(header: Sequence[str]) -> dict[str, list[int]]:
    """Positions of the columns of each meaning that a header has, the most usual name first."""
    words = [title(cell) for cell in header]
    found = {meaning: [words.index(name) for name in names if name in words] for meaning, names in NAMES.items()}
    return {meaning: places for meaning, places in found.items() if places}


def title(cell: str) -> str:
    """A column's name without its unit: ``市值(元)`` is ``市值``."""
    return cell.strip().lower().partition("(")[0].partition("（")[0].strip()
