"""The built frontend, served beside the API."""

import pytest

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def bundle(settings):
    (settings.frontend / "assets").mkdir(parents=True)
    (settings.frontend / "index.html").write_text("<!doctype html><title>policyscope</title>")
    (settings.frontend / "favicon.svg").write_text("<svg/>")
    (settings.frontend / "assets" / "main-abc.js").write_text("1")
    (settings.frontend.parent / "secret").write_text("secret")


def test_pages_and_files(client, bundle):
    for path in ("/", "/models/m_1/features", "/somewhere"):
        response = client.http.get(path, headers=HTML, buffered=True)
        assert response.status_code == 200
        assert "policyscope" in response.text
        assert response.headers["Cache-Control"] == "no-cache"
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    response = client.http.get("/assets/main-abc.js", buffered=True)
    assert response.mimetype == "text/javascript"
    assert "immutable" in response.headers["Cache-Control"]
    assert client.http.get("/favicon.svg", buffered=True).status_code == 200


def test_programs_get_errors_and_not_pages(client, bundle):
    assert client("GET", "/nothing", expect=404)["error"]["code"] == "not_found"
    assert client("GET", "/model/m_1", expect=404, headers=HTML)["error"]["message"].startswith(
        "There is no model"
    )


OUTSIDE = [
    "/../secret",
    "/%2e%2e/secret",
    "/assets/../../secret",
    "/assets/%2e%2e%2f%2e%2e%2fsecret",
    "//etc/passwd",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_outside_the_bundle(client, bundle, path):
    response = client.http.get(path)
    assert b"secret" not in response.data
    assert response.status_code in (404, 403)


def test_a_missing_bundle_says_how_to_build_it(client):
    error = client("GET", "/", expect=404, headers=HTML)["error"]
    assert (error["code"], "make demo" in error["message"]) == ("frontend_not_built", True)
