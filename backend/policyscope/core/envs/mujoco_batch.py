"""Rows of one gymnasium MuJoCo environment, stepped together by MuJoCo's own thread pool.

Equal to gymnasium bit for bit, at any number of threads: ``mujoco.batch`` repeats ``mj_step`` exactly, resets
are drawn by a real gymnasium environment, and observation and reward follow its expressions (``bodies``).
"""

from __future__ import annotations

import contextlib
import copy
import ctypes
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import mujoco
import mujoco.batch
import numpy as np
from numpy.typing import NDArray

from policyscope.core.envs.batch import F64, Bools, Rows, Start
from policyscope.core.envs.bodies import BODIES, Body, Fields, Pick, has_body
from policyscope.core.envs.registry import get_env, make_env
from policyscope.core.errors import InvalidInput
from policyscope.core.processors import processors


@cache
def body_of(env_id: str) -> Body:
    """One body per environment, for questions that need its model; never stepped."""
    return _new_body(env_id)


def _new_body(env_id: str) -> Body:
    return BODIES[env_id.partition("-")[0]](make_env(env_id).unwrapped)


def simulator_state_dims(env_id: str) -> tuple[int, int]:
    """Lengths of a state vector: what moves (joint positions, joint velocities, the solver's warm start), and
    that followed by what else the environment shows of the last step: its derived fields and contact forces.
    """
    body = body_of(env_id)
    model, data = body.env.model, body.env.data
    moving = int(model.nq + 2 * model.nv)
    shown = sum(getattr(data, name).size for name in body.derived)
    return moving, moving + shown + (data.cfrc_ext.size if body.uses_contact else 0)


def drawn_states(env_id: str, seeds: Sequence[int]) -> F64:
    """State vectors ``[seeds, state_dim]`` with which the environment's own reset begins."""
    env = _new_body(env_id).env
    found = []
    for seed in seeds:
        env.reset(seed=seed)
        found.append(np.concatenate((env.data.qpos, env.data.qvel, np.zeros(env.model.nv))))
    env.close()
    return np.array(found)


def states_from_observations(env_id: str, observations: F64) -> F64:
    """State vectors ``[n, state_dim]`` for observations ``[n, obs]`` of a MuJoCo environment.

    What is not observed (the distance travelled, the solver's warm start) is zero; velocities that the
    observation clips stay clipped. Raises InvalidInput where observations do not determine the state.
    """
    if not has_body(get_env(env_id).id):
        raise InvalidInput(f"Stored observations of {env_id} cannot be turned into start states.")
    qpos, qvel = body_of(get_env(env_id).id).invert(np.asarray(observations, dtype=np.float64))
    return np.concatenate((qpos, qvel, np.zeros_like(qvel)), axis=1)


def check_reset_noise_scale(env_id: str) -> None:
    """Raise InvalidInput unless the environment's reset draws noise of one scale."""
    if not hasattr(body_of(env_id).env, "_reset_noise_scale"):
        raise InvalidInput(f"The reset noise of {env_id} cannot be changed; leave noise_scale at 1.")


@contextlib.contextmanager
def _wider_noise(env: Any, factor: float, env_id: str) -> Iterator[None]:
    """The environment's reset noise times ``factor`` while the block runs."""
    if factor == 1.0:
        yield
        return
    check_reset_noise_scale(env_id)
    usual = env._reset_noise_scale
    env._reset_noise_scale = usual * factor
    try:
        yield
    finally:
        env._reset_noise_scale = usual


@cache
def _stop_profiling() -> None:
    """Clear the timer callback that the Python bindings install; it costs 5 to 10 % and changes no result.

    ``set_mjcb_time(None)`` keeps it, so the pointer itself is cleared. Where the library cannot be found by
    name everything works the same, only slower.
    """
    with contextlib.suppress(OSError, ValueError):
        library = ctypes.CDLL(f"libmujoco.so.{mujoco.mj_versionString()}")
        ctypes.c_void_p.in_dll(library, "mjcb_time").value = None


