"""How often Python looks for garbage in a process of ours."""

import gc


def look_seldom() -> None:
    """To be called when everything is loaded: what exists now stays, and a command leaves few cycles.

    Measured: a quarter to a third of a request's CPU.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
