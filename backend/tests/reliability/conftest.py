"""The short form of every test belongs to the normal suite; the full form has the marker ``reliability``.

``make test-reliability`` runs the full forms, which print one table: test, target, measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from live_server import Server

Measured = Callable[[int, str, str, str, bool], None]
_rows: list[tuple[int, str, str, str, bool]] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One table of what was measured."""
    if not _rows or terminalreporter.config.option.markexpr != "reliability":
        return
    terminalreporter.section("reliability")
    terminalreporter.write_line("| # | test | target | measured | met |\n|---|---|---|---|---|")
    for number, test, target, figure, met in sorted(_rows):
        terminalreporter.write_line(f"| {number} | {test} | {target} | {figure} | {'yes' if met else 'NO'} |")


@pytest.fixture
def measured() -> Measured:
    """Keeps a figure for the table and fails the test when it misses its target."""

    def keep(number: int, test: str, target: str, figure: str, met: bool) -> None:
        _rows.append((number, test, target, figure, met))
        assert met, f"{test}: {figure}, target {target}"

    return keep


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The real server in processes of its own, on a tiny artifacts root, three jobs at once."""
    with Server(tmp_path_factory.mktemp("live") / "artifacts", jobs=3) as running:
        yield running


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "artifacts"
