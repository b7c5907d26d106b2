"""policyscope: steer what a control policy has learned, and measure what changes."""

__version__ = "0.1.0"
