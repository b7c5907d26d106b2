"""Running work in the foreground: errors become one sentence, Ctrl-C stops cleanly."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import click

from policyscope.cli.progress import ProgressPrinter
from policyscope.core.errors import PolicyscopeError
from policyscope.core.progress import Work, drain

T = TypeVar("T")

INTERRUPTED = 130


@contextmanager
def sentences() -> Iterator[None]:
    """Turn an expected error into its sentence on standard error and exit status 2."""
    try:
        yield
    except PolicyscopeError as error:
        click.echo(f"policyscope: {error.message}", err=True)
        sys.exit(2)


@contextmanager
def foreground() -> Iterator[Callable[[Work[T]], T]]:
    """Yield a function that runs work to its end with a progress bar and returns its result."""
    printer = ProgressPrinter()

    def run(work: Work[T]) -> T:
        return drain(work, printer)

    with sentences():
        try:
            yield run
        except KeyboardInterrupt:
            printer.close()
            click.echo("policyscope: stopped; nothing was published. Add --resume to continue.", err=True)
            sys.exit(INTERRUPTED)
        finally:
            printer.close()
