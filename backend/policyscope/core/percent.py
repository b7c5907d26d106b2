"""Numbers as people read them, written the same way in every sentence."""

MINUS = "−"


def percent(share: float, decimals: int = 0) -> str:
    """``0.953`` as ``95 %``."""
    return f"{100.0 * share:.{decimals}f} %".replace("-", MINUS)


def number(value: float, digits: int = 4) -> str:
    """``-0.04`` as ``−0.04``: a true minus sign, at most ``digits`` significant digits."""
    return f"{value:.{digits}g}".replace("-", MINUS)


def points(share: float) -> str:
    """A difference of two shares, in whole points: ``+5 points``, ``−5 points``, ``0 points``."""
    whole = round(100.0 * share)
    return f"{whole:+d} points".replace("-", MINUS) if whole else "0 points"
