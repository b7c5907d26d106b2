"""The reference page of the command line, written from the commands themselves: docs/cli.md.

``python -m policyscope.cli.reference`` writes it; a test fails when the page and the commands differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from policyscope.cli import main

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cli.md"
HEAD = """# Command line

Generated from the commands: `python -m policyscope.cli.reference`.

Every command works on the artifacts root that the server uses (`POLICYSCOPE_ARTIFACTS`): what is made
here appears in the browser, and the other way round. Work runs in the foreground with a progress bar, or
a line per stage where there is no terminal; where a server already uses the root, the server does it and
the command follows. Progress and remarks go to standard error, results to standard output. Ctrl-C
cancels the job and leaves nothing half-written. MODEL is the id of a model or, where the text says so,
the name of a demo.

| exit status | meaning |
|---|---|
| 0 | done |
| 1 | `verify`: the numbers differ; `jobs watch`: the job did not end well |
| 2 | the input cannot be used, or the job failed: one sentence says why |
| 130 | stopped by Ctrl-C |
"""


def leaves(group: click.Group = main, before: str = "policyscope") -> Iterator[tuple[str, click.Command]]:
    """Every command with the words that call it, by name."""
    for name, command in sorted(group.commands.items()):
        words = f"{before} {name}"
        if isinstance(command, click.Group):
            yield from leaves(command, words)
        else:
            yield words, command


def help_of(words: str, command: click.Command) -> str:
    """What ``--help`` prints, at a fixed width."""
    context = click.Context(
        command,
        info_name=words,
        terminal_width=100,
        max_content_width=100,
        help_option_names=["-h", "--help"],
    )
    return command.get_help(context)


def page() -> str:
    """The whole page, as Markdown."""
    parts = [f"## {words}\n\n```text\n{help_of(words, command)}\n```\n" for words, command in leaves()]
    return "\n".join([HEAD, *parts])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
