"""What an installed package must be able to do, tried in a minute: ``python -m qlib_mfgru.smoke``."""
