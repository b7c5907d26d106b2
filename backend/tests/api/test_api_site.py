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


PACKED = {"br": b"brotli's", "gzip": b"gzip's", None: b"1"}


@pytest.mark.parametrize(
    ("accepted", "sent"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0.2, gzip;q=0.9", "gzip"),
        ("br;q=0, gzip;q=0", None),
        ("br;q=0, *", "gzip"),
        ("identity", None),
        ("", None),
        ("zstd, br;q=banana", None),
    ],
)
def test_what_the_build_packed_is_sent_to_who_takes_it(client, settings, bundle, accepted, sent):
    script = settings.frontend / "assets" / "main-abc.js"
    for ending, content in ((".br", PACKED["br"]), (".gz", PACKED["gzip"])):
        script.with_name(script.name + ending).write_bytes(content)
    response = client.http.get("/assets/main-abc.js", headers={"Accept-Encoding": accepted}, buffered=True)
    assert response.headers.get("Content-Encoding") == sent
    assert response.data == PACKED[sent]
    assert (response.mimetype, response.headers["Vary"]) == ("text/javascript", "Accept-Encoding")
    assert "immutable" in response.headers["Cache-Control"]


def test_a_part_of_a_file_and_a_file_without_packed_forms_are_themselves(client, settings, bundle):
    script = settings.frontend / "assets" / "main-abc.js"
    script.with_name("main-abc.js.br").write_bytes(b"packed")
    headers = {"Accept-Encoding": "br", "Range": "bytes=0-0"}
    part = client.http.get("/assets/main-abc.js", headers=headers, buffered=True)
    assert (part.status_code, part.data) == (206, b"1")
    assert "Content-Encoding" not in part.headers
    whole = client.http.get("/favicon.svg", headers={"Accept-Encoding": "br, gzip"}, buffered=True)
    assert (whole.data, "Content-Encoding" in whole.headers) == (b"<svg/>", False)


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
