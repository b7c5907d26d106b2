"""What a feature does to the action, exactly: by taking it away, and by nudging it.

Ablation effect ``AE_j(x) = g(x) − g(x − z_j w_j)`` with ``g`` the rest of the policy and the SAE's error left
in place; it equals the integrated gradient along that feature. Local gain ``G_j(x) = J_g(x) w_j``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from policyscope.core.activations import MOST_CELLS, Floats, spread_rows
from policyscope.core.blocks import F64, as_rows
from policyscope.core.centred import collected
from policyscope.core.latent_sums import parts_of
from policyscope.core.policy import Policy
from policyscope.core.rows import gathered
from policyscope.core.sae import SAE
from policyscope.core.wide_probes import is_wide

MAX_STATES = 8192
MIN_STATES = 512
FLOATING_POINT_BUDGET = 2e10  # about a second on one core
PAIRS = 4096  # of a state and a feature, ablated in one call
GAIN_STATES = 256
GAIN_STEP = 1e-4  # share of the RMS of the activations


@dataclass(frozen=True, eq=False)
class AblationEffects:
    """Over ``n_states`` states: ``rms`` [F, A] over all, ``mean_active`` [F, A] signed, over the active.

    In action units; 0 for features that never fire.
    """

    rms: F64
    mean_active: F64
    n_states: int


def ablation_effects(
    policy: Policy, sae: SAE, tap_index: int, h: Floats, max_states: int = MAX_STATES
) -> AblationEffects:
    """Effects of all features on all actions at activations ``h`` [N, d_in], thinned evenly if too many."""
    held = max(MIN_STATES, MOST_CELLS // sae.d_latent)
    states = _thinned(sae, h, min(max_states, affordable_states(policy, sae, tap_index), held))
    actions = policy.tail(states, tap_index)
    parts = parts_of(np.arange(len(states)), sae.d_latent)
    codes = csc_array(collected(sae.encode(states[part]) for part in parts))
    moved = codes.data * sae.output_scale(states)[codes.indices, 0]
    active = np.diff(codes.indptr)
    feature = np.repeat(np.arange(sae.d_latent), active)
    squares, sums = np.zeros((2, sae.d_latent, actions.shape[1]))
    for first, last in _together(codes.indptr):
        rows, features = codes.indices[first:last], feature[first:last]
        push = moved[first:last, None] * sae.w_dec.T[features]
        effect = actions[rows] - policy.tail(states[rows] - push, tap_index)
        found, starts = np.unique(features, return_index=True)
        squares[found] = np.add.reduceat(np.square(effect), starts, axis=0)
        sums[found] = np.add.reduceat(effect, starts, axis=0)
    mean_active = sums / np.maximum(active, 1)[:, None]
    return AblationEffects(np.sqrt(squares / len(states)), mean_active, len(states))


def _together(starts: NDArray[np.integer]) -> Iterator[tuple[int, int]]:
    """From where to where about PAIRS latents lie, never part of a feature's: a call for each of thousands of
    features costs more than what it computes. ``starts`` [F + 1]: where those of a feature begin."""
    first = 0
    for end in starts[1:]:
        if end - first >= PAIRS or end == starts[-1] > first:
            yield first, int(end)
            first = int(end)


def _thinned(sae: SAE, h: Floats, most: int) -> F64:
    """``most`` evenly spaced rows in float64; ``h`` may be a file mapped into memory."""
    return as_rows(gathered(h, spread_rows(len(h), most)), sae.d_in, "The activation")


def affordable_states(policy: Policy, sae: SAE, tap_index: int) -> int:
    """How many states keep the cost of an ablation of ``k`` features per state within the budget."""
    weights = sum(module.n_parameters() for module in policy.spec.modules[tap_index + 1 :])
    return max(MIN_STATES, int(FLOATING_POINT_BUDGET / (2.0 * sae.k * max(weights, 1))))


def local_gain(policy: Policy, sae: SAE, tap_index: int, h: Floats, max_states: int = GAIN_STATES) -> F64:
    """Mean over states of ``J_g(h) w_j`` [F, A]: action per unit of alpha, by central difference."""
    states = _thinned(sae, h, max_states)
    size = float(np.sqrt(np.square(states).mean())) or 1.0
    scale = sae.output_scale(states)
    if is_wide(sae.d_latent):  # a wide SAE has fewer inputs than features
        return _gain_by_inputs(policy, sae, tap_index, states, size * GAIN_STEP * scale)
    gains = np.zeros((sae.d_latent, policy.spec.act_dim))
    for j, norm in enumerate(sae.decoder_norms()):
        if norm > 0.0:
            step = scale * (GAIN_STEP * size / norm * sae.w_dec[:, j])
            above, below = policy.tail(states + step, tap_index), policy.tail(states - step, tap_index)
            gains[j] = (above - below).mean(axis=0) / (2.0 * GAIN_STEP * size / norm)
    return gains


def _gain_by_inputs(policy: Policy, sae: SAE, tap_index: int, states: F64, step: F64) -> F64:
    """The mean Jacobian, by central differences of ``step`` [n, 1] along every input, times ``w_j``."""
    slopes = np.zeros((policy.spec.act_dim, sae.d_in))
    for i in range(sae.d_in):
        push = np.zeros_like(states)
        push[:, i] = step[:, 0]
        above, below = policy.tail(states + push, tap_index), policy.tail(states - push, tap_index)
        slopes[:, i] = ((above - below) / (2.0 * step) * sae.output_scale(states)).mean(axis=0)
    return np.asarray((slopes @ sae.w_dec).T)
