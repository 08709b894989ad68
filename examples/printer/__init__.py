"""A workstation's printing program, as an office would write it, and a card printer that is not really there."""
