"""What vendors call our fields."""

from __future__ import annotations

VENDOR_NAMES: dict[str, tuple[str, ...]] = {
    "symbol": (
        "symbol", "code", "ts_code", "stock_code", "instrument", "order_book_id", "con_code", "wind_code",
        "windcode", "s_info_windcode", "sec_code", "security", "ticker", "股票代码", "证券代码", "代码", "品种代码",
        "成分券代码", "old_symbol", "old_code", "变更前代码", "原代码",
    ),
    "index": ("code", "index_code", "ts_code", "symbol", "order_book_id", "指数代码", "代码", "index"),
    "datetime": ("datetime", "trade_time", "date_time", "bar_time", "kline_time", "timestamp", "时间", "日期时间"),
    "date": (
        "date", "trade_date", "trading_date", "tradedate", "trade_dt", "s_dq_date", "day", "日期", "交易日期",
        "交易日", "datetime", "ex_date", "dividOperateDate", "change_date", "除权除息日", "变更日期",
    ),
    "time": ("time", "bar_end", "时刻"),
    "open": ("open", "open_price", "s_dq_open", "开盘", "开盘价"),
    "high": ("high", "high_price", "s_dq_high", "最高", "最高价"),
    "low": ("low", "low_price", "s_dq_low", "最低", "最低价"),
    "close": ("close", "close_price", "s_dq_close", "收盘", "收盘价"),
    "volume": ("volume", "vol", "s_dq_volume", "成交量"),
    "amount": ("amount", "money", "total_turnover", "turnover_value", "amt", "s_dq_amount", "成交额", "成交金额"),
    "vwap": ("vwap", "avg", "avg_price", "s_dq_avgprice", "均价", "成交均价"),
    "factor": (
        "factor", "adj_factor", "adjfactor", "adjust_factor", "s_dq_adjfactor", "ex_cum_factor", "backAdjustFactor",
        "hfq_factor", "后复权因子", "复权因子",
    ),
    "prev_close": (
        "prev_close", "pre_close", "preclose", "s_dq_preclose", "昨收", "昨收价", "前收盘", "前收盘价", "前收",
    ),
    "limit_up": ("limit_up", "up_limit", "high_limit", "涨停价", "涨停"),
    "limit_down": ("limit_down", "down_limit", "low_limit", "跌停价", "跌停"),
    "is_st": ("is_st", "isST", "st", "是否ST"),
    "name": ("name", "sec_name", "code_name", "display_name", "名称", "股票简称", "证券简称", "股票名称"),
    "industry": ("industry", "industry_name", "industryname", "industry_code", "行业", "所属行业", "行业名称",
                 "新版申万一级行业名称", "first_industry_name"),
    "float_shares": ("float_shares", "float_share", "circ_shares", "circulating_cap", "circulation_a", "流通股本",
                     "流通股"),
    "market_cap": ("market_cap", "circ_mv", "float_mv", "circulating_market_cap", "a_share_market_val_in_circulation",
                   "negotiable_mv", "流通市值"),
    "renamed": ("renamed", "new_symbol", "new_code", "变更后代码", "新代码"),
    "weight": ("weight", "i_weight", "权重"),
    "start": ("start", "start_date", "in_date", "entry_dt", "s_con_indate", "纳入日期"),
    "end": ("end", "end_date", "out_date", "remove_dt", "s_con_outdate", "剔除日期"),
}  # fmt: skip
"""Field to vendor names, the likeliest first: baostock, tushare, akshare, joinquant, rqdata, wind."""

EVENT_FACTORS = frozenset({"backAdjustFactor", "ex_cum_factor", "hfq_factor"})
"""Columns of tables with a row each ex-date: baostock's query_adjust_factor, rqdata's get_ex_factor, and the factors
of sina that akshare serves."""
NO_FACTORS = frozenset({"foreAdjustFactor", "qfq_factor", "前复权因子", "ex_factor"})
"""Columns that do not adjust a raw price by multiplication: forward factors, which every event rewrites (those of sina
divide), and ratios of single events."""

TEXT_FIELDS = frozenset({"symbol", "index", "datetime", "date", "time", "name", "industry", "start", "end",
                         "renamed"})  # fmt: skip
"""Fields that stay text where a file does not say otherwise: codes keep their zeros, stamps are parsed later."""
