"""Use cases: load, compute, save. Plain functions that the API and the command line share."""
