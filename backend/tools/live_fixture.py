"""Write what the server's simulator does, for the parity tests of live steering in the browser.

    python tools/live_fixture.py [--fresh]

Writes ``frontend/src/modules/live/parity.fixture.json``. ``open``: per MuJoCo environment of version 5 the
state after 1, 10, 100 and 300 steps under recorded actions, with observations and rewards. ``closed``: for
the Walker2d demo the network, and where runs of the API ended under doses that change over time.
``--fresh`` writes only ``parity-fresh.fixture.json``: fifteen further endings, of cases that a rule fixed
before any of them was played (see ``FRESH``).
"""

from __future__ import annotations

import argparse
import base64
import json
import math
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from policyscope.api.app import create_app
from policyscope.api.current import WORKSPACE
from policyscope.config import load_settings
from policyscope.core.envs import list_envs, make_env
from policyscope.core.measures.anatomy import anatomy_of
from policyscope.core.measures.simulation import near_floor
from policyscope.services.live import physics

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "frontend/src/modules/live/parity.fixture.json"
STEPS = (1, 10, 100, 300)
SEEDS = 5
DEMO, ENV = "walker2d", "Walker2d-v5"
LISTED = {"target_dim": 0, "top_k": 20}
BY_EFFECT = {**LISTED, "sort_by": "ablation_effect"}
CONTACT = {"kind": "contact", "foot": "right"}
Dose = tuple[int, float, dict[str, Any] | None]
DOSES: tuple[Dose, ...] = (
    (1, 0.3, None),
    (3, -0.3, None),
    (8, 0.45, None),
    (3, -0.45, None),
    (3, 1.5, CONTACT),
)
"""Rank of the feature on action 0, share of the action's variation, gate."""


FRESH = tuple((rank, 0.45, None) for rank in range(5))
FRESH_SEEDS = (3, 100)
"""The five features with the largest causal effect on action 0, one dose for all, three seeds from 100 on."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--fresh", action="store_true")
    if parser.parse_args().fresh:
        played = _with_server(lambda api: _cases(api, FRESH, *FRESH_SEEDS, BY_EFFECT))
        fresh = {name: played[name] for name in ("starts", "arms")}
        TARGET.with_name("parity-fresh.fixture.json").write_text(json.dumps(fresh) + "\n")
        return
    envs = [info.id for info in list_envs() if info.id.endswith("-v5") and info.renderer == "mujoco"]
    found = {
        "open": [_open_loop(env_id) for env_id in envs],
        "closed": _with_server(lambda api: _cases(api, DOSES, SEEDS, 0, LISTED)),
    }
    TARGET.write_text(json.dumps(found) + "\n")


def _open_loop(env_id: str) -> dict[str, Any]:
    env: Any = make_env(env_id).unwrapped
    env.reset(seed=1)
    start = [*env.data.qpos, *env.data.qvel, *np.zeros(env.model.nv)]
    high = env.action_space.high
    phase = np.random.default_rng(0).uniform(0, 6, len(high))
    actions = np.array([0.6 * high * np.sin(0.1 * t + phase) for t in range(max(STEPS))], dtype=np.float32)
    marks, total = [], 0.0
    for step, action in enumerate(actions, start=1):
        seen, reward, terminated, _, _ = env.step(action)
        total += float(reward)
        if step in STEPS:
            state = [*env.data.qpos, *env.data.qvel]
            mark = {"step": step, "state": state, "return": total, "terminated": bool(terminated)}
            mark["touching"] = _touching(env_id, env.data.qpos.copy())
            marks.append({**mark, "seen": seen.tolist()} if step == 1 else mark)
    env.close()
    packed = base64.b64encode(actions.astype("<f4").tobytes()).decode()
    return {"physics": physics(env_id), "start": start, "actions": packed, "marks": marks}


def _touching(env_id: str, qpos: np.ndarray) -> dict[str, bool]:
    """As a contact gate sees it, by leg."""
    anatomy = anatomy_of(env_id)
    legs = anatomy.legs if anatomy else ()
    return {leg.name: bool(near_floor(env_id, qpos[None], leg.feet).any()) for leg in legs}


def _with_server(ask: Callable[[_Api], dict[str, Any]]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("demo.json", "walker2d_w32", "hard_stable_w32"):
            source = ROOT / "artifacts" / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, Path(folder) / name)
        app = create_app(load_settings({"POLICYSCOPE_ARTIFACTS": folder}))
        try:
            return ask(_Api(app.test_client()))
        finally:
            app.extensions[WORKSPACE].close()


class _Api:
    def __init__(self, http: Any) -> None:
        self._http = http

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        response = self._http.open(path, method=method, json=body)
        if response.status_code >= 400:
            raise SystemExit(f"{method} {path}: {response.get_data(as_text=True)}")
        return response.json


def _cases(
    api: _Api, doses: Sequence[Dose], seeds: int, first: int, listed: dict[str, Any]
) -> dict[str, Any]:
    demo = next(each for each in api("GET", "/demos")["demos"] if each["id"] == DEMO)
    model = f"/model/{api('POST', f'/demo/{DEMO}')['id']}"
    api("POST", f"{model}/load_sae", {name: demo[name] for name in ("artifacts_dir", "tap_index")})
    ranked = [row["feature_idx"] for row in api("POST", f"{model}/interpret_features", listed)["features"]]
    arms = [_arm(api, model, ranked[dose[0]], number, dose) for number, dose in enumerate(doses)]
    body = {"env": ENV, "episodes": seeds, "seed": first, "max_steps": 1000, "arms": arms}
    run = _finished(api, api("POST", f"{model}/run", body))
    played = {arm["name"]: arm["episodes"] for arm in run["arms"]}
    return {
        "physics": physics(ENV),
        "network": api("GET", f"{model}/network?env={ENV}"),
        "starts": api("GET", f"{model}/starts?env={ENV}&episodes={seeds}&seed={first}")["states"],
        "arms": [
            {
                "feature": arm["edits"][0]["feature_idx"],
                "values": arm["edits"][0]["schedule"]["values"],
                "gate": arm["edits"][0]["gate"],
                "episodes": [
                    {name: each[name] for name in ("length", "fell", "return")}
                    for each in played[arm["name"]]
                ],
            }
            for arm in arms
        ],
    }


def _arm(api: _Api, model: str, feature: int, number: int, given: Dose) -> dict[str, Any]:
    """A dose that grows and shrinks slowly, as a hand would move it."""
    _, dose, gate = given
    edit = {"feature_idx": feature, "op": "add", "value": dose, "unit": "action_displacement"}
    alpha = api("POST", f"{model}/dose", {"edits": [edit]})["edits"][0]["value"]
    values = [round(alpha * math.sin(0.01 * (number + 1) * step), 2) for step in range(1000)]
    schedule = {"shape": "table", "values": values}
    edits = [{"feature_idx": feature, "op": "add", "value": 1.0, "schedule": schedule, "gate": gate}]
    return {"name": f"arm {number}", "edits": edits}


def _finished(api: _Api, accepted: dict[str, Any]) -> Any:
    while (state := api("GET", f"/job/{accepted['job_id']}")["state"]) in ("queued", "running"):
        time.sleep(0.1)
    if state != "done":
        raise SystemExit(f"The run is {state}.")
    return api("GET", f"/run/{accepted['run_id']}")


if __name__ == "__main__":
    main()
