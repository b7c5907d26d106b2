"""Test 19: requests made from the OpenAPI document, valid and invalid, and the answers held against it.

``default`` is taken out of the document first: with it every status would count as documented.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
import schemathesis
import tiny
from forms import both
from http_client import Client
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as how
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from policyscope.api.app import create_app, openapi_document
from policyscope.api.current import WORKSPACE
from policyscope.config import load_settings

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
FULL, SHORT = 200, 2
LAST = ("delete_run", "delete_model")  # what the others need
STOPPED = ("readyz",)  # says 503, as it should, since the job engine has been stopped
STREAMS = ("follow_job",)  # one event of a stream is no text, and no schema of ours
SCHEMA = dict[str, Any]


class Bench:
    """The application with one of everything in it; what it queues from now on never starts.

    ``analysed``: the features too, which takes some seconds.
    """

    def __init__(self, root, analysed: bool) -> None:
        tiny.write_directory(root, "pendulum_w8")
        tiny.write_demo_list(root, "pendulum_w8")
        found = load_settings(
            {"POLICYSCOPE_ARTIFACTS": str(root), "POLICYSCOPE_FRONTEND": str(root / "none")}
        )
        self.app = create_app(replace(found, queue_limit=6))
        self.client = Client(self.app.test_client())
        model = self.model()
        arms = [{"name": "x", "edits": [{"feature_idx": 1, "op": "add", "value": 1.0}]}]
        wanted = {"env": tiny.ENV, "episodes": 2, "max_steps": 20, "arms": arms}
        started = self.client("POST", f"/model/{model}/run", wanted, 202)
        self.run, self.job = started["run_id"], started["job_id"]
        jobs = [self.job]
        if analysed:
            jobs.append(self.client("POST", f"/model/{model}/analyse", expect=202)["job_id"])
        assert {self.client.finished(job, 200)["state"] for job in jobs} == {"done"}
        assert self.client("GET", "/readyz")["ok"]
        self.app.extensions[WORKSPACE].engine.stop()
        self.shared = model

    def model(self) -> str:
        model = self.client("POST", "/demo/tiny", expect=201)["id"]
        self.client("POST", f"/model/{model}/load_sae", {"artifacts_dir": "pendulum_w8"})
        return model

    def known(self, operation) -> dict[str, str]:
        """Values of the path's variables that lead to something; what changes a model gets one of its own."""
        model = self.shared if operation.method.upper() == "GET" else self.model()
        everything = {
            "model_id": model, "run_id": self.run, "job_id": self.job, "env_id": tiny.ENV, "demo_id": "tiny",
            "feature_idx": "3", "key": "net.0.weight", "video_id": "v_000000000000",
            "sweep_id": "w_000000000000", "export_id": "x_000000000000",
        }  # fmt: skip
        made = {
            "collection_id": (f"/model/{model}/collections", {"name": operation.label}),
            "view_id": (
                "/views",
                {"name": operation.label, "address": "?screen=features", "model_id": model},
            ),
            "live_id": ("/live", {"model_id": model, "env": tiny.ENV}),
        }
        wanted = [name for name in (*everything, *made) if f"{{{name}}}" in operation.path]
        return {
            name: everything.get(name) or self.client("POST", *made[name], expect=201)["id"]
            for name in wanted
        }


def strict(document: SCHEMA) -> SCHEMA:
    """The document with nothing that allows every status."""
    document = copy.deepcopy(document)
    for item in document["paths"].values():
        for method, operation in item.items():
            if method != "parameters":
                del operation["responses"]["default"]
    return document


def load(app, document):
    schema = schemathesis.openapi.from_dict(document)
    schema.app = app
    operations = [found.ok() for found in schema.get_all_operations()]
    kept = [one for one in operations if _id(one) not in STOPPED]
    return sorted(kept, key=lambda one: _id(one) in LAST)


def _id(operation) -> str:
    return operation.definition.raw["operationId"]


@pytest.fixture(scope="module")
def bench(tmp_path_factory, request):
    bench = Bench(tmp_path_factory.mktemp("fuzzed") / "artifacts", request.config.getoption("--long"))
    yield bench
    bench.app.extensions[WORKSPACE].close()


def try_all(operation, strategy, count, failures):
    """Call the operation ``count`` times; keep one example of each kind of failure. Returns how often."""
    called = 0
    checks = [
        check for check in CHECKS if check is not response_schema_conformance or _id(operation) not in STREAMS
    ]

    @how(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def one(case):
        nonlocal called
        called += 1
        response = case.call()
        try:
            case.validate_response(response, checks=checks)
        except (Failure, FailureGroup) as error:
            kind = (operation.label, response.status_code, str(error).splitlines()[0])
            failures.setdefault(kind, f"{case.as_curl_command()}\n{response.content[:500]!r}\n{error}")

    one()
    return called


def plan(operation, bench, full):
    """(mode, fixed values in the path, how many): half valid, half not, and some with names of nothing.

    Where only the path varies, the one valid request is made once and the rest have names of nothing.
    """
    count, known = FULL if full else SHORT, bench.known(operation)
    yield GenerationMode.POSITIVE, known, count // 2
    asked = bool(operation.body or operation.query)
    if asked:
        yield GenerationMode.NEGATIVE, known, count // 2
    if known and full:
        yield GenerationMode.POSITIVE, {}, count // 4 if asked else count


@both
@pytest.mark.timeout(3000)
def test_what_the_document_says_is_what_happens(bench, full, record):
    failures: dict[tuple[str, int, str], str] = {}
    operations = load(bench.app, strict(openapi_document(bench.app)))
    plans = [(operation, list(plan(operation, bench, full))) for operation in operations]
    calls: dict[str, int] = {}
    for operation, wanted in plans:
        for mode, known, count in wanted:
            strategy = operation.as_strategy(generation_mode=mode, path_parameters=known)
            calls[operation.label] = calls.get(operation.label, 0) + try_all(
                operation, strategy, count, failures
            )
    varied = [calls[one.label] for one in operations if one.body or one.query or one.path_parameters]
    record(
        f"19 {sum(calls.values()):,} requests to {len(operations)} operations, {min(varied)} or more to each "
        f"of the {len(varied)} that take anything",
        "0 5xx, 0 undocumented statuses",
        f"{len(failures)} of either, and every body has its schema",
    )
    assert not failures, "\n\n".join(f"{kind}\n{text}" for kind, text in failures.items())
    assert len(operations) >= 70
    assert min(varied) >= (FULL if full else 1), calls


def test_an_undocumented_status_is_seen(bench):
    """The same with one status struck out."""
    document = strict(openapi_document(bench.app))
    del document["paths"]["/demo/{demo_id}"]["post"]["responses"]["404"]
    (operation,) = [one for one in load(bench.app, document) if one.path == "/demo/{demo_id}"]
    failures: dict[tuple[str, int, str], str] = {}
    try_all(operation, operation.as_strategy(path_parameters={"demo_id": "no-such-demo"}), 3, failures)
    assert {status for _, status, _ in failures} == {404}
