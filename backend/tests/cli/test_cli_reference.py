"""The reference page and the help texts are those of the commands."""

import io

import click
import pytest

from policyscope.cli.progress import ProgressPrinter
from policyscope.cli.reference import PAGE, help_of, leaves, page
from policyscope.core.progress import Progress

COMMANDS = dict(leaves())


def test_the_page_is_the_generated_one():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m policyscope.cli.reference"


@pytest.mark.parametrize("words", COMMANDS)
def test_every_help_has_an_example_and_a_word_for_each_option(words):
    text = help_of(words, COMMANDS[words])
    assert f"\n  {words}" in text
    options = [param for param in COMMANDS[words].params if isinstance(param, click.Option)]
    assert [option.name for option in options if not option.help] == []


def test_every_wanted_command_is_there():
    wanted = "upload models load-sae interpret run runs dose-response calibrate scan video verify"
    assert {f"policyscope {name}" for name in wanted.split()} <= set(COMMANDS)


def test_progress_without_a_terminal_is_lines_with_rate_and_time_left(monkeypatch):
    clock = iter([0.0, 0.0, 20.0, 40.0])
    monkeypatch.setattr("policyscope.cli.progress.time.monotonic", lambda: next(clock))
    stream = io.StringIO()
    printer = ProgressPrinter(stream)
    for done in (100, 200, 500):  # it went on from a checkpoint at 100
        printer(Progress(done, 500, "steps", "playing"))
    printer.close()
    lines = stream.getvalue().splitlines()
    assert lines[1] == "playing  200/500 steps    5 steps/s, about 60 s left"
    assert lines[2].endswith("10 steps/s")
