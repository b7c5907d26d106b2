"""Fixtures shared by the tests of services and of the HTTP API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import tiny

from policyscope.config import Settings, load_settings

MEASURED = pytest.StashKey[list[tuple[str, ...]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the full counts of the security tests, as a table")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = sorted(config.stash.get(MEASURED, []), key=lambda row: int(row[0]))
    if rows and config.getoption("--long"):
        terminalreporter.section("measured")
        for row in [("#", "test", "target", "measured"), ("--:", "---", "---", "---"), *rows]:
            terminalreporter.write_line(f"| {' | '.join(row)} |")


@pytest.fixture
def long(request: pytest.FixtureRequest) -> bool:
    """Whether the full counts are wanted."""
    return bool(request.config.getoption("--long"))


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Callable[[int, str, str, str], None]:
    """Put a line into the table: number of the test, what, target, what was measured."""
    rows = request.config.stash.setdefault(MEASURED, [])
    return lambda *row: rows.append(tuple(map(str, row)))


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    """An artifacts root with one consistent directory and a demo list."""
    root = tmp_path / "artifacts"
    tiny.write_directory(root, "pendulum_w8")
    tiny.write_demo_list(root, "pendulum_w8")
    return root


@pytest.fixture
def settings(artifacts: Path, tmp_path: Path) -> Settings:
    loaded = load_settings(
        {"POLICYSCOPE_ARTIFACTS": str(artifacts), "POLICYSCOPE_FRONTEND": str(tmp_path / "dist")}
    )
    return replace(loaded, queue_limit=4)
