"""The gate on single requests; tests/security/test_gate_matrix.py tries all of them."""

from dataclasses import replace

import pytest

from policyscope.api.app import bare_app

TOKEN = "correct horse"
REFUSED = [
    {},
    {"Authorization": "Bearer wrong"},
    {"Authorization": f"Basic {TOKEN}"},
    {"Authorization": TOKEN},
    {"Authorization": f"Bearer {TOKEN}", "Host": "evil.example"},
    {"Authorization": f"Bearer {TOKEN}", "Host": "localhost.evil.example"},
    {"Authorization": f"Bearer {TOKEN}", "Origin": "http://evil.example"},
    {"Authorization": f"Bearer {TOKEN}", "Origin": "null"},
    {"Authorization": f"Bearer {TOKEN}", "Host": "127.0.0.1:5000@evil.example"},
    {"Cookie": f"token={TOKEN}"},
]


def test_health_and_pages_need_no_token(settings):
    client = bare_app(replace(settings, token=TOKEN)).test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/").status_code == 404  # not built here, but not refused either
    assert client.get("/models").status_code == 401
    assert client.get("/models").headers["WWW-Authenticate"].lower().startswith("bearer")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "localhost:5000", "[::1]:80", "LOCALHOST:1", "policy.lab:8080"]
)
def test_known_hosts_pass(settings, host):
    client = bare_app(replace(settings, allowed_hosts=("policy.lab",))).test_client()
    assert client.get("/openapi.json", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1:80:80",
        "localhost\t",
        "[::1",
        "0.0.0.0",
        "127.1",
    ],
)
def test_other_hosts_do_not(settings, host):
    client = bare_app(settings).test_client()
    response = client.get("/openapi.json", environ_overrides={"HTTP_HOST": host})
    assert response.status_code == 403
    assert "POLICYSCOPE_ALLOWED_HOSTS" in response.json["error"]["message"]


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://localhost:5173", True),
        ("http://127.0.0.1:5173", True),
        ("http://localhost", True),  # the test client's own host
        ("https://lab.example", True),
        ("http://lab.example", False),
        ("https://lab.example.evil.example", False),
        ("https://evil.example/?https://lab.example", False),
        ("http://localhost:5174", False),
        ("null", False),
    ],
)
def test_origins_are_matched_exactly(settings, origin, allowed):
    client = bare_app(replace(settings, allowed_origins=("https://lab.example",))).test_client()
    response = client.get("/openapi.json", headers={"Origin": origin})
    assert (response.status_code == 200) is allowed
    assert ("Access-Control-Allow-Origin" in response.headers) is (allowed and origin != "http://localhost")


def test_a_page_elsewhere_cannot_post_without_an_origin(client):
    headers = {"Sec-Fetch-Site": "cross-site"}
    client("POST", "/demo/tiny", expect=403, headers=headers)
    client("POST", "/demo/tiny", expect=201, headers={"Sec-Fetch-Site": "same-origin"})


def test_preflight_of_the_dev_server(settings):
    client = bare_app(replace(settings, token=TOKEN)).test_client()
    asked = {"Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "authorization"}
    response = client.options("/model/m_1", headers={**asked, "Origin": "http://localhost:5173"})
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
    assert "DELETE" in response.headers["Access-Control-Allow-Methods"]
    assert client.options("/model/m_1", headers={**asked, "Origin": "http://evil.example"}).status_code == 403


def test_the_token_never_comes_back(settings, caplog):
    client = bare_app(replace(settings, token=TOKEN)).test_client()
    for headers in REFUSED:
        assert TOKEN not in client.get("/models", headers=headers).get_data(as_text=True)
    assert TOKEN not in caplog.text


def test_bodies_over_the_limit(client, settings):
    limit = settings.max_upload_bytes
    for length in (limit + 1, 300 << 20):
        claimed = {"CONTENT_TYPE": "multipart/form-data; boundary=x", "CONTENT_LENGTH": str(length)}
        error = client("POST", "/upload", expect=413, environ_overrides=claimed)["error"]
        assert error["code"] == "request_entity_too_large"
    model_id = client.model()
    client(
        "POST", f"/model/{model_id}/sae_perturb", {"feature_idx": 1, "alpha": 1, "x": "y" * (1 << 20)}, 413
    )
