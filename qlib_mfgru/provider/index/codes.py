"""Codes of indices by the market that their members are."""

BENCHMARKS = {"csi300": "SH000300", "csi500": "SH000905", "csi1000": "SH000852", "cni2000": "SZ399303"}
"""Code of each index's level in a provider; the indices of the Huatai report."""
