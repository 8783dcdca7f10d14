"""What a rebalance is made from: a recorder, its scores or those of a file, the settings of an enhancement."""
