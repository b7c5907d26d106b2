"""Rhythm, runs and lags of plain signals. Arrays are one episode long; ``dt`` is in seconds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.intp]
Bools = NDArray[np.bool_]

WINDOW_SECONDS = 4.0
BAND_HZ = (0.5, 8.0)
LEAST_PEAK = 0.05  # of the greatest power outside the band
LEAST_REGULARITY = 0.3  # autocorrelation one period later, below which a spectral peak is no rhythm


def detrend(signal: F64) -> F64:
    """``signal`` [T] less its least-squares line."""
    time = np.arange(len(signal)) - (len(signal) - 1) / 2
    slope = (time @ signal) / max(float(time @ time), 1.0)
    return signal - signal.mean() - slope * time


def power_spectrum(signal: F64, dt: float, window: float = WINDOW_SECONDS) -> tuple[F64, F64]:
    """Frequencies [Hz] and Welch's power spectrum: Hann windows of ``window`` seconds, half overlapping.

    A shorter signal is one window. P. D. Welch, IEEE Trans. Audio Electroacoust. 15 (1967).
    """
    length = min(len(signal), max(2, round(window / dt)))
    starts = range(0, len(signal) - length + 1, max(1, length // 2))
    taper = np.hanning(length + 2)[1:-1]
    parts = np.stack([detrend(signal[start : start + length]) * taper for start in starts])
    power: F64 = np.square(np.abs(np.fft.rfft(parts, axis=1))).mean(axis=0)
    return np.asarray(np.fft.rfftfreq(length, dt)), power


def peak_frequency(signal: F64, dt: float, band: tuple[float, float] = BAND_HZ) -> float | None:
    """Frequency [Hz] of the strongest peak within ``band``, refined by a parabola through the log power.

    None without a rhythm: no variation, fewer than two periods, or an autocorrelation one period later of
    less than 0.3.
    """
    spread = float(np.ptp(signal)) if len(signal) >= 8 else 0.0
    if spread <= 1e-9 * float(np.abs(signal).max(initial=0.0)):
        return None
    frequencies, power = power_spectrum(signal, dt)
    inside = np.flatnonzero((frequencies >= band[0]) & (frequencies <= band[1]))
    if not len(inside):
        return None
    top = int(inside[power[inside].argmax()])
    if power[top] < LEAST_PEAK * power.max():
        return None
    peak = float(frequencies[top] + _parabola_offset(np.log(power + 1e-300), top) * frequencies[1])
    periods = len(signal) * dt * peak
    regular = periods >= 2 and autocorrelation(signal, round(1 / (peak * dt))) >= LEAST_REGULARITY
    return peak if regular else None


def autocorrelation(signal: F64, lag: int) -> float:
    """Correlation of the signal with itself ``lag`` steps later; 0 where undefined."""
    return correlation(signal[: len(signal) - lag], signal[lag:])


def correlation(first: F64, second: F64) -> float:
    """Pearson correlation; 0 where either does not vary."""
    if len(first) < 3:
        return 0.0
    a, b = first - first.mean(), second - second.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else 0.0


def phase_lag(first: F64, second: F64, period: float) -> tuple[float, float]:
    """How far ``second`` trails ``first`` and how alike they are; the lag is in [0, 1) of ``period`` (steps).

    It is the argmax of their cross-correlation over one period, refined by a parabola; the second number
    is the correlation there, 1 for equal waveforms.
    """
    lags = np.arange(-1, int(np.ceil(period)) + 1)
    a, b = detrend(first), detrend(second)
    values = np.array([_shifted(a, b, int(lag)) for lag in lags])
    best = 1 + int(values[1:-1].argmax())
    lag = float(lags[best]) + _parabola_offset(values, best)
    return (lag / period) % 1.0, float(values[best])


def _shifted(a: F64, b: F64, lag: int) -> float:
    if lag < 0:
        return correlation(a[-lag:], b[:lag])
    return correlation(a[: len(a) - lag], b[lag:])


def _parabola_offset(values: F64, top: int) -> float:
    """Distance of the true peak from index ``top``, in [-0.5, 0.5]."""
    if not 0 < top < len(values) - 1:
        return 0.0
    left, middle, right = values[top - 1 : top + 2]
    curvature = left - 2 * middle + right
    return float(np.clip(0.5 * (left - right) / curvature, -0.5, 0.5)) if curvature < 0 else 0.0


def active_runs(on: Bools, gap: int = 0, shortest: int = 1) -> tuple[I64, I64]:
    """Starts and stops (exclusive) of the runs of True in ``on`` [T].

    Runs with at most ``gap`` steps between them are joined first; then those shorter than ``shortest`` go.
    """
    edges = np.diff(np.concatenate(([False], on, [False])).astype(np.int8))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    if len(starts):
        apart = starts[1:] - stops[:-1] > gap
        starts, stops = starts[np.concatenate(([True], apart))], stops[np.concatenate((apart, [True]))]
    long = stops - starts >= shortest
    return starts[long], stops[long]


def debounce(on: Bools, shortest: int) -> Bools:
    """``on`` with gaps, then runs, shorter than ``shortest`` steps removed."""
    steady = np.zeros(len(on), dtype=np.bool_)
    for start, stop in zip(*active_runs(on, shortest - 1, shortest), strict=True):
        steady[start:stop] = True
    return steady


def symmetry_index(right: float, left: float, least: float) -> float | None:
    """Robinson's index 200 |R − L| / (R + L) in percent; None where (R + L) / 2 is below ``least``.

    R. O. Robinson et al., J. Manipulative Physiol. Ther. 10 (1987). It explodes near a zero denominator.
    """
    middle = 0.5 * (right + left)
    return 100.0 * abs(right - left) / middle if middle > least else None


def spread(values: F64) -> float:
    """95th minus 5th percentile."""
    low, high = np.quantile(values, (0.05, 0.95))
    return float(high - low)


def cycle_phase(signal: F64, dt: float, frequency: float) -> F64:
    """Phase [T] in [0, 2π) of the rhythm at ``frequency`` [Hz], 0 at the crest.

    The angle of the analytic signal (Hilbert transform) of the signal, band-passed to 0.5 to 1.5 times the
    frequency; two periods are repeated at each end so that the ends are not pulled towards each other.
    """
    flat = detrend(signal)
    two_periods = min(len(flat), round(2 / (frequency * dt)))
    padded = np.concatenate((flat[:two_periods], flat, flat[-two_periods:]))
    spectrum = np.fft.fft(padded)
    frequencies = np.fft.fftfreq(len(padded), dt)
    passed = (frequencies >= 0.5 * frequency) & (frequencies <= 1.5 * frequency)
    analytic = np.fft.ifft(np.where(passed, 2 * spectrum, 0.0))[two_periods : two_periods + len(flat)]
    return np.angle(analytic) % (2 * np.pi)


def circular_mean(angles: F64) -> tuple[float, float]:
    """Mean angle in [0, 2π) and concentration R in [0, 1] of ``angles`` [n]."""
    vector = np.exp(1j * angles).mean() if len(angles) else 0j
    return float(np.angle(vector) % (2 * np.pi)), float(abs(vector))
