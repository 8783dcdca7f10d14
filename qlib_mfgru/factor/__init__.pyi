from .results.record import FactorTestRecord
from .settings import FactorTestSettings
from .study import FactorTest, PoolTest, run_factor_test

__all__ = [
    "FactorTest",
    "FactorTestRecord",
    "FactorTestSettings",
    "PoolTest",
    "run_factor_test",
]
