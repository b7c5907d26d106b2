"""The Postman collection: the guide's requests in an order that a live server can play, with assertions.

newman runs it against a server that has the demo artifacts. Variables: ``baseUrl`` and ``demo``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
POLLS = 120
NOT_JSON = (
    "/metrics",
    "/episodes.csv",
    "/bundle",
    "/replay",
    "/activations",
    "/activations.csv",
    "/activations.npz",
    "/clip",
    "/video/{{videoId}}",
    "/sae/export",
    "/features.csv",
    "/workspace/export/{{exportId}}",
)


@dataclass(frozen=True)
class Step:
    """One request: an operation of the OpenAPI document, its status, and what else must hold."""

    name: str
    method: str
    path: str
    status: int
    body: Json | None = None
    tests: Sequence[str] = ()
    description: str = ""


def _keeps(variable: str, expression: str) -> str:
    return f'pm.collectionVariables.set("{variable}", {expression});'


def _has(*names: str) -> str:
    wanted = ", ".join(f'"{name}"' for name in names)
    return f'pm.test("has the fields of the guide", () => pm.expect(body).to.include.all.keys({wanted}));'


def _check(sentence: str, expression: str) -> str:
    return f'pm.test("{sentence}", () => {expression});'


def _poll(step: str) -> str:
    """Ask again, with the step of that name, until the job is over."""
    return f"""
