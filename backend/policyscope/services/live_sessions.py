"""Live steering where the browser has no simulator: the server steps, the browser draws.

A session is one episode under three arms. It lives in the memory of this process only; what it showed can be
asked for as a run, with α(t) as a schedule of shape table, and comes out the same.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from policyscope.core.doses import Scales
from policyscope.core.envs import EnvInfo, get_env, state_dim
from policyscope.core.errors import Busy, Conflict, NotFound
from policyscope.core.interventions import FeatureEdit
from policyscope.core.live_rollout import LiveArm, LiveRollout
from policyscope.services import live, starts
from policyscope.services.effects import edits as edit_service
from policyscope.services.workspace import Workspace
from policyscope.store.records import Json, new_id

MOST = 16
"""Sessions at once; each holds three environments."""
IDLE_S = 600.0
GIVES_WAY_S = 30.0
"""When all places are taken, a session that nobody has stepped for so long makes room."""


@dataclass
class _Session:
    rollout: LiveRollout
    info: EnvInfo
    scales: Callable[[], Scales | None]
    used: float
    lock: threading.Lock = field(default_factory=threading.Lock)


class LiveSessions:
    """The open sessions of this process. Every session is stepped by one request at a time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[str, _Session] = {}

    def open(self, ws: Workspace, model_id: str, env_id: str, kind: str, seed: int) -> Json:
        """Begin an episode with the model's present weights. ``kind`` and ``seed`` as in a run's start.

        Raises NotFound, ShapeMismatch, InvalidInput when no SAE is loaded or there is no such start, Busy
        when all places are taken.
        """
        info = get_env(env_id)
        found = live.steerable(ws, model_id, info)
        with ws.records.read() as session:
            frozen = starts.freeze(ws, session, {"kind": kind}, info, [seed], found.sae_row)
        states = starts.states(frozen)
        self._make_room()
        rollout = LiveRollout(
            found.policy,
            info.id,
            seed,
            found.sae,
            found.sae_row.tap_index,
            None if states is None else states[0],
        )
        session_id = new_id("l")

        def scales() -> Scales | None:
            return edit_service.scales_for(ws, found.row, found.sae_row)

        self._add(session_id, _Session(rollout, info, scales, self._clock()))
        return {
            "id": session_id,
            "env": info.id,
            "kind": kind,
            "seed": seed,
            "weights": "edited" if found.row.edits else "original",
            "max_episode_steps": info.max_episode_steps,
            "dt": info.dt,
            "restarts": state_dim(info.id) > 0,
            "cycle": live.cycle(ws, found.row, found.sae_row, info) is not None,
            "pose": rollout.pose.tolist(),
        }

    def play(self, session_id: str, steps: int, pushes: Sequence[Json]) -> Json:
        """Up to ``steps`` more steps with these pushes: feature_idx, alpha and, if it has one, gate.

        Raises NotFound, Conflict while another request steps it, InvalidInput for a push that cannot be made
        (nothing is stepped then), or an action that is not a number (the session is closed then).
        """
        with self._held(session_id) as session:
            session.rollout.steer(_edits(pushes, session))
            try:
                arms = session.rollout.play(steps)
            except Exception:
                self._drop(session_id)
                session.rollout.close()
                raise
            return {"over": session.rollout.over, "arms": [_shown(arm) for arm in arms]}

    def close(self, session_id: str) -> None:
        """Raises NotFound."""
        session = self._drop(session_id)
        if session is None:
            raise _gone(session_id)
        with session.lock:
            session.rollout.close()

    @contextmanager
    def _held(self, session_id: str) -> Iterator[_Session]:
        self._sweep()
        with self._lock:
            session = self._open.get(session_id)
            if session is None:
                raise _gone(session_id)
            if not session.lock.acquire(blocking=False):
                raise Conflict(f"Live session {session_id} is being stepped. Wait for that answer first.")
        try:
            yield session
        finally:
            session.used = self._clock()
            session.lock.release()

    def _add(self, session_id: str, session: _Session) -> None:
        with self._lock:
            full = len(self._open) >= MOST
            if not full:
                self._open[session_id] = session
        if full:
            session.rollout.close()
            raise _busy()

    def _make_room(self) -> None:
        """Raises Busy when every place is taken by a session in use."""
        self._sweep()
        with self._lock:
            if len(self._open) < MOST:
                return
            longest = min(self._open, key=lambda name: self._open[name].used)
            if self._clock() - self._open[longest].used < GIVES_WAY_S:
                raise _busy()
        self._end(longest)

    def _sweep(self) -> None:
        with self._lock:
            now = self._clock()
            idle = [name for name, session in self._open.items() if now - session.used > IDLE_S]
        for name in idle:
            self._end(name)

    def _end(self, session_id: str) -> None:
        session = self._drop(session_id)
        if session is not None:
            with session.lock:
                session.rollout.close()

    def _drop(self, session_id: str) -> _Session | None:
        with self._lock:
            return self._open.pop(session_id, None)


def _edits(pushes: Sequence[Json], session: _Session) -> list[FeatureEdit]:
    """As a run has them that plays the trace again: value 1, and α as the factor of a schedule."""
    asked = [
        {
            "feature_idx": push["feature_idx"],
            "op": "add",
            "value": 1.0,
            "gate": push.get("gate"),
            "schedule": {"shape": "table", "values": [push["alpha"]]},
        }
        for push in pushes
    ]
    needs_scales = any((edit["gate"] or {}).get("kind") == "phase" for edit in asked)
    frozen = edit_service.freeze(asked, session.scales() if needs_scales else None, session.info)
    return [FeatureEdit.from_json(edit) for edit in frozen]


def _shown(arm: LiveArm) -> Json:
    found: Json = {name: getattr(arm, name) for name in ("name", "steps", "total", "over", "fell")}
    arrays: dict[str, Any] = {
        name: getattr(arm, name) for name in ("pose", "actions", "rewards", "activations")
    }
    return found | {name: np.asarray(values).tolist() for name, values in arrays.items()}


def _gone(session_id: str) -> NotFound:
    return NotFound(
        f"There is no live session {session_id}. One that nobody steps for {IDLE_S / 60:g} minutes is "
        "closed; begin a new one."
    )


def _busy() -> Busy:
    return Busy(f"{MOST} live sessions are open, all in use. Close one, or try again in half a minute.")
