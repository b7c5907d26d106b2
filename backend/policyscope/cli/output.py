"""What commands print and write: tables for people, JSON for programs, whole files or none."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from policyscope.core.errors import InvalidInput
from policyscope.store.records import finite

json_option = click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")


def show_json(value: Any) -> None:
    """As the API would answer: numbers that are not finite become null."""
    click.echo(json.dumps(finite(value), indent=1, allow_nan=False))


def show_table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Columns of equal width, numbers to the right; a missing value is a dash."""
    rows = list(rows)
    cells = [[_cell(value) for value in row] for row in rows]
    right = [all(isinstance(row[i], int | float | None) for row in rows) for i in range(len(head))]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    for row in (head, *cells):
        aligned = zip(row, widths, right, strict=True)
        line = (cell.rjust(width) if number else cell.ljust(width) for cell, width, number in aligned)
        click.echo("  ".join(line).rstrip())


def write_file(path: Path, content: bytes | Path) -> None:
    """The whole file, of bytes or as a copy, or nothing: beside it, then renamed. Raises InvalidInput."""
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        try:
            if isinstance(content, Path):
                shutil.copyfile(content, scratch)
            else:
                scratch.write_bytes(content)
            os.replace(scratch, path)
        finally:
            scratch.unlink(missing_ok=True)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}. Choose another --output.") from error
    click.echo(f"{path}  {path.stat().st_size:,} bytes")


def read_file(path: Path) -> bytes:
    """Raises InvalidInput."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from error


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
