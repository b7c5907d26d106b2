"""Domain code: arrays and values in, arrays and values out. No files, no configuration, no web."""