class MujocoBatch:
    """The fast path. A state vector is (qpos, qvel, qacc_warmstart, derived fields, contact forces): enough
    to continue bit for bit. The last two are what the environment still shows of the step before; where it
    shows none there are none, and a start may leave them out: then they are as after a reset.
    """

    def __init__(self, env_id: str, rows: int, threads: int = 0) -> None:
        """``threads``: 0 means as many as this process may use; the results do not depend on it."""
        self.info = get_env(env_id)
        self.rows = rows
        self._body = _new_body(self.info.id)
        env = self._body.env
        model = copy.copy(env.model)
        if model.ntree == 1:
            # a single body has a single constraint island: not looking for it is faster and changes no bit
            model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_ISLAND
        _stop_profiling()
        # contact forces need each row's own MjData, which only a persistent batch keeps
        self._batch = mujoco.batch.Batch(
            model, rows, threads or processors(), persistent=self._body.uses_contact
        )
        self._frame_skip = int(env.frame_skip)
        self._ctrl, self._warmstart = self._batch.bind("ctrl"), self._batch.bind("qacc_warmstart")
        self._model, self._scratch = model, mujoco.MjData(model)
        self._derived = {name: self._batch.bind(name) for name in self._body.derived}  # cannot be written
        self._fields = Fields(
            self._batch.bind("qpos"),
            self._batch.bind("qvel"),
            {name: array.copy() for name, array in self._derived.items()},
            np.zeros((rows, model.nbody, 6)),
        )
        self.state_dims = simulator_state_dims(self.info.id)
        self.state_dim = self.state_dims[-1]

    def reset(self, starts: Mapping[int, Start]) -> None:
        if not starts:
            return
        ids = np.array(sorted(starts), dtype=np.int32)
        states = [self._draw(starts[row]) for row in ids.tolist()]
        nq, nv = self._model.nq, self._model.nv
        self._batch.reset(ids, stage=mujoco.mjtStage.mjSTAGE_NONE.value)
        self._fields.qpos[ids] = [state[:nq] for state in states]
        self._fields.qvel[ids] = [state[nq : nq + nv] for state in states]
        self._batch.forward(ids)
        self._see(ids.astype(np.int64))
        self._fields.contact[ids] = 0.0
        for row, state in zip(ids.tolist(), states, strict=True):
            if starts[row].state is not None:
                self._warmstart[row] = state[nq + nv : self.state_dims[0]]
                self._show(row, state[self.state_dims[0] :])

    def _see(self, pick: Pick) -> None:
        for name, array in self._derived.items():
            self._fields.derived[name][pick] = array[pick]

    def _show(self, row: int, values: F64) -> None:
        """What a full state vector keeps of the step before it."""
        for array in self._shown() if values.size else ():
            size = array[row].size
            array[row] = values[:size].reshape(array[row].shape)
            values = values[size:]

    def _shown(self) -> list[F64]:
        contact = [self._fields.contact] if self._body.uses_contact else []
        return [*(self._fields.derived[name] for name in self._body.derived), *contact]

    def _draw(self, start: Start) -> F64:
        """State vector at the start of an episode; the warm start of a drawn one is left to MuJoCo."""
        if start.state is not None:
            if start.state.ndim != 1 or len(start.state) not in self.state_dims:
                raise InvalidInput(
                    f"A start state of {self.info.id} has {self.state_dims[0]} numbers (positions, "
                    f"velocities, warm start); got {start.state.shape}."
                )
            return start.state
        env = self._body.env
        with _wider_noise(env, start.noise_scale, self.info.id):
            env.reset(seed=start.seed)
        return np.concatenate((env.data.qpos, env.data.qvel, np.zeros(self._model.nv)))

    def observe(self, rows: Rows) -> F64:
        return self._body.observe(self._fields, self._pick(rows))

    def states(self, rows: Rows) -> F64:
        pick = self._pick(rows)
        moving = (self._fields.qpos[pick], self._fields.qvel[pick], self._warmstart[pick])
        shown = (array[pick].reshape(len(rows), -1) for array in self._shown())
        return np.concatenate((*moving, *shown), axis=1)

    def step(self, rows: Rows, actions: NDArray[np.float32]) -> tuple[F64, Bools]:
        pick, body = self._pick(rows), self._body
        ids = None if isinstance(pick, slice) else rows.astype(np.int32)
        before = body.before(self._fields, pick)
        self._ctrl[pick] = actions
        self._batch.step(ids, nstep=self._frame_skip)
        self._see(pick)
        if body.uses_contact:
            self._feel_contacts(rows)
        return body.outcome(self._fields, pick, before, actions)

    def _feel_contacts(self, rows: Rows) -> None:
        """cfrc_ext of each row after its step, which mj_step itself does not compute."""
        data = self._scratch
        for row in rows.tolist():
            self._batch.get_data(row, data)
            mujoco.mj_rnePostConstraint(self._model, data)
            self._fields.contact[row] = data.cfrc_ext

    def _pick(self, rows: Rows) -> Pick:
        """Rows are ascending, so as many as there are means all of them, in order."""
        return slice(None) if len(rows) == self.rows else rows

    def close(self) -> None:
        self._body.env.close()
