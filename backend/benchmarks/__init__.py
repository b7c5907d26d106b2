"""Side-by-side measurements against peers and the physical limit: ``python -m benchmarks``."""
