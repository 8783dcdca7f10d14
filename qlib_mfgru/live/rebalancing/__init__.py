"""Target weights and orders for the next trading day: decided as a backtest decides, and sent nowhere."""
