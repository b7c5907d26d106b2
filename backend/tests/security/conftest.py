"""A whole application on a tiny artifacts root."""

import pytest
from http_client import Client

from policyscope.api.app import create_app
from policyscope.api.current import WORKSPACE


@pytest.fixture
def client(settings):
    app = create_app(settings)
    yield Client(app.test_client())
    app.extensions[WORKSPACE].close()
