"""Fixtures shared by the tests of services and of the HTTP API."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import tiny
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from policyscope.config import Settings, load_settings

# Hypothesis limits one example to 0.2 s and counts slow ones, which on shared processors tells of the others.
hypothesis_settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("shared")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the full counts of the security tests")


@pytest.fixture
def long(request: pytest.FixtureRequest) -> bool:
    """Whether the full counts are wanted."""
    return bool(request.config.getoption("--long"))


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
