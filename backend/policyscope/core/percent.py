"""Shares as people read them, written the same way in every sentence."""


def percent(share: float, decimals: int = 0) -> str:
    """``0.953`` as ``95 %``."""
    return f"{100.0 * share:.{decimals}f} %"
