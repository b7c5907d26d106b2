"""How a body moves through space and what it spends: speed, posture, effort, falls."""

from __future__ import annotations

import numpy as np

from policyscope.core.measures import signals
from policyscope.core.measures.episode import Episode, UndefinedError
from policyscope.core.measures.measure import Measure
from policyscope.core.measures.signals import F64

LEAST_DISTANCE = 0.5  # m, below which the cost of transport says nothing
UPSIDE_DOWN = np.pi / 2
NO_DISTANCE = "The body moved less than 0.5 m, so a cost per distance means nothing."


def speed(episode: Episode) -> float:
    dx, _, seconds = episode.displacement()
    return dx / seconds


def steady_speed(episode: Episode) -> float:
    dx, _, seconds = episode.displacement(episode.steady)
    return dx / seconds


def speed_variation(episode: Episode) -> float:
    return float(episode.velocity[episode.steady].std())


def pitch_mean(episode: Episode) -> float:
    """Circular, because the pitch is an angle."""
    return float(np.angle(np.exp(1j * episode.pitch[episode.steady]).mean()))


def pitch_deviation(episode: Episode) -> float:
    turned = np.exp(1j * (episode.pitch[episode.steady] - pitch_mean(episode)))
    return float(np.angle(turned).std())


def pitch_rate(episode: Episode) -> float:
    steps = np.angle(np.exp(1j * np.diff(episode.pitch[episode.steady])))
    return _rms(steps / episode.dt)


def height_mean(episode: Episode) -> float:
    return float(episode.channel("torso height")[episode.steady].mean())


def bounce(episode: Episode) -> float:
    return signals.spread(episode.channel("torso height")[episode.steady])


def effort(episode: Episode) -> float:
    return float(np.square(episode.actions).sum(axis=1).mean())


def smoothness(episode: Episode) -> float:
    if episode.steps < 2:
        raise UndefinedError("The episode lasted a single step.")
    return _rms(np.diff(episode.actions, axis=0)) / episode.dt


def cost_of_transport(episode: Episode) -> float:
    return float(np.abs(_power(episode)).sum()) * _per_weight_and_distance(episode)


def positive_cost_of_transport(episode: Episode) -> float:
    return float(np.maximum(_power(episode), 0.0).sum()) * _per_weight_and_distance(episode)


def _power(episode: Episode) -> F64:
    """Mechanical power of every motor [T, nu], W."""
    from policyscope.core.measures.simulation import body_of

    body = body_of(episode.info.id)
    torque = body.gear * np.clip(episode.actions, body.low, body.high)
    power: F64 = torque * episode.exact_velocities[:, body.rate_index]
    return power


def _per_weight_and_distance(episode: Episode) -> float:
    """dt / (m g distance); the distance is |dx| in the plane, else the horizontal distance."""
    from policyscope.core.measures.simulation import body_of

    dx, dy, _ = episode.displacement()
    distance = float(np.hypot(dx, dy))
    if distance < LEAST_DISTANCE:
        raise UndefinedError(NO_DISTANCE)
    return episode.dt / (body_of(episode.info.id).weight * distance)


def fell(episode: Episode) -> float:
    return float(episode.fell)


def time_to_fall(episode: Episode) -> float:
    """Where a fall does not end the episode: the end of the first half second upside down."""
    if not episode.fell:
        raise UndefinedError("There was no fall in this episode.")
    if episode.info.fall_rule != "pitch":
        return episode.steps * episode.dt
    needed = round(0.5 / episode.dt)
    starts, _ = signals.active_runs(np.abs(episode.pitch) > UPSIDE_DOWN, shortest=needed)
    if not len(starts):
        raise UndefinedError("The fall came with the very last step.")
    return float(starts[0] + needed) * episode.dt


def upside_down(episode: Episode) -> float:
    return float((np.abs(episode.pitch) > UPSIDE_DOWN).mean())


def heading(episode: Episode) -> float:
    dx, dy = _travelled(episode)
    return float(np.arctan2(dy, dx))


def drift(episode: Episode) -> float:
    dx, dy = _travelled(episode)
    if abs(dx) < 1e-9:
        raise UndefinedError("The body did not move forward at all.")
    return abs(dy) / abs(dx)


def _travelled(episode: Episode) -> tuple[float, float]:
    dx, dy, _ = episode.displacement()
    if float(np.hypot(dx, dy)) < LEAST_DISTANCE:
        raise UndefinedError("The body moved less than 0.5 m, so its heading means nothing.")
    return dx, dy


def roll_deviation(episode: Episode) -> float:
    w, x, y, z = episode.quaternion[episode.steady].T
    return float(np.arctan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y)).std())


