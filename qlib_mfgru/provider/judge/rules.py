"""All rules on one stock."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.provider.judge.bars import bar_rules
from qlib_mfgru.provider.judge.days import day_rules
from qlib_mfgru.provider.judge.extremes.bars import neighbour_rules
from qlib_mfgru.provider.judge.extremes.limits import limit_rules
from qlib_mfgru.provider.judge.extremes.spans import span_rules
from qlib_mfgru.provider.judge.kinds import Finding, Judged
from qlib_mfgru.provider.judge.moves.ends import wild_ends
from qlib_mfgru.provider.judge.moves.events import event_rules
from qlib_mfgru.provider.judge.moves.factors import factor_rules
from qlib_mfgru.provider.judge.moves.jumps import price_jumps
from qlib_mfgru.provider.judge.moves.repeats import repeated_days
from qlib_mfgru.provider.judge.moves.spikes import spikes
from qlib_mfgru.provider.judge.moves.volumes import lost_volumes, volume_jumps, volume_spikes
from qlib_mfgru.provider.judge.series import StockSeries
from qlib_mfgru.provider.judge.sizes import size_rules
from qlib_mfgru.provider.judge.sums import sum_rules


def judge(series: StockSeries) -> list[Finding]:
    """What every rule says of a stock; a rule without anything to judge is left out."""
    with np.errstate(all="ignore"):  # comparisons with NaN, and numbers that are the very thing to find
        findings = [*day_rules(series), *factor_rules(series), *event_rules(series), *size_rules(series)]
        findings += [*spikes(series), *wild_ends(series), price_jumps(series), *limit_rules(series)]
        findings += [volume_jumps(series), volume_spikes(series), lost_volumes(series), repeated_days(series)]
        if series.bars is not None and series.bars.traded.any():
            findings += bar_rules(series, series.bars)
            findings += sum_rules(series, series.bars)
            findings += span_rules(series, series.bars)
            findings += neighbour_rules(series, series.bars)
    shared: dict[int, Judged] = {}
    for finding in findings:
        finding.domain = shared.setdefault(id(finding.judged), finding.domain)
    return [finding for finding in findings if finding.n_judged or finding.count]
