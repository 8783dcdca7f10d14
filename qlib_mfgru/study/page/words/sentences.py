"""The page's own titles and sentences: name -> (English, Chinese)."""

from __future__ import annotations

_PARTS = {
    "title": ("Huatai AI 68", "华泰人工智能 68"),
    "models": ("{count} models", "{count} 个模型"),
    "months": ("{first} to {last}", "{first} 至 {last}"),
    "contents": ("Contents", "目录"),
    "part_summary": ("Summary", "摘要"),
    "part_data": ("Data", "数据"),
    "part_training": ("Training", "训练"),
    "part_factors": ("Factor tests", "单因子测试"),
    "part_correlation": ("Correlation", "相关性"),
    "part_index": ("{index} enhancement", "{index} 指数增强"),
    "part_portfolios": ("Index enhancement", "指数增强"),
    "part_again": ("How to make it again", "如何复现"),
    "part_conventions": ("Conventions", "计算口径"),
}
_GENERAL = {
    "figure": ("Figure {number}", "图表 {number}"),
    "figures": ("Figures {number}", "图表 {number}"),
    "table": ("table", "表格"),
    "missing": ("not known", "无数据"),
    "meaning": ("What the numbers mean", "指标口径"),
    "yes": ("yes", "是"),
    "no": ("no", "否"),
    "and": (" and ", "与"),
    "list": ("; ", "；"),
    "named": ("{name} {text}", "{name}{text}"),
    "row_beside": ("{row}: {text}.", "{row}：{text}。"),
    "of_models": ("{names}: {text}", "{names}：{text}"),
    "limit_of": ("{name}, turnover limit {limit}", "{name}，换手率上限 {limit}"),
    "points_above": ("{by} points above the report's {printed}", "比研报的 {printed} 高 {by} 个百分点"),
    "points_below": ("{by} points below the report's {printed}", "比研报的 {printed} 低 {by} 个百分点"),
    "above": ("{by} above the report's {printed}", "比研报的 {printed} 高 {by}"),
    "below": ("{by} below the report's {printed}", "比研报的 {printed} 低 {by}"),
    "points_above_it": ("{by} points above {printed}", "比 {printed} 高 {by} 个百分点"),
    "points_below_it": ("{by} points below {printed}", "比 {printed} 低 {by} 个百分点"),
    "above_it": ("{by} above {printed}", "比 {printed} 高 {by}"),
    "below_it": ("{by} below {printed}", "比 {printed} 低 {by}"),
    "as_it": ("as {printed}", "与 {printed} 相同"),
    "as_the_report": ("as the report's {printed}", "与研报的 {printed} 相同"),
}
_SUMMARY = {
    "factors_in_short": ("Factors, in their widest pool", "因子（最大股票池）"),
    "portfolios_in_short": ("Annual excess of portfolios, net of costs", "指数增强组合的年化超额收益率（扣费后）"),
    "all_of": ("{title}: {of}", "{title}：{of}"),
    "at_limit": ("turnover limit {limit}", "换手率上限 {limit}"),
    "ratio_of": ("IR {value}", "信息比率 {value}"),
    "printed": ("report {printed}", "研报 {printed}"),
    "equal_scores": (
        "{row}: on {share} of the days all stocks have the same score: constraints and the order of codes have made "
        "the portfolios, and their figures are left out.",
        "{row}：{share} 的交易日全部股票得分相同，组合仅由约束与代码顺序决定，不列其指标。",
    ),
    "partly_covered": (
        "{index}: the stocks that are here hold {share} of the index, scaled to 1: these portfolios are not around the "
        "whole index.",
        "{index}：现有股票只占指数的 {share}，按比例放大为 1：这些组合并非针对完整指数。",
    ),
    "best_factor": (
        "Best of {n} factors by the TOP layer's daily excess, mean / standard deviation: {name}. Its deflated Sharpe "
        "ratio: {deflated}.",
        "{n} 个因子中 TOP 层每日超额收益的均值 / 标准差最高者：{name}；其紧缩夏普比率：{deflated}。",
    ),
    "best_portfolio": (
        "Best of {n} portfolios by the daily excess net of costs, mean / standard deviation: {name}. Its deflated "
        "Sharpe ratio: {deflated}.",
        "{n} 个组合中每日超额收益（扣费后）的均值 / 标准差最高者：{name}；其紧缩夏普比率：{deflated}。",
    ),
    "best_how": (
        "Deflated Sharpe ratio (Bailey and Lopez de Prado 2014) of the best of several: the probability that its true "
        "ratio of daily excess, mean / standard deviation, is above what the best of as many trials without skill "
        "would have by chance, with the spread of the trials' ratios, skewness and kurtosis. Trials that are alike "
        "count as many; those that this page does not show are not counted.",
        "紧缩夏普比率（Bailey 与 Lopez de Prado 2014）：多个之中最好的一个，其每日超额收益的均值 / 标准差的真实值，"
        "高于同样多个无能力的尝试因偶然所能达到的最好值的概率；计入各尝试比率的离散程度、偏度与峰度。"
        "相似的尝试也各计一次，本页未列出的尝试不计入。",
    ),
    "period": (
        "Period: {first} .. {last}; the Huatai report (AI 68, 11 May 2023) covers {printed}.",
        "区间：{first} .. {last}；华泰研报（人工智能 68，2023-05-11）为 {printed}。",
    ),
    "a_date": ("{stocks} a date", "每个截面 {stocks}"),
    "stocks_synthetic": (
        "Stocks: {stocks}, synthetic ones of a demo market, not all A-shares: nothing here is about a real market.",
        "股票：{stocks} 只演示市场的模拟股票，而非全部 A 股：这里的结果与真实市场无关。",
    ),
    "stocks_own": (
        "Stocks: {stocks}, those of the provider, where the report has all A-shares.",
        "股票：数据源中的 {stocks} 只，研报为全部 A 股。",
    ),
    "other_data": (
        "Bars are of another vendor than the report's, and training periods and random seeds differ.",
        "行情数据供应商、训练区间与随机种子均与研报不同。",
    ),
}
_DATA = {
    "market": ("Market", "市场"),
    "provider": ("Provider “{name}”, made by: {made_by}.", "数据源 {name}，生成方式：{made_by}。"),
    "covered_by_enhancements": (
        "Index weights that the enhancements had before scaling",
        "指数增强使用的指数权重覆盖率（归一化之前）",
    ),
    "another_program": ("another program", "其他程序"),
    "session": (
        "Trading hours {hours} ({zone}); {days} trading days make a year in annual figures.",
        "交易时段 {hours}（{zone}）；年化按每年 {days} 个交易日计算。",
    ),
    "calendars": ("Dates", "日期"),
    "markets": ("Lists of stocks", "股票列表"),
    "no_coverage": (
        "The provider does not say which share of each index it holds (no coverage.csv).",
        "数据源没有说明其覆盖各指数的比例（无 coverage.csv）。",
    ),
    "no_provider": (
        "No provider was named, or that of the recorders is no longer there: dates, stocks and what was dropped or "
        "derived are not known here (--provider).",
        "未指定数据源，或记录器所用的数据源已不存在：无法说明日期、股票以及丢弃或推导的内容（--provider）。",
    ),
    "origin_of_data": ("What was dropped, derived, guessed", "丢弃、推导与假设"),
    "synthetic": ("A synthetic market with two planted signals: {spec}.", "植入两个信号的模拟市场：{spec}。"),
    "no_ingest_report": (
        "The provider has no ingest report: what its numbers were made of is not known.",
        "数据源没有导入报告：无法得知其数据的来源与处理。",
    ),
    "inputs": ("Rows of each input", "各输入的行数"),
    "dropped": ("Dropped", "丢弃"),
    "warnings": ("Kept or filled, and counted", "保留或填充并计数"),
    "derived": ("Derived or assumed:", "推导或假设："),
    "nothing_derived": ("Nothing was derived or assumed.", "没有推导或假设。"),
    "exclusions": ("Stocks that the factor tests leave out", "单因子测试剔除的股票"),
    "stocks_by_rule": ("Stocks per test date, by reason of exclusion", "每期股票数（按剔除原因）"),
}
_TRAINING = {
    "training_curves": ("Training curves", "训练过程"),
    "training_of": ("{name}: training and validation metric by epoch", "{name}：各轮训练集与验证集指标"),
    "chart_training": ("{name}: {metric} by epoch", "{name}：各轮 {metric}"),
    "stage": ("stage {number}", "第 {number} 阶段"),
    "all_epochs": ("all epochs", "全部轮次"),
    "epoch": ("epoch", "轮次"),
    "curve_train": ("training (mean of batches)", "训练集（批均值）"),
    "curve_valid": ("validation (mean of dates)", "验证集（截面均值）"),
    "best_epoch": (
        "Stage {stage}: epoch {epoch} is the best by the model's settings, with a validation {metric} of {value}.",
        "第 {stage} 阶段：按模型设置，第 {epoch} 轮最佳，验证集 {metric} 为 {value}。",
    ),
    "kept_at_zero": (
        "Stage {stage} counts for nothing: it does not better the validation {metric} of what it adds to.",
        "第 {stage} 阶段不计入：验证集 {metric} 未因其提高。",
    ),
    "many_trained": (
        "A pair of lines for each of {models} trained models (members, or folds and seeds).",
        "共 {models} 个模型（成员，或滚动期与种子），每个模型一对曲线。",
    ),
    "no_training": (
        "No recorder of a training was given: these use the predictions of others.",
        "没有给出训练的记录器：这里的记录器使用其他记录器的预测。",
    ),
    "no_history": (
        "No training history: {names}. Another kind of model, or one that was trained elsewhere.",
        "没有训练过程：{names}。可能是其他类型的模型，或在别处训练。",
    ),
}
_FACTORS = {
    "factor_table": ("Factor test: {models}", "单因子测试：{models}"),
    "other_models": ("Models that the report does not have", "研报中没有的模型"),
    "layers_of": ("Layers: {models}", "分层净值：{models}"),
    "no_such_model": (
        "No recorder with a factor test of these models was given: {models}.",
        "没有给出这些模型的单因子测试：{models}。",
    ),
    "more_of": ("More of {name}", "{name} 的更多结果"),
    "correlation_table": ("Correlation of the models' factors", "各模型因子的相关系数"),
    "no_second_prediction": (
        "A correlation needs the predictions of two models; there is only one.",
        "相关系数需要两个模型的预测，这里只有一个。",
    ),
    "no_provider_correlation": (
        "Factors are neutralised before they are correlated, which needs the provider (--provider).",
        "计算相关系数前需要对因子做中性化，因此需要数据源（--provider）。",
    ),
    "failed_correlation": ("There is no correlation: {why}", "无法计算相关系数：{why}"),
    "correlation_how": (
        "Mean over {dates} test dates, {first} .. {last}, of the Pearson correlation across stocks of {pool}, after "
        "winsorising, neutralising and standardising each factor as in the factor test; all factors score {stocks} "
        "stocks a date on average.",
        "{pool} 股票池 {dates} 期（{first} .. {last}）截面 Pearson 相关系数的均值；各因子先按单因子测试的方法去极值、"
        "中性化、标准化；平均每期有 {stocks} 只股票同时有全部因子值。",
    ),
}
_PORTFOLIOS = {
    "no_enhancement": (
        "No recorder with an index enhancement was given.",
        "没有给出指数增强的记录器。",
    ),
    "settings_of": ("Settings of the {index} enhancement", "{index} 指数增强的参数"),
    "excess_of": ("Cumulative excess over {index}", "相对 {index} 的累计超额收益"),
    "performance_of": ("Performance of the {index} enhancement", "{index} 指数增强的业绩"),
    "yearly_of": ("Returns by calendar year, {index}", "{index} 指数增强的分年度收益"),
    "part_of_year": (
        "{year} of this run is only {first} .. {last}; trading days: {days}.",
        "本次运行的 {year} 年只有 {days} 个交易日，{first} .. {last}。",
    ),
    "part_limits": ("Turnover limits", "换手率上限"),
    "limits_of": ("Whether more turnover pays", "提高换手率是否有利"),
    "more_of_index": ("More of {index}, {name}", "{index} 的更多结果，{name}"),
    "own_constraints": (
        "Constraints of their own take the place of the report's limits: {names}.",
        "以自定义约束代替研报的限制：{names}。",
    ),
}
_ORIGIN = {
    "recorders": ("Recorders", "记录器"),
    "no_task": (
        "Not made by qrun, so that command, seeds and settings are not known: {names}.",
        "不是由 qrun 生成，因此命令、种子与参数未知：{names}。",
    ),
    "open": ("open", "不限"),
    "units": ("Units of rolling training", "滚动训练的单元"),
    "versions": ("Versions", "版本"),
    "versions_here": (
        "Of the installation that made this page; each unit of a rolling run has its own.",
        "生成本页的环境；滚动训练的各单元另有记录。",
    ),
    "tasks": ("Tasks", "任务配置"),
    "command": ("This page", "本页的命令"),
    "factor_tests": ("Factor tests", "单因子测试"),
    "enhancements": ("Index enhancements", "指数增强"),
}
SENTENCES: dict[str, tuple[str, str]] = {
    **_PARTS,
    **_GENERAL,
    **_SUMMARY,
    **_DATA,
    **_TRAINING,
    **_FACTORS,
    **_PORTFOLIOS,
    **_ORIGIN,
}
