"""What a refused file is, what would have been accepted, and how to get there: three sentences for people.

Only the first bytes and, of a zip, the names of its members are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from policyscope.core.buffers import Buffer
from policyscope.core.errors import PolicyscopeError
from policyscope.core.onnx_protobuf import looks_like_onnx
from policyscope.core.zip_bytes import member_names

EXPECTED: Mapping[str, str] = {
    "policy": "A policy whose layers form one chain (Linear, BatchNorm1d, LayerNorm): a PyTorch state_dict "
    "(.pt or .safetensors), whole module or TorchScript file, an ONNX model (.onnx), a checkpoint of "
    "Stable-Baselines3 (.zip), CleanRL, skrl, rl_games or RLlib (its folder as .zip) with an MLP policy, or "
    "a .json architecture.",
    "sae": "An SAE as its library saves it: walker_sae.pt, sae_weights.safetensors with cfg.json (SAELens), "
    "sae.safetensors (sparsify, with cfg.json), ae.pt (dictionary_learning), or the file of OpenAI's "
    "sparse_autoencoder or of overcomplete.",
    "activations": "One table of floats [N, columns] as .pt, .npy, .npz, .safetensors or .hdf5, or a Minari "
    "dataset (its directory or main_data.hdf5) whose observations are vectors.",
}
_WEIGHTS: Mapping[str, str] = {
    "policy": "Save the weights of the actor alone: torch.save(actor.state_dict(), 'imitator.pt').",
    "sae": "Save it with its library's own save function and upload the weights, with the .json beside them.",
    "activations": "Save the rows as one plain array: numpy.save('cached_obs.npy', rows.astype('float32')).",
}
HEAD = 1024
_AGAIN = "The download or the copy stopped early: get the file again."
_UNPACK = "Unpack it first, then upload the .pt, .zip or .safetensors file that is inside."
_ANOTHER: Mapping[str, str] = {
    "policy": "Choose the file that your training program wrote, such as imitator.pt or agent.zip.",
    "sae": "Choose the file that the SAE's training wrote, such as walker_sae.pt or sae_weights.safetensors.",
}
_PLAIN = _WEIGHTS["activations"]
_SMALLER = "Save the weights alone, without optimiser state, replay buffer or compression."
_CONVERT: Mapping[str, str] = {
    "policy": "Load it where it was trained, copy the weights of each layer into a state_dict, save that.",
}
_JSON: Mapping[str, str] = {
    "policy": 'Choose the file of weights. An architecture reads {"layers": [{"size": 17}, {"size": 6}]}.',
    "sae": "Choose the file of weights together with it: the .json alone holds no numbers.",
}
_SB3 = (
    "Save an agent with an MLP policy: model.save('agent.zip'). Images, memory and dictionaries do not fit."
)
ONLY_MLP: Mapping[str, str] = {
    "remedy": "Train or distil an MLP policy on a vector of observations, and save the state_dict of that. "
    "Images, memory and attention do not fit."
}
"""Fields of an error about layers that no other way of saving would make fit."""


@dataclass(frozen=True)
class _Kind:
    """``remedy``: one for every reader, or by reader. ``opened``: a reader's own sentence says more."""

    found: str
    remedy: str | Mapping[str, str] = ""
    opened: bool = False


_SIGNATURES = (
    (b"\x89HDF", _Kind("an HDF5 file, as Keras and Minari write", _CONVERT)),
    (b"\x93NUMPY", _Kind("a single numpy array, without the names of layers", _CONVERT)),
    (b"\x1f\x8b", _Kind("a gzip archive", _UNPACK)),
    (b"7z\xbc\xaf", _Kind("a 7-Zip archive", _UNPACK)),
    (b"BZh", _Kind("a bzip2 archive", _UNPACK)),
    (b"\xfd7zXZ", _Kind("an xz archive", _UNPACK)),
    (b"%PDF", _Kind("a PDF document", _ANOTHER)),
    (b"\x89PNG", _Kind("an image", _ANOTHER)),
    (b"\xff\xd8\xff", _Kind("an image", _ANOTHER)),
    (b"GIF8", _Kind("an image", _ANOTHER)),
    (b"\x7fELF", _Kind("a program", _ANOTHER)),
    (b"version https://git-lfs", _Kind("a Git LFS pointer, not the file itself", "Run git lfs pull first.")),
)


def explain(reader: str, data: Buffer, message: str, *, too_large: bool = False) -> dict[str, str]:
    """``{"found", "expected", "remedy"}`` of a file that this reader (one of EXPECTED) refused."""
    kind = _kind(data)
    own = kind.remedy if isinstance(kind.remedy, str) else kind.remedy.get(reader)
    remedy = _SMALLER if too_large else own or _WEIGHTS[reader]
    if reader == "activations" and remedy in (_SMALLER, _SB3):
        remedy = _PLAIN
    detail = message if kind.opened or too_large or reader == "activations" else ""
    size = f"{len(data):,} bytes: " if data else ""
    return {
        "found": f"{size}{kind.found}. {detail}".strip(),
        "expected": EXPECTED[reader],
        "remedy": remedy,
    }


def _kind(whole: Buffer) -> _Kind:
    data = bytes(whole[:HEAD])
    if not data:
        return _Kind("nothing: the file is empty", _AGAIN)
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return kind
    looks: tuple[tuple[bool, Callable[[bytes], _Kind]], ...] = (
        (data.startswith(b"PK"), lambda _: _zip(whole)),
        (data[8:9] == b"{", lambda _: _Kind("a safetensors file", opened=True)),
        (data[257:262] == b"ustar", lambda _: _Kind("a tar archive", _UNPACK)),
        (data.lstrip()[:1] in (b"{", b"["), lambda _: _Kind("JSON text", _JSON, opened=True)),
        (data[:1] == b"\x80", lambda _: _Kind("a Python pickle", opened=True)),
        (looks_like_onnx(data), lambda _: _Kind("an ONNX model", opened=True)),
        (_is_text(data), lambda _: _Kind("text", _ANOTHER)),
    )
    return next(
        (look(data) for fits, look in looks if fits), _Kind("a format that is not known here", _ANOTHER)
    )


def _zip(data: Buffer) -> _Kind:
    try:
        names = member_names(data)
    except PolicyscopeError:
        return _Kind("the beginning of a zip archive whose directory is missing or damaged", _AGAIN)
    last = {name.rsplit("/", 1)[-1] for name in names}
    if "policy.pth" in last:
        return _Kind("a Stable-Baselines3 archive", _SB3, opened=True)
    if "constants.pkl" in last:
        return _Kind("a TorchScript archive", opened=True)
    if "data.pkl" in last:
        return _Kind("a file of torch.save", opened=True)
    if any(name.endswith(".npy") for name in last):
        return _Kind("an .npz archive of numpy arrays", _CONVERT)
    shown = ", ".join(ascii(name)[1:-1][:40] for name in names[:4])
    known = any(name.endswith((".pkl", ".onnx")) for name in last)
    return _Kind(f"a zip archive of {len(names):,} files ({shown or 'none'})", _UNPACK, opened=known)


def _is_text(data: bytes) -> bool:
    head = data[:256]
    return all(byte >= 32 or byte in b"\t\r\n" for byte in head) and b"\x7f" not in head
