"""``python -m policyscope.cli``."""

from policyscope.cli import main

main()
