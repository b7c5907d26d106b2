"""Data of any size in bounded memory: the same program, with a small and with the full number of rows."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[1] / "large_data.py"
MOST_MIB = 512
"""Above what the process held before: parts of a few MiB, 128 MiB of latents and what is made of them."""


def run(directory: Path, rows: int, columns: int, seconds: int) -> dict[str, dict[str, float]]:
    command = [sys.executable, "-m", "tests.large_data", str(directory), str(rows), str(columns)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, cwd=PROGRAM.parents[1])
    assert done.returncode == 0, done.stderr
    steps: dict[str, dict[str, float]] = json.loads(done.stdout)
    return steps


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_does_not_grow_with_the_rows(tmp_path):
    steps = run(tmp_path, 400_000, 512, seconds=200)
    for name, step in steps.items():
        assert step["mib"] < MOST_MIB, (name, step)  # the file has 781 MiB


@pytest.mark.reliability
@pytest.mark.skipif(shutil.disk_usage("/tmp").free < 26 << 30, reason="needs 26 GiB of disk")
def test_ten_million_rows_of_512_columns(tmp_path):
    steps = run(tmp_path, 10_000_000, 512, seconds=1500)
    print(json.dumps(steps, indent=1))
    for name, step in steps.items():
        assert step["mib"] < MOST_MIB, (name, step)  # the file has 19,531 MiB
