"""One error body over every route and every kind of failure."""

import re

import pytest

from policyscope.api.current import WORKSPACE
from policyscope.core.errors import StorageFull

BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b'{"alpha": NaN}',
    b'{"alpha": Infinity}',
    b'{"a": ' + b"[" * 100_000,
    b'{"seed": ' + b"9" * 10_000 + b"}",
    b"\xff\xfe",
    b'{"name": "\\ud800"}',
    b'{"unknown": 1}',
]


def routes(app):
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            if rule.endpoint != "site.page":
                yield method, re.sub(r"<[^>]+>", "missing", rule.rule)


def check_error(response):
    assert response.mimetype == "application/json", response.data[:200]
    error = response.json["error"]
    assert set(response.json) == {"error"}
    assert set(error) == {"code", "message", "fields"}
    assert re.fullmatch(r"[a-z0-9_]+", error["code"])
    assert error["message"].strip()
    assert all(isinstance(name, str) and isinstance(text, str) for name, text in error["fields"].items())


def test_every_route_fails_in_the_same_words_for_every_bad_body(app):
    client, failures = app.test_client(), 0
    for method, path in routes(app):
        for body in BODIES if method in ("POST", "PUT", "PATCH") else [b""]:
            response = client.open(path, method=method, data=body, content_type="application/json")
            assert response.status_code < 500, (method, path, body[:40], response.data[:300])
            if response.status_code >= 400:
                check_error(response)
                failures += 1
    assert failures > 100


def test_every_route_refuses_other_media_types_and_methods(app):
    client = app.test_client()
    for method, path in routes(app):
        if method in ("POST", "PUT", "PATCH"):
            response = client.open(path, method=method, data=b"x=1", content_type="text/plain")
            assert response.status_code == 415, (method, path)
            check_error(response)
        response = client.open(path, method="TRACE")
        assert response.status_code == 405
        assert response.headers["Allow"]
        check_error(response)


def test_unknown_addresses(app):
    client = app.test_client()
    for path in ("/nothing", "/model", "/model/m_1/nothing", "/%00", "/../../etc/passwd", "/x/" + "y" * 5000):
        response = client.get(path)
        assert response.status_code == 404, path
        check_error(response)


def test_an_unexpected_failure_is_logged_and_says_nothing(app, monkeypatch, caplog):
    def broken(_self, **_):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(type(app.extensions[WORKSPACE].records), "read", broken)
    response = app.test_client().get("/models")
    assert response.status_code == 500
    check_error(response)
    assert "secret" not in response.get_data(as_text=True)
    assert "secret detail" in caplog.text


def test_a_full_disk_is_507_and_leaves_no_model(app, client, monkeypatch):
    import tiny

    def full(*_):
        raise StorageFull("The artifact store could not be written: no space left.")

    monkeypatch.setattr(type(app.extensions[WORKSPACE].store), "publish", full)
    assert client.upload(tiny.policy_bytes(), expect=507)["error"]["code"] == "storage_full"
    assert client("GET", "/models")["models"] == []


def test_validation_names_the_field(client):
    model_id = client.with_sae()
    arms = [{"name": "x", "edits": [{"feature_idx": 1.5, "op": "explode"}]}]
    body = {"env": "Pendulum-v1", "episodes": 0, "arms": arms}
    error = client("POST", f"/model/{model_id}/run", body, 422)["error"]
    assert error["code"] == "validation_failed"
    assert {"episodes", "arms.0.edits.0.feature_idx", "arms.0.edits.0.op"} <= set(error["fields"])


def test_half_a_character_is_no_text_and_a_whole_one_is(client):
    model_id = client.model()
    headers = {"content_type": "application/json"}
    client("PATCH", f"/model/{model_id}", expect=400, data=b'{"name": "\\uD83D"}', **headers)
    named = client("PATCH", f"/model/{model_id}", data=b'{"name": "\\ud83d\\ude80"}', **headers)
    assert named["name"] == "\U0001f680"


@pytest.mark.parametrize(
    "body",
    [
        {"feature_idx": 3.7, "alpha": 1},
        {"feature_idx": "3", "alpha": 1},
        {"feature_idx": True, "alpha": 1},
        {"feature_idx": 3, "alpha": "1"},
        {"feature_idx": 3, "alpha": None},
        {"feature_idx": 3, "alpha": 1e400},
        {"feature_idx": -1, "alpha": 1},
        {"feature_idx": 3},
        {"feature_idx": 3, "alpha": 1, "extra": 2},
        [],
    ],
)
def test_nothing_is_truncated_or_guessed(client, body):
    model_id = client.with_sae()
    import json

    text = json.dumps(body).replace("Infinity", "1e400")
    headers = {"content_type": "application/json"}
    client("POST", f"/model/{model_id}/sae_perturb", expect=422, data=text, **headers)
