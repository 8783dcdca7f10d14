"""The report's single-factor test, on any qlib recorder that holds a prediction."""

from qlib_mfgru.factor.results.record import FactorTestRecord
from qlib_mfgru.factor.settings import FactorTestSettings
from qlib_mfgru.factor.study import FactorTest, PoolTest, run_factor_test

__all__ = ["FactorTest", "FactorTestRecord", "FactorTestSettings", "PoolTest", "run_factor_test"]
