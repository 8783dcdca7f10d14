"""Rules on how a stock moves from one day with trade to the next: its price, its factor, its volume."""