const polls = Number(pm.collectionVariables.get("polls") || 0) + 1;
pm.collectionVariables.set("polls", polls);
const active = ["queued", "running"].includes(body.state);
if (active && polls < {POLLS}) {{
  setTimeout(() => {{}}, 500);
  pm.execution.setNextRequest("{step}");
}} else {{
  pm.collectionVariables.set("polls", 0);
  pm.test("the job is done", () => pm.expect(body.state).to.equal("done"));
}}
"""


_SWEEP: Json = {
    "env": "{{env}}", "tap_index": 2, "topk": [2, 4], "d_latent": [8], "seeds_of_each": 1, "steps": 20,
    "batch": 32, "num_traj": 4, "max_timesteps": 20, "eval_episodes": 2,
}  # fmt: skip
STEPS = (
    Step("Health", "GET", "/healthz", 200, tests=(_check("is alive", "pm.expect(body.ok).to.equal(true)"),)),
    Step("Ready", "GET", "/readyz", 200, tests=(_check("is ready", "pm.expect(body.ok).to.equal(true)"),)),
    Step("Metrics", "GET", "/metrics", 200),
    Step("Demos", "GET", "/demos", 200, tests=(
        _check("has an available demo", "pm.expect(body.demos.some(demo => demo.available)).to.equal(true)"),
        'const chosen = body.demos.find(demo => demo.id === pm.collectionVariables.get("demo")) '
        "|| body.demos.find(demo => demo.available);",
        _keeps("demo", "chosen.id"), _keeps("artifactsDir", "chosen.artifacts_dir"),
        _keeps("tapIndex", "chosen.tap_index"), _keeps("env", "chosen.env"),
    )),
    Step("Environments", "GET", "/envs", 200, tests=(_keeps("mujocoEnv", '"Walker2d-v5"'),)),
    Step("What can be measured", "GET", "/env/{{env}}/measures", 200),
    Step("Make a model from a demo", "POST", "/demo/{{demo}}", 201, tests=(
        _keeps("modelId", "body.id"), _check("has no edits", "pm.expect(body.n_edits).to.equal(0)"),
    )),
    Step("Models", "GET", "/models", 200),
    Step("Summary of the network", "GET", "/model/{{modelId}}/summary", 200, tests=(
        _keeps("weightKey", "body.parameters[0].key"),
    )),
    Step("Artifacts directories", "GET", "/artifacts?model_id={{modelId}}", 200),
    Step("Load SAE: not found", "POST", "/model/{{modelId}}/load_sae", 404,
         {"artifacts_dir": "no_such_directory", "tap_index": 4},
         (_check("says so", 'pm.expect(body.error.message).to.match(/^SAE not found/)'),)),
    Step("Interpret: need SAE", "POST", "/model/{{modelId}}/interpret_features", 400,
         {"target_dim": 0, "top_k": 10},
         (_check("says so", 'pm.expect(body.error.message).to.include("Need SAE + cached data")'),)),
    Step("Load SAE", "POST", "/model/{{modelId}}/load_sae", 200,
         {"artifacts_dir": "{{artifactsDir}}", "tap_index": "{{tapIndex}}"},
         (_has("ok", "d_in", "d_latent", "k", "tap_index", "has_cached_data"),
          _check("nothing to warn of", "pm.expect(body.warnings).to.eql([])"),
          _keeps("lastFeature", "body.d_latent - 1"), _keeps("saeId", "body.id"))),
    Step("SAEs of the model", "GET", "/model/{{modelId}}/saes", 200, tests=(
        _check("the loaded one is active",
               "pm.expect(body.active).to.equal(pm.collectionVariables.get('saeId'))"),
    )),
    Step("Use an SAE", "PUT", "/model/{{modelId}}/saes/active", 200, {"sae_id": "{{saeId}}"}),
    Step("Compare two SAEs: one is not two", "GET",
         "/model/{{modelId}}/saes/compare?first={{saeId}}&second={{saeId}}", 400,
         tests=(_check("says so", 'pm.expect(body.error.message).to.include("the same one")'),)),
    Step("Export the SAE", "GET", "/model/{{modelId}}/sae/export?format=saelens", 200),
    Step("Interpret features", "POST", "/model/{{modelId}}/interpret_features", 200,
         {"target_dim": 0, "top_k": 10},
         (_has("features", "target_dim"),
          _check("ten features, strongest first",
                 "{ const w = body.features.map(f => f.abs_weight); pm.expect(w).to.have.length(10); "
                 "pm.expect(w).to.eql([...w].sort((a, b) => b - a)); }"),
          _keeps("feature", "body.features[0].feature_idx"))),
    Step("Interpret: no such action", "POST", "/model/{{modelId}}/interpret_features", 400,
         {"target_dim": 1000, "top_k": 10}),
    Step("Analyse the features", "POST", "/model/{{modelId}}/analyse", 202,
         tests=(_keeps("jobId", "body.job_id"), _keeps("polls", "0"),
                'if (body.job_id === null) pm.execution.setNextRequest("State of the analysis");')),
    Step("Follow the analysis", "GET", "/job/{{jobId}}", 200, tests=(_poll("Follow the analysis"),)),
    Step("State of the analysis", "GET", "/model/{{modelId}}/analysis", 200, tests=(
        _check("is done", "pm.expect(body).to.eql({job_id: null, state: 'done'})"),
    )),
    Step("Report on the SAE", "POST", "/model/{{modelId}}/report", 202, {"episodes": 2, "max_steps": 40},
         tests=(_keeps("jobId", "body.job_id"), _keeps("polls", "0"),
                'if (body.job_id === null) pm.execution.setNextRequest("Table of features");')),
    Step("Follow the report", "GET", "/job/{{jobId}}", 200, tests=(_poll("Follow the report"),)),
    Step("Report cards", "GET", "/model/{{modelId}}/reports", 200),
    Step("Report card", "GET", "/model/{{modelId}}/report", 200, tests=(
        _check("the SAE beside its references", "pm.expect(body.lines).to.have.length(9)"),
    )),
    Step("Table of features", "GET", "/model/{{modelId}}/features?target=action:0&page_size=10", 200, tests=(
        _check("greatest effect first", "{ const e = body.features.map(f => f.ablation_effect); "
               "pm.expect(e).to.eql([...e].sort((a, b) => b - a)); }"),
    )),
    Step("One feature", "GET", "/model/{{modelId}}/feature/{{feature}}", 200),
    Step("A moment of it, to watch", "GET", "/model/{{modelId}}/feature/{{feature}}/clip?row=0", 200),
    Step("How to draw the environment", "GET", "/env/{{env}}/scene", 200),
    Step("How to play the environment in a browser", "GET", "/env/{{mujocoEnv}}/physics", 200, tests=(
        _check("says which simulator it is of", "pm.expect(body.mujoco).to.match(/^\\d+\\./)"),
    )),
    Step("The network, to be run elsewhere", "GET", "/model/{{modelId}}/network?env={{env}}", 200, tests=(
        _check("with its SAE", "pm.expect(body.sae.arrays).to.include.all.keys('w_enc', 'w_dec')"),
    )),
    Step("Where episodes begin", "GET", "/model/{{modelId}}/starts?env={{mujocoEnv}}&seed=0&episodes=2", 200),
    Step("Steer live, the server steps", "POST", "/live", 201, {"model_id": "{{modelId}}", "env": "{{env}}"},
         (_keeps("liveId", "body.id"),)),
    Step("A few steps with a push", "POST", "/live/{{liveId}}/steps", 200,
         {"steps": 4, "pushes": [{"feature_idx": "{{feature}}", "alpha": 0.5}]},
         (_check("three arms, four steps each",
                 "pm.expect(body.arms.map(arm => arm.steps)).to.eql([4, 4, 4])"),)),
    Step("End of live steering", "DELETE", "/live/{{liveId}}", 200),
    Step("Note on a feature", "PUT", "/model/{{modelId}}/feature/{{feature}}/note", 200,
         {"text": "from the collection", "tags": ["collection"]}),
    Step("Collections", "GET", "/model/{{modelId}}/collections", 200, tests=(
        _check("bookmarks first", "pm.expect(body.collections[0].bookmarks).to.equal(true)"),
        _keeps("bookmarksId", "body.collections[0].id"),
    )),
    Step("Bookmark a feature", "PUT",
         "/model/{{modelId}}/collection/{{bookmarksId}}/feature/{{feature}}", 200,
         {"note": "to look at again"}),
    Step("Begin a collection", "POST", "/model/{{modelId}}/collections", 201,
         {"name": "of the collection", "features": [{"feature_idx": "{{feature}}", "note": ""}]},
         (_keeps("collectionId", "body.id"),)),
    Step("Rename a collection", "PATCH", "/model/{{modelId}}/collection/{{collectionId}}", 200,
         {"name": "renamed by the collection"}),
    Step("A collection", "GET", "/model/{{modelId}}/collection/{{collectionId}}", 200),
    Step("A collection as CSV", "GET", "/model/{{modelId}}/collection/{{collectionId}}/features.csv", 200),
    Step("Take a feature out", "DELETE",
         "/model/{{modelId}}/collection/{{collectionId}}/feature/{{feature}}", 200),
    Step("Delete a collection", "DELETE", "/model/{{modelId}}/collection/{{collectionId}}", 200),
    Step("Save a view", "POST", "/views", 201,
         {"name": "of the collection", "address": "?screen=features", "model_id": "{{modelId}}"},
         (_keeps("viewId", "body.id"),)),
    Step("Saved views", "GET", "/views", 200),
    Step("Rename a view", "PATCH", "/view/{{viewId}}", 200, {"name": "renamed by the collection"}),
    Step("Delete a view", "DELETE", "/view/{{viewId}}", 200),
    Step("Clusters", "GET", "/model/{{modelId}}/clusters?view=combined", 200),
    Step("State of a clustering", "GET", "/model/{{modelId}}/clustering?view=combined", 200),
    Step("Clusters by weights of your own", "POST", "/model/{{modelId}}/clusters", 202,
         {"view": "custom", "decoder": 1, "coactivation": 0, "function": 1},
         (_keeps("jobId", "body.job_id"), _keeps("polls", "0"),
          'if (body.job_id === null) pm.execution.setNextRequest("Those clusters");')),
    Step("Follow the clustering", "GET", "/job/{{jobId}}", 200, tests=(_poll("Follow the clustering"),)),
    Step("Those clusters", "GET",
         "/model/{{modelId}}/clusters?view=custom&decoder=1&coactivation=0&function=1", 200,
         tests=(_check("shares of one", "pm.expect(body.weights.decoder).to.equal(0.5)"),)),
    Step("Perturb a feature (the guide's example)", "POST", "/model/{{modelId}}/sae_perturb", 200,
         {"feature_idx": 42, "alpha": 2.0},
         (_has("ok", "feature_idx", "alpha", "decoder_norm", "message"),
          _check("the guide's words",
                 'pm.expect(body.message).to.equal("Feature perturbation parameters stored")'))),
    Step("Perturb the strongest feature by nothing", "POST", "/model/{{modelId}}/sae_perturb", 200,
         {"feature_idx": "{{feature}}", "alpha": 0}),
    Step("Dose of an edit", "POST", "/model/{{modelId}}/dose", 200,
         {"edits": [
             {"feature_idx": "{{feature}}", "op": "add", "value": 0.05, "unit": "action_displacement"},
         ]},
         (_check("as asked", "pm.expect(body.dose.action_displacement).to.be.closeTo(0.05, 1e-3)"),)),
    Step("Stored intervention", "GET", "/model/{{modelId}}/intervention", 200),
    Step("Perturb: a misspelt field", "POST", "/model/{{modelId}}/sae_perturb", 422,
         {"feature": 1, "alpha": 2.0}),
    Step("Run", "POST", "/model/{{modelId}}/run", 202,
         {"env": "{{env}}", "episodes": 2, "max_steps": 50, "seed": 0},
         (_keeps("jobId", "body.job_id"), _keeps("runId", "body.run_id"), _keeps("polls", "0"))),
    Step("Follow the job", "GET", "/job/{{jobId}}", 200, tests=(_poll("Follow the job"),)),
    Step("Retry: a finished job", "POST", "/job/{{jobId}}/retry", 409),
    Step("The same run again", "POST", "/model/{{modelId}}/run", 202,
         {"env": "{{env}}", "episodes": 2, "max_steps": 50, "seed": 0},
         (_check("is answered at once",
                 'pm.expect([body.reused, body.run_id]).to.eql([true, pm.variables.get("runId")])'),)),
    Step("Result of the run", "GET", "/run/{{runId}}", 200, tests=(
        _check("alpha 0 is exactly the baseline", "pm.expect(body.comparisons[0].identical).to.equal(true)"),
    )),
    Step("Run from the middle of the first", "POST", "/model/{{modelId}}/run", 202,
         {"env": "{{env}}", "episodes": 2, "max_steps": 20,
          "start": {"kind": "run", "run_id": "{{runId}}", "arm": "baseline", "step": 25}},
         (_keeps("jobId", "body.job_id"), _keeps("startedRunId", "body.run_id"), _keeps("polls", "0"))),
    Step("Follow the run from the middle", "GET", "/job/{{jobId}}", 200,
         tests=(_poll("Follow the run from the middle"),)),
    Step("Result of the run from the middle", "GET", "/run/{{startedRunId}}", 200, tests=(
        _check("says where it began", "pm.expect(body.start.step).to.equal(25)"),
    )),
    Step("Episodes as CSV", "GET", "/run/{{runId}}/episodes.csv", 200),
    Step("Scene of the run", "GET", "/run/{{runId}}/scene", 200, tests=(
        _check("steps of both seeds were recorded", "pm.expect(body.seeds).to.eql([0, 1])"),
    )),
    Step("Replay of a seed", "GET", "/run/{{runId}}/replay?seed=1", 200),
    Step("Units of a layer", "GET", "/run/{{runId}}/activations?seed=1&layer=0", 200),
    Step("Units of a layer as a table", "GET", "/run/{{runId}}/activations.csv?seed=1&layer=0", 200),
    Step("All layers as arrays", "GET", "/run/{{runId}}/activations.npz?seed=1", 200),
    Step("Make a video", "POST", "/run/{{runId}}/video", 202, {"size": 240, "format": "gif"},
         (_keeps("jobId", "body.job_id"), _keeps("videoId", "body.video_id"), _keeps("polls", "0"))),
    Step("Follow the video", "GET", "/job/{{jobId}}", 200, tests=(_poll("Follow the video"),)),
    Step("Video", "GET", "/video/{{videoId}}", 200),
    Step("Effects of the run", "GET", "/run/{{runId}}/effects", 200, tests=(
        _check("a comparison has none", "pm.expect(body.scan).to.equal(null)"),
    )),
    Step("Evidence bundle", "GET", "/run/{{runId}}/bundle", 200),
    Step("Dose-response", "POST", "/model/{{modelId}}/dose_response", 202,
         {"env": "{{env}}", "feature_idx": "{{feature}}", "doses": [0.05], "random_directions": 2,
          "episodes": 2, "max_steps": 20},
         (_keeps("studyJob", "body.job_id"),)),
    Step("Cancel the dose-response", "DELETE", "/job/{{studyJob}}", 200),
    Step("Causal scan", "POST", "/model/{{modelId}}/scan", 202,
         {"env": "{{env}}", "features": 2, "episodes": 6, "confirm_episodes": 6, "max_steps": 20},
         (_keeps("studyJob", "body.job_id"),)),
    Step("Cancel the scan", "DELETE", "/job/{{studyJob}}", 200),
    Step("Train an SAE", "POST", "/model/{{modelId}}/train_sae", 202,
         {"env": "{{env}}", "tap_index": 2, "artifacts_dir": "from_the_collection", "latent_mult": 2,
          "topk": 4, "steps": 20, "num_traj": 4, "max_timesteps": 20, "eval_episodes": 2, "overwrite": True},
         (_keeps("jobId", "body.job_id"), _keeps("polls", "0"))),
    Step("Follow the training", "GET", "/job/{{jobId}}", 200, tests=(_poll("Follow the training"),)),
    Step("Plan a sweep", "POST", "/model/{{modelId}}/sweep/plan", 200, _SWEEP,
         (_check("every combination", "pm.expect(body.cells).to.have.length(2)"),)),
    Step("Sweep", "POST", "/model/{{modelId}}/sweep", 202, _SWEEP,
         (_keeps("jobId", "body.job_id"), _keeps("sweepId", "body.sweep_id"), _keeps("polls", "0"),
          'if (body.job_id === null) pm.execution.setNextRequest("The sweep");')),
    Step("Follow the sweep", "GET", "/job/{{jobId}}", 200, tests=(_poll("Follow the sweep"),)),
    Step("The sweep", "GET", "/sweep/{{sweepId}}", 200, tests=(
        _check("every SAE was played", "pm.expect(body.cells.every(c => c.gate !== null)).to.equal(true)"),
    )),
    Step("Sweeps", "GET", "/model/{{modelId}}/sweeps", 200),
    Step("Use an SAE of the sweep", "POST", "/sweep/{{sweepId}}/use", 200, {"cell": 1}),
    Step("Use the loaded SAE again", "PUT", "/model/{{modelId}}/saes/active", 200, {"sae_id": "{{saeId}}"}),
    Step("Calibrate", "POST", "/model/{{modelId}}/calibrate", 202,
         {"env": "{{env}}", "features": [{"feature_idx": "{{feature}}"}],
          "target": {"measure": "return", "change": 0.05}, "episodes": 6, "confirm_episodes": 6,
          "max_steps": 20},
         (_keeps("studyJob", "body.job_id"),)),
    Step("Cancel the calibration", "DELETE", "/job/{{studyJob}}", 200),
    Step("Runs", "GET", "/runs?model_id={{modelId}}", 200),
    Step("Jobs", "GET", "/jobs?state=done", 200),
    Step("Weights of a layer", "GET", "/model/{{modelId}}/layer_weights/{{weightKey}}", 200),
    Step("Scale a tensor", "POST", "/model/{{modelId}}/perturb", 200,
         {"key": "{{weightKey}}", "op": "scale", "value": 1.1}),
    Step("Edit one weight", "POST", "/model/{{modelId}}/edit_at", 200,
         {"key": "{{weightKey}}", "index": [0, 0], "value": 0.5},
         (_check("two edits", "pm.expect(body.n_edits).to.equal(2)"),)),
    Step("Edits", "GET", "/model/{{modelId}}/edits", 200),
    Step("Undo", "POST", "/model/{{modelId}}/undo", 200,
         tests=(_check("one edit", "pm.expect(body.n_edits).to.equal(1)"),)),
    Step("Reset", "POST", "/model/{{modelId}}/reset", 200,
         tests=(_check("no edits", "pm.expect(body.n_edits).to.equal(0)"),)),
    Step("How it acts", "GET", "/model/{{modelId}}/acting", 200, tests=(
        _check("as its file says", "pm.expect(body.corrected).to.equal(false)"),
    )),
    Step("Correct how it acts", "PATCH", "/model/{{modelId}}/acting", 200, {"squash": "clip"}, tests=(
        _check("corrected", "pm.expect([body.squash, body.corrected]).to.eql(['clip', true])"),
    )),
    Step("Act as the file says", "DELETE", "/model/{{modelId}}/acting", 200, tests=(
        _check("not corrected", "pm.expect(body.corrected).to.equal(false)"),
    )),
    Step("Rename", "PATCH", "/model/{{modelId}}", 200, {"name": "renamed by the collection"}),
    Step("Clear the intervention", "DELETE", "/model/{{modelId}}/intervention", 200),
    Step("Detach the SAE", "DELETE", "/model/{{modelId}}/sae", 200),
    Step("Write the model into a file", "POST", "/workspace/export", 202, {"model_id": "{{modelId}}"},
         (_keeps("jobId", "body.job_id"), _keeps("exportId", "body.export_id"), _keeps("polls", "0"))),
    Step("Follow the export", "GET", "/job/{{jobId}}", 200, tests=(_poll("Follow the export"),)),
    Step("The file", "GET", "/workspace/export/{{exportId}}", 200),
    Step("Delete the run", "DELETE", "/run/{{runId}}", 200),
    Step("Delete the model", "DELETE", "/model/{{modelId}}", 200),
    Step("The model is gone", "GET", "/model/{{modelId}}", 404,
         tests=(_check("one error body", "pm.expect(body.error.code).to.equal(\"not_found\")"),)),
)  # fmt: skip


def collection(document: Json) -> Json:
    """The collection. Raises ValueError when a step is not an operation of ``document``."""
    for step in STEPS:
        _check_documented(document, step)
    return {
        "info": {
            "name": "policyscope",
            "description": "The guide's workflow against a live server with the demo artifacts.",
            "schema": SCHEMA,
        },
        "item": [_item(step) for step in STEPS],
        "variable": [
            {"key": "baseUrl", "value": "http://127.0.0.1:5000"},
            {"key": "demo", "value": ""},
        ],
    }


def _item(step: Step) -> Json:
    request: Json = {"method": step.method, "header": [], "url": _url(step.path)}
    if step.body is not None:
        request["header"] = [{"key": "Content-Type", "value": "application/json"}]
        request["body"] = {"mode": "raw", "raw": _raw(step.body)}
    is_json = not step.path.partition("?")[0].endswith(NOT_JSON)
    script = [f'pm.test("answers {step.status}", () => pm.response.to.have.status({step.status}));']
    script += ["const body = pm.response.json();"] if is_json else []
    lines = "\n".join([*script, *step.tests]).strip().split("\n")
    event = {"listen": "test", "script": {"type": "text/javascript", "exec": lines}}
    return {"name": step.name, "event": [event], "request": request}


def _url(path: str) -> Json:
    bare, _, query = path.partition("?")
    url: Json = {"raw": "{{baseUrl}}" + path, "host": ["{{baseUrl}}"], "path": bare.strip("/").split("/")}
    if query:
        pairs = (pair.split("=") for pair in query.split("&"))
        url["query"] = [{"key": key, "value": value} for key, value in pairs]
    return url


def _raw(body: Json) -> str:
    """JSON with variables that hold numbers outside quotation marks."""
    import json

    text = json.dumps(body, indent=2)
    for number in ("tapIndex", "feature"):
        text = text.replace(f'"{{{{{number}}}}}"', f"{{{{{number}}}}}")
    return text


def _check_documented(document: Json, step: Step) -> None:
    parts = step.path.partition("?")[0].split("/")
    for path, item in document["paths"].items():
        known = path.split("/")
        same = len(known) == len(parts) and all(
            ours == theirs or (ours.startswith("{{") and theirs.startswith("{"))
            for ours, theirs in zip(parts, known, strict=True)
        )
        if same and step.method.lower() in item:
            return
    raise ValueError(f"{step.name}: {step.method} {step.path} is not in the OpenAPI document")
