"""HTTP to a test application, with the checks that hold for every answer."""

from __future__ import annotations

import io
import time
from typing import Any

import tiny
from flask.testing import FlaskClient


class Client:
    """HTTP with the checks that hold for every answer."""

    def __init__(self, http: FlaskClient) -> None:
        self.http = http

    def __call__(
        self, method: str, path: str, body: Any = None, expect: int | None = 200, **options: Any
    ) -> Any:
        if body is not None:
            options["json"] = body
        response = self.http.open(path, method=method, **options)
        if expect is not None:
            assert response.status_code == expect, response.get_data(as_text=True)
        return response.json

    def upload(self, data: bytes, filename: str = "imitator.pt", expect: int = 201, **form: str) -> Any:
        form_data = {**form, "file": (io.BytesIO(data), filename)}
        return self("POST", "/upload", expect=expect, data=form_data)

    def model(self, seed: int = 0) -> str:
        return str(self.upload(tiny.policy_bytes(seed))["id"])

    def with_sae(self, directory: str = "pendulum_w8") -> str:
        model_id = self.model()
        self("POST", f"/model/{model_id}/load_sae", {"artifacts_dir": directory})
        return model_id

    def run(self, model_id: str, **wanted: Any) -> Any:
        body = {"env": tiny.ENV, "episodes": 2, "max_steps": 20, "seed": 3, **wanted}
        accepted = self("POST", f"/model/{model_id}/run", body, 202)
        job = self.finished(accepted["job_id"])
        assert job["state"] == "done", job
        return self("GET", f"/run/{accepted['run_id']}")

    def finished(self, job_id: str, timeout: float = 120) -> Any:
        deadline = time.monotonic() + timeout
        while (job := self("GET", f"/job/{job_id}"))["state"] in ("queued", "running"):
            assert time.monotonic() < deadline, job
            time.sleep(0.02)
        return job
