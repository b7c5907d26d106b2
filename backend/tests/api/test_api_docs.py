"""The generated documents are those that are committed, and true."""

import json
import re

import documented
import pytest
from http_client import Client

from policyscope.api import openapi, statuses
from policyscope.api.app import create_app
from policyscope.api.current import WORKSPACE
from policyscope.api.postman import STEPS, Step, collection


@pytest.mark.parametrize("name", ["openapi.json", "api.md", "policyscope.postman_collection.json"])
def test_committed_documents_are_the_generated_ones(name):
    committed = (openapi.DOCS / name).read_text(encoding="utf-8")
    assert committed == openapi.generated()[name], "run: python -m policyscope.api.openapi"


def test_the_server_serves_the_same_document(client):
    assert client("GET", "/openapi.json") == json.loads((openapi.DOCS / "openapi.json").read_text())


def test_every_route_is_documented(app):
    documented = json.loads(openapi.generated()["openapi.json"])["paths"]
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in ("site.page", "api-docs.openapi_json"):
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                assert documented[path][method.lower()]["summary"], (method, path)


def test_the_collection_covers_the_api_and_cannot_drift():
    document = json.loads(openapi.generated()["openapi.json"])
    covered = {(step.method, step.path.partition("?")[0].replace("{{", "{")) for step in STEPS}
    assert len(covered) >= 25
    with pytest.raises(ValueError, match="not in the OpenAPI document"):
        collection({**document, "paths": {}})
    assert Step("x", "GET", "/healthz", 200) not in STEPS


def test_every_answer_is_held_against_the_document(settings, monkeypatch):
    """What the fixture ``app`` does for all tests here, made to fail."""
    monkeypatch.setattr(statuses, "MORE", {})
    app = create_app(settings)
    undocumented = documented.watch(app)
    client = Client(app.test_client())
    client("POST", f"/model/{client.model()}/undo", expect=409)
    client("GET", "/model/m_1", expect=404)
    app.extensions[WORKSPACE].close()
    assert undocumented == {("POST", "/model/{model_id}/undo", 409)}
