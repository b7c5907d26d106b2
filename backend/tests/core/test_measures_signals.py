"""Rhythm, lag and runs of signals whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from policyscope.core.measures import signals

DT = 0.008


def wave(frequency: float, seconds: float = 8.0, phase: float = 0.0, dt: float = DT) -> np.ndarray:
    time = np.arange(round(seconds / dt)) * dt
    return np.sin(2 * np.pi * frequency * time + phase)


@pytest.mark.parametrize("frequency", [0.9, 1.37, 2.5, 4.03])
def test_the_frequency_of_a_noisy_wave_is_found(frequency: float) -> None:
    noise = 0.3 * np.random.default_rng(0).standard_normal(1000)
    drifting = wave(frequency) + noise + np.linspace(0, 5, 1000)
    assert signals.peak_frequency(drifting, DT) == pytest.approx(frequency, abs=0.03)


def test_noise_and_stillness_have_no_frequency() -> None:
    rng = np.random.default_rng(1)
    assert all(signals.peak_frequency(rng.standard_normal(1000), DT) is None for _ in range(20))
    assert signals.peak_frequency(np.full(1000, 3.0), DT) is None
    assert signals.peak_frequency(wave(0.7, seconds=2.0), DT) is None
    assert signals.peak_frequency(wave(30.0), DT) is None


@pytest.mark.parametrize("lag", [0.0, 0.25, 0.5, 0.8])
def test_the_lag_between_two_waves_is_found(lag: float) -> None:
    first, second = wave(1.3), 2.0 * wave(1.3, phase=-2 * np.pi * lag)
    found, likeness = signals.phase_lag(first, second, 1 / (1.3 * DT))
    assert min(abs(found - lag), 1 - abs(found - lag)) < 0.01
    assert likeness > 0.98


def test_runs_are_joined_before_short_ones_are_dropped() -> None:
    on = np.array([1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1], bool)
    starts, stops = signals.active_runs(on, gap=1, shortest=2)
    assert list(zip(starts, stops, strict=True)) == [(0, 4), (12, 14)]
    assert [len(part) for part in signals.active_runs(np.zeros(5, bool))] == [0, 0]


def test_debounce_removes_what_is_shorter() -> None:
    on = np.array([0, 1, 1, 0, 1, 0, 0, 1, 0, 0], bool)
    assert signals.debounce(on, 2).astype(int).tolist() == [0, 1, 1, 1, 1, 0, 0, 0, 0, 0]
    assert signals.debounce(on, 1).tolist() == on.tolist()


def test_symmetry_index() -> None:
    assert signals.symmetry_index(3.0, 1.0, 0.1) == pytest.approx(100.0)
    assert signals.symmetry_index(1.0, 1.0, 0.1) == 0.0
    assert signals.symmetry_index(0.01, 0.0, 0.1) is None


def test_cycle_phase_advances_evenly_from_the_crest() -> None:
    phase = signals.cycle_phase(wave(1.5, phase=np.pi / 2), DT, 1.5)
    expected = (2 * np.pi * 1.5 * np.arange(1000) * DT) % (2 * np.pi)
    error = np.angle(np.exp(1j * (phase - expected)))
    assert np.abs(error).max() < 0.15
    assert np.abs(error[100:-100]).max() < 0.05


def test_circular_mean_wraps() -> None:
    mean, concentration = signals.circular_mean(np.array([0.1, 2 * np.pi - 0.1]))
    assert min(mean, 2 * np.pi - mean) < 1e-9
    assert concentration == pytest.approx(np.cos(0.1))
    assert signals.circular_mean(np.linspace(0, 2 * np.pi, 100, endpoint=False))[1] < 1e-9
