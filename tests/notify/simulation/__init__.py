"""Notify in a world of its own: the real domain on a ledger in memory, with a virtual clock, and dice for all else."""
