"""A workspace as one file: models, SAEs, notes, collections, views and runs, to be opened elsewhere."""
