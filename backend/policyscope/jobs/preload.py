"""Imported once by the process that forks the children, so that a job starts in milliseconds."""

from importlib import import_module

from policyscope.config import render_without_a_display, single_threaded_arithmetic
from policyscope.jobs.kinds import KINDS

# Rows of a batch are small: threads inside numpy would only fight with the other jobs for the same cores.
single_threaded_arithmetic()
render_without_a_display()
for entry in KINDS.values():
    import_module(entry.partition(":")[0])
import_module("policyscope.jobs.child")
