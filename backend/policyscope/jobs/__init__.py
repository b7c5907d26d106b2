"""Work longer than a request: a kind plus a frozen spec, run in a child process, recorded in a table."""
