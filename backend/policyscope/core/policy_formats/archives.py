"""Zip archives that hold a policy as one of several files, such as an ONNX model beside its weights
or a checkpoint of RLlib."""

from __future__ import annotations

import numpy as np

from policyscope.core.errors import UnsupportedFile
from policyscope.core.policy_formats import onnx_file, rllib
from policyscope.core.policy_spec import PolicySpec
from policyscope.core.zip_bytes import open_zip, read_member

MAX_BYTES = 512 << 20


def holds_rllib(names: list[str]) -> bool:
    return any(name.rpartition("/")[2] == rllib.STATE for name in names)


def read_rllib(data: bytes) -> tuple[PolicySpec, dict[str, np.ndarray]]:
    """The policy in a zipped checkpoint. Raises UnsupportedFile or LimitExceeded."""
    return rllib.read_files(_members(data))


def holds_onnx(names: list[str]) -> bool:
    return any(name.endswith(".onnx") for name in names)


def read_onnx(data: bytes) -> tuple[PolicySpec, dict[str, np.ndarray]]:
    """The ``.onnx`` member, with its weights in the members beside it. Raises UnsupportedFile."""
    files = _members(data)
    models = [name for name in files if name.endswith(".onnx")]
    if len(models) != 1:
        raise UnsupportedFile(
            f"The zip file holds {len(models)} ONNX models ({', '.join(models[:4])}); one is needed."
        )
    folder = models[0].rpartition("/")[0]
    start = f"{folder}/" if folder else ""
    beside = {name.removeprefix(start): content for name, content in files.items() if name.startswith(start)}
    return onnx_file.read(files[models[0]], beside)


def _members(data: bytes) -> dict[str, bytes]:
    with open_zip(data, MAX_BYTES) as archive:
        members = [info for info in archive.infolist() if not info.is_dir()]
        return {info.filename: read_member(archive, info) for info in members}
