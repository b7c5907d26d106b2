"""A whole application on a tiny artifacts root, and the table of what the security tests reached.

The short form of every test belongs to the normal suite; ``make test-security`` runs the long forms, which
have the marker ``security``, with the tests that have one form only, and prints the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from http_client import Client
from watched_server import Watched

from policyscope.api.app import create_app
from policyscope.api.current import WORKSPACE

Record = Callable[[str, str, str], None]
_rows: list[tuple[str, str, str]] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What was reached, in the order of the tests' numbers."""
    if not _rows or not config.getoption("--long"):
        return
    terminalreporter.section("security")
    rows = sorted(_rows, key=lambda row: int(row[0].split()[0]))
    for row in [("test", "target", "reached"), ("---", "---", "---"), *rows]:
        terminalreporter.write_line(f"| {' | '.join(row)} |")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In the long form, a test of this folder without a long form of its own is run as it is."""
    if not config.getoption("--long"):
        return
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    long = {_name(item) for item in here if item.get_closest_marker("security")}
    for item in here:
        if _name(item) not in long:
            item.add_marker("security")


def _name(item: pytest.Item) -> tuple[Path, str]:
    return item.path, item.name.partition("[")[0]


@pytest.fixture
def record() -> Record:
    """Put a line into the table: the test with its number first, its target, what was reached.

    ``record("5 names that lead out", "0 escapes", "0 escapes")``; checking it is the test's own work.
    """
    return lambda *row: _rows.append((str(row[0]), str(row[1]), str(row[2])))


@pytest.fixture
def client(settings) -> Iterator[Client]:
    app = create_app(settings)
    yield Client(app.test_client())
    app.extensions[WORKSPACE].close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """The real server in processes of its own, on a root full of traps, with a token."""
    with Watched(tmp_path_factory.mktemp("watched")) as running:
        yield running
