"""Cached data larger than the memory a process may take: a program that measures itself, for small and large.

``python -m tests.large_data DIRECTORY ROWS COLUMNS`` makes a sparse ``.npy`` and an HDF5 file of which
nothing was written, does everything whose memory must not depend on their size, and prints what it took.
"""

from __future__ import annotations

import json
import mmap
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

from policyscope.config import single_threaded_arithmetic

single_threaded_arithmetic()

import h5py  # noqa: E402
import numpy as np  # noqa: E402

from policyscope.core.activations import ActivationData  # noqa: E402
from policyscope.core.cached_files import open_recording  # noqa: E402
from policyscope.core.features import analyse  # noqa: E402
from policyscope.core.latent_sums import activity_of  # noqa: E402
from policyscope.core.policy import Policy  # noqa: E402
from policyscope.core.policy_formats import open_policy  # noqa: E402
from policyscope.core.rows import blocks  # noqa: E402
from policyscope.core.sae import SAE  # noqa: E402
from policyscope.core.torch_tensors import save_tensors  # noqa: E402
from policyscope.services import cached_data  # noqa: E402

OBS, FEATURES = 4, 64


def main(directory: Path, rows: int, columns: int) -> None:
    sparse_npy(directory / "obs.npy", rows, OBS)
    sparse_npy(directory / "taps.npy", rows, columns)
    with h5py.File(directory / "taps.hdf5", "w") as file:
        file.create_dataset("activations", (rows, columns), "f4", chunks=(256, columns), fillvalue=0.5)
    steps: dict[str, dict[str, float]] = {}
    found: dict[str, np.ndarray] = {}

    def copied(name: str, wanted: str) -> Callable[[], None]:
        def copy() -> None:
            read = cached_data.read_file(directory / name, name, wanted, directory / "copy")
            found.update(read.columns)

        return copy

    (directory / "copy").mkdir()
    steps["read in quarantine"] = measured(copied("taps.npy", "activations"))
    copied("obs.npy", "observations")()
    data = ActivationData(found["observations"], found["activations"], checked=True)
    sae = SAE(*weights(columns), k=8)
    steps["count active features"] = measured(lambda: activity_of(sae, data.activations))
    analyse(policy(columns), sae, 0, data.take(np.arange(2000)))  # loads a compiler
    steps["interpret"] = measured(lambda: analyse(policy(columns), sae, 0, data))
    steps["read HDF5 by slices"] = measured(lambda: read_hdf5(directory / "taps.hdf5"))
    print(json.dumps(steps))


def sparse_npy(path: Path, rows: int, columns: int) -> None:
    """Zeros that take no room on disk, but for the first and the last thousand rows."""
    array = np.lib.format.open_memmap(path, "w+", np.float32, (rows, columns))
    rng = np.random.default_rng(0)
    for part in (slice(0, 1000), slice(rows - 1000, rows)):
        array[part] = rng.standard_normal((1000, columns))
    array.flush()


def weights(columns: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(1)
    encoder = rng.standard_normal((FEATURES, columns)) / columns**0.5
    return encoder, np.zeros(FEATURES), encoder.T, np.zeros(columns)


def policy(columns: int) -> Policy:
    rng = np.random.default_rng(2)
    shapes = {"net.0.weight": (columns, OBS), "net.0.bias": (columns,)}
    shapes |= {"net.2.weight": (1, columns), "net.2.bias": (1,)}
    tensors = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    spec, read = open_policy(save_tensors(tensors), "policy.pt")
    return Policy(spec.with_activation("relu", "user"), read)


def read_hdf5(path: Path) -> None:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        table = open_recording(memoryview(mapped), "activations", path.name).columns["activations"]
        for part in blocks(table):
            assert table[part][0, 0] == 0.5
        del table


def measured(run: Callable[[], object]) -> dict[str, float]:
    """Seconds, and how many MiB more than before the process held at most."""
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before, begun = memory("VmRSS"), time.perf_counter()
    run()
    return {
        "seconds": round(time.perf_counter() - begun, 2),
        "mib": round((memory("VmHWM") - before) / 1024, 1),
    }


def memory(field: str) -> int:
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1])


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