def tilt_mean(episode: Episode) -> float:
    _, x, y, _ = episode.quaternion[episode.steady].T
    return float(np.arccos(np.clip(1 - 2 * (x * x + y * y), -1.0, 1.0)).mean())


def control_cost(episode: Episode) -> float:
    from policyscope.core.measures.simulation import body_of

    return -body_of(episode.info.id).control_cost * float(np.square(episode.actions).sum())


def alive_reward(episode: Episode) -> float:
    """v5 does not pay for the step that ends the episode, v4 does."""
    from policyscope.core.measures.simulation import body_of

    body = body_of(episode.info.id)
    unpaid = episode.terminated and not body.alive_paid_at_end
    return body.alive_reward * (episode.steps - int(unpaid))


def other_reward(episode: Episode) -> float:
    return float(episode.rewards.sum()) - control_cost(episode) - alive_reward(episode)


def _rms(values: F64) -> float:
    return float(np.sqrt(np.square(values).mean()))


MOTION = (
    Measure("speed", "Speed", "m/s", "higher", "(x_T − x_0) / (T·dt), whole episode", speed),
    Measure(
        "steady_speed",
        "Speed in steady gait",
        "m/s",
        "higher",
        "dx / time, without the first second and the last 0.2 s before a fall",
        steady_speed,
    ),
    Measure(
        "speed_sd", "Speed variation", "m/s", "lower", "SD of forward velocity, steady gait", speed_variation
    ),
    Measure("pitch_mean", "Torso pitch", "rad", "neutral", "circular mean of pitch, steady gait", pitch_mean),
    Measure("pitch_sd", "Torso pitch variation", "rad", "lower", "SD of pitch, steady gait", pitch_deviation),
    Measure(
        "pitch_rate_rms",
        "Torso pitch rate",
        "rad/s",
        "lower",
        "RMS of Δpitch / dt, steady gait",
        pitch_rate,
    ),
)
HEIGHT = (
    Measure("height_mean", "Torso height", "m", "neutral", "mean of torso height, steady gait", height_mean),
    Measure("bounce", "Bounce", "m", "lower", "95th − 5th percentile of torso height, steady gait", bounce),
)
EFFORT = (
    Measure("effort", "Effort", "action²", "lower", "mean over steps of Σ a²", effort),
    Measure(
        "smoothness", "Jerkiness of the action", "action/s", "lower", "RMS(a_t − a_{t−1}) / dt", smoothness
    ),
)
WORK = (
    Measure(
        "cost_of_transport",
        "Mechanical cost of transport",
        "1",
        "lower",
        "Σ_t Σ_i |gear_i a_i q̇_i| dt / (m g d), d = distance travelled; undefined for d < 0.5 m",
        cost_of_transport,
    ),
    Measure(
        "positive_cost_of_transport",
        "Cost of transport, positive work only",
        "1",
        "lower",
        "Σ_t Σ_i max(gear_i a_i q̇_i, 0) dt / (m g d); undefined for d < 0.5 m",
        positive_cost_of_transport,
    ),
)
FALLS = (
    Measure("fell", "Fell", "0 or 1", "lower", "1 when the episode counts as a fall", fell),
    Measure(
        "time_to_fall",
        "Time to fall",
        "s",
        "higher",
        "T·dt of episodes that fell, else undefined",
        time_to_fall,
    ),
)
UPSIDE = (Measure("upside_down", "Time upside down", "fraction", "lower", "P(|pitch| > π/2)", upside_down),)
SPATIAL = (
    Measure("heading", "Heading", "rad", "neutral", "atan2(dy, dx)", heading),
    Measure("drift", "Drift", "1", "lower", "|dy| / |dx|", drift),
    Measure("roll_sd", "Torso roll variation", "rad", "lower", "SD of roll, steady gait", roll_deviation),
    Measure(
        "tilt_mean",
        "Torso tilt",
        "rad",
        "lower",
        "mean of acos(1 − 2(q_x² + q_y²)), steady gait",
        tilt_mean,
    ),
)
CONTROL_TERM = Measure(
    "reward_control",
    "Reward: control cost",
    "reward",
    "higher",
    "−w Σ_t Σ_i a_i², whole episode",
    control_cost,
)
ALIVE_TERM = Measure(
    "reward_alive", "Reward: staying up", "reward", "higher", "healthy reward × steps paid", alive_reward
)
FORWARD_TERM = Measure(
    "reward_forward", "Reward: moving forward", "reward", "higher", "return − the other terms", other_reward
)
OTHER_TERM = Measure(
    "reward_forward_contact",
    "Reward: moving forward, less contact cost",
    "reward",
    "higher",
    "return − control cost − reward for staying up",
    other_reward,
)
