"""A whole application on a tiny artifacts root."""

import documented
import pytest
from http_client import Client

from policyscope.api.app import create_app
from policyscope.api.current import WORKSPACE


@pytest.fixture
def app(settings):
    """Every answer it gives must be one that the OpenAPI document tells of."""
    app = create_app(settings)
    undocumented = documented.watch(app)
    yield app
    app.extensions[WORKSPACE].close()
    assert not undocumented


@pytest.fixture
def client(app):
    return Client(app.test_client())
