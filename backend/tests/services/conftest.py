"""Two workspaces, to take something from one to the other."""

from dataclasses import replace

import pytest
from http_client import Client

from policyscope.api.app import create_app
from policyscope.api.current import WORKSPACE


@pytest.fixture
def here(settings):
    app = create_app(settings)
    yield Client(app.test_client())
    app.extensions[WORKSPACE].close()


@pytest.fixture
def there(settings, tmp_path):
    """Another workspace, empty."""
    root = tmp_path / "elsewhere"
    root.mkdir()
    app = create_app(replace(settings, artifacts=root, database_url=f"sqlite:///{root}/store/db.sqlite3"))
    yield Client(app.test_client())
    app.extensions[WORKSPACE].close()
