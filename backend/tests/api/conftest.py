"""A whole application on a tiny artifacts root."""

import pytest
from http_client import Client

from policyscope.api.app import create_app
from policyscope.api.current import WORKSPACE


@pytest.fixture
def app(settings):
    app = create_app(settings)
    yield app
    app.extensions[WORKSPACE].close()


@pytest.fixture
def client(app):
    return Client(app.test_client())
