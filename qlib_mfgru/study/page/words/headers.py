"""What columns, rows and files are called: words of the records, and the page's own: name -> (English, Chinese)."""

from __future__ import annotations

from qlib_mfgru.report import words

_MODELS = {
    "gru": ("15-minute GRU", "15 分钟频 GRU"),
    "attention": ("15-minute GRU with attention", "15 分钟频注意力 GRU"),
    "mixed": ("mixed frequencies", "多频率混合模型"),
    "incremental": ("incremental", "多频率增量混合模型"),
}
_ROWS = {
    "run": ("this run", "本次"),
    "week": ("weekly", "每周"),
}
_DATA = {
    "freq": ("frequency", "频率"),
    "market": ("market", "股票列表"),
    "instrument": ("stock", "股票"),
    "stocks": ("stocks", "股票数"),
    "covered": ("index covered", "指数覆盖率"),
    "input": ("input", "输入"),
    "read": ("read", "读取"),
    "dropped": ("dropped", "丢弃"),
    "count": ("count", "数量"),
    "what": ("what", "内容"),
    "examples": ("examples", "示例"),
    "n_stocks": ("stocks", "股票数"),
    "n_days": ("days", "交易日数"),
    "intraday_days": ("days with 15-minute bars", "有 15 分钟线的交易日数"),
    "seed": ("seed", "随机种子"),
    "daily_strength": ("strength of the daily signal", "日频信号强度"),
    "intraday_strength": ("strength of the intraday signal", "日内信号强度"),
    "start": ("from", "起始日"),
    "session": ("market", "市场"),
}
_ORIGIN = {
    "recorder": ("recorder", "记录器"),
    "seeds": ("seeds", "随机种子"),
    "train": ("training", "训练区间"),
    "test": ("test", "测试区间"),
    "command": ("command", "命令"),
    "package": ("package", "软件包"),
    "version": ("version", "版本"),
    "key": ("key", "单元键"),
    "fold": ("fold", "滚动期"),
}
_CHARTS = {
    "layers.png": ("net value of the layers relative to their pool", "分层相对净值"),
    "rank_ic.png": ("RankIC by month, and added up", "RankIC 月度均值与累计值"),
    "rank_ic_by_month.png": ("mean RankIC by year and month", "RankIC 分年月均值"),
    "layer_excess.png": ("annual excess of each layer", "各层年化超额收益率"),
    "turnover.png": ("turnover of each rebalance", "各期双边换手率"),
    "ic_decay.png": ("RankIC by horizon", "不同持有期的 RankIC"),
    "net_value.png": ("net value of portfolios and index, and the excess below", "组合与指数净值及超额收益"),
    "excess.png": ("cumulative excess over the index, net of costs", "累计超额收益（扣费后）"),
    "drawdown.png": ("drawdown of the excess", "超额收益回撤"),
    "turnover_limits.png": (
        "excess and information ratio against the turnover limit",
        "超额收益、信息比率与换手率上限",
    ),
    "exposures.png": ("realised exposures and their limits", "实际暴露与约束"),
    "correlation.png": ("Mean correlation of the factors", "因子平均相关系数"),
}
HEADERS: dict[str, tuple[str, str]] = {
    **words.HEADERS,
    **_MODELS,
    **_ROWS,
    **_DATA,
    **_ORIGIN,
    **_CHARTS,
}
