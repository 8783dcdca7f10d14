"""Trading: the strategy, its orders, the exchange, and the backtest."""

import warnings

# qlib's backtest takes the mean price of what was not traded, dozens of times; nothing depends on it
warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning, r"qlib\.utils\.index_data")
