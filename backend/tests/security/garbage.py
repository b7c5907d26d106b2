"""What the readers are tried with: real files with damage, and files of the right form with wrong content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import hostile_checkpoints as checkpoints
import numpy as np
import onnx_writer as onnx
from damage import Files, real
from hostile import safetensors, torch_zip
from hostile_arrays import described, npy, npz, saved
from hypothesis import strategies as st
from safetensors.numpy import save as dump_safetensors

from benchmarks import parity_policies
from policyscope.core.inert_values import _MAKERS
from policyscope.core.policy_formats.layouts import LAYOUTS
from policyscope.core.policy_formats.onnx_chain import LAYERS, PASSES
from policyscope.core.policy_formats.onnx_values import _OPERATIONS
from policyscope.core.sae_formats import dictionary_learning, saelens
from policyscope.core.torch_tensors import save_tensor

SAES = Path(__file__).resolve().parents[1] / "fixtures" / "sae"
MINARI = SAES.parent / "minari"
WORDS = st.sampled_from(["", "x", "relu", "tanh", "topk", "1e400", "net.0.weight", "é", "\x00", "a" * 300])
ODD = [0, 1, -1, 2, 3, 7, 255, 2**31, 2**63, -(2**63), 10**30]
NUMBERS = st.one_of(st.sampled_from(ODD), st.floats(allow_nan=True), st.booleans(), st.none())
VALUES = st.recursive(
    NUMBERS | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=6,
)
KINDS = ["<f4", "<f8", "<f2", "<i8", "|b1", ">f4"]
FILLS = [0.0, 1.0, -1.0, 0.5, float("nan"), float("inf"), 1e38, -1e300]


@st.composite
def arrays(draw: st.DrawFn, kinds: list[str] = KINDS, most: int = 3) -> np.ndarray:
    """Up to three dimensions of up to four, mostly plain floats."""
    shape = draw(st.lists(st.integers(0, 4) if draw(st.booleans()) else st.just(2), max_size=most))
    kind = draw(st.sampled_from(kinds)) if draw(st.integers(0, 3)) == 0 else "<f4"
    fill = draw(st.sampled_from(FILLS)) if draw(st.integers(0, 3)) == 0 else 0.5
    with np.errstate(all="ignore"):
        return np.full(shape, fill).astype(kind)


GLOBALS = [*_MAKERS, "os.system", "torch.FloatStorage", "torch.nn.modules.container.Sequential", "a.B"]
PIECES = [
    *(f"c{name.rpartition('.')[0]}\n{name.rpartition('.')[2]}\n".encode() for name in GLOBALS),
    *(b"N", b"\x88", b"K\x01", b"K\x03", b"J\xff\xff\xff\xff", b"\x8a\x08" + b"\x7f" * 8),
    *(b"G\x7f\xf0" + bytes(6), b"U\x01a", b"U\x02f4", b"U\x07storage", b"X\x01\x00\x00\x00b"),
    *(b"C\x04\x00\x00\x80?", b"U\x0cnet.0.weight", b"h\x00", b"h\x01", b"q\x00", b"q\x01", b"\x82\x01"),
    *(bytes([code]) for code in b"()]}012tldaesubRoQ\x85\x86\x87\x81\x92\x93\x94\x90\x91\x8f\x97\x98"),
]
PICKLES = st.lists(st.sampled_from(PIECES), max_size=60).map(
    lambda pieces: b"\x80\x02" + b"".join(pieces) + b"."
)
LAYERS_OF_LAYOUTS = sorted(
    {key.replace("#", str(i)) for one in LAYOUTS for key in one.layers for i in (0, 2)}
)
NAMES = sorted(
    {f"{layer}.{name}" for layer in LAYERS_OF_LAYOUTS for name in ("weight", "bias")}
    | {name for one in LAYOUTS for name in one.needs}
    | {f"net.{i}.{name}" for i in range(4) for name in ("weight", "bias", "running_mean", "running_var")}
    | {"action_bias", "running_mean_std.running_mean", "running_mean_std.running_var", "lstm.weight", ""}
)


@st.composite
def states(draw: st.DrawFn) -> dict[str, Any]:
    """Tensors by the names of one layout, or any; some missing, some of another shape."""
    layout = draw(st.sampled_from(LAYOUTS))
    keys = [key.replace("#", str(i)) for key in layout.layers for i in ((0, 2) if "#" in key else (0,))]
    names = {f"{key}.{name}" for key in keys for name in ("weight", "bias")} | set(layout.needs)
    names |= set(draw(st.lists(st.sampled_from(NAMES), max_size=4)))
    missing = set(draw(st.lists(st.sampled_from(sorted(names)), max_size=1)))
    square = np.full((2, 2), 0.5, np.float32)
    usual = {name: square if name.endswith("weight") else square[0] for name in sorted(names - missing)}
    odd = draw(st.dictionaries(st.sampled_from(sorted(names)), arrays(), max_size=2))
    return {**usual, **odd}


@st.composite
def checkpoints_of(draw: st.DrawFn) -> bytes:
    state: dict[str, Any] = draw(states())
    for key in draw(st.lists(st.sampled_from(["model", "policy", "state_dict", "x"]), max_size=3)):
        state = {key: state, **draw(st.dictionaries(WORDS, arrays() | VALUES, max_size=1))}
    pickled = checkpoints.dumped(state)
    return torch_zip(pickled) if draw(st.booleans()) else pickled


@st.composite
def rllib_zips(draw: st.DrawFn) -> bytes:
    made = (
        {"class": None, "ctor_args_and_kwargs": [[], draw(VALUES)]} if draw(st.booleans()) else draw(VALUES)
    )
    files = {
        "module_state.pkl": checkpoints.dumped(draw(states())),
        "class_and_ctor_args.pkl": checkpoints.dumped(made),
    }
    return checkpoints._zip(files)


@st.composite
def sb3_zips(draw: st.DrawFn) -> bytes:
    keys = ["policy_kwargs", "action_space", "use_sde", "activation_fn", ":serialized:", "squash_output"]
    inner = st.dictionaries(st.sampled_from(keys), VALUES, max_size=3)
    document = draw(st.dictionaries(st.sampled_from(keys), inner | VALUES, max_size=4))
    return checkpoints._zip(
        {"policy.pth": torch_zip(checkpoints.dumped(draw(states()))), "data": json.dumps(document).encode()}
    )


@st.composite
def headers(draw: st.DrawFn) -> bytes:
    names = draw(st.lists(st.sampled_from(NAMES) | WORDS, max_size=4, unique=True))
    entries: dict[str, Any] = {}
    end = 0
    for name in names:
        size = draw(st.integers(0, 4))
        entries[name] = {
            "dtype": draw(st.sampled_from(["F32", "F16", "BF16", "I64", "BOOL"])),
            "shape": [size],
            "data_offsets": [end, end + 4 * size],
        }
        end += 4 * size
        if draw(st.integers(0, 2)) == 0:
            entries[name] |= draw(
                st.dictionaries(st.sampled_from(["dtype", "shape", "data_offsets"]), VALUES, max_size=2)
            )
    if draw(st.booleans()):
        entries["__metadata__"] = draw(
            VALUES | st.fixed_dictionaries({"policyscope_sae": VALUES.map(json.dumps)})
        )
    return safetensors(entries, bytes(end))


def policy_safetensors() -> st.SearchStrategy[bytes]:
    named = states().map(lambda state: {name: np.array(array, order="C") for name, array in state.items()})
    return named.map(dump_safetensors)


OPS = sorted(
    {*_OPERATIONS, *LAYERS, *PASSES, "Softmax", "ArgMax", "Transpose", "Constant", "Conv", "Squeeze"}
)
SETTINGS = ["alpha", "beta", "axis", "transA", "transB", "epsilon", "perm", "min", "max", "approximate"]


@st.composite
def onnx_models(draw: st.DrawFn) -> bytes:
    """A chain from x to y with some links bent."""
    count = draw(st.integers(1, 6))
    wires = ["x", *(f"h{i}" for i in range(count - 1)), "y"]
    nodes = []
    for before, after in pairwise(wires):
        op = draw(st.sampled_from(["Gemm", "Gemm", "Relu", *OPS]))
        more = draw(st.lists(st.sampled_from(["w", "v", "c", "x", "h0", "y", ""]), max_size=3))
        given = [before, "w"] if op in ("Gemm", "MatMul") and draw(st.booleans()) else [before, *more]
        value = st.integers(-3, 3) | st.floats(width=32) | st.lists(st.integers(-2, 2), max_size=3)
        settings = draw(st.dictionaries(st.sampled_from(SETTINGS), value, max_size=2))
        nodes.append(
            onnx.node(op, given, draw(st.sampled_from([[after], [after], ["q", after], []])), **settings)
        )
    kinds = ["<f4", "<f8", "<i8"]
    constants = {
        "w": np.ones((2, 2), np.float32),
        **draw(st.dictionaries(st.sampled_from("wvc"), arrays(kinds), max_size=3)),
    }
    order = draw(st.permutations(nodes)) if draw(st.integers(0, 3)) == 0 else nodes
    return onnx.model(
        order, constants, outputs=draw(st.sampled_from([["y"], ["y", "value"], ["h0", "y"], []]))
    )


@st.composite
def saes(draw: st.DrawFn) -> Files:
    """The tensors of one class of a library, of which some have another shape, with a configuration."""
    sets = [*dictionary_learning._TENSORS.values(), *saelens._NEEDED.values()]
    sets += [("encoder.weight", "decoder.weight"), ("encoder.weight", "encoder.bias", "W_dec", "b_dec")]
    sets += [("pre_bias", "latent_bias", "encoder.weight"), ("w_enc", "b_enc", "w_dec", "b_dec", "threshold")]
    names = draw(st.sampled_from(sets))
    matrix = np.full((2, 2), 0.5, np.float32)
    tensors = {
        name: matrix if "weight" in name or name.lower().startswith("w_") else matrix[0] for name in names
    }
    tensors |= {name: np.array(1, np.int64) for name in ("k",) if name in names}
    tensors |= draw(st.dictionaries(st.sampled_from(sorted(names)), arrays(), max_size=2))
    config = draw(configs())
    if draw(st.booleans()):
        metadata = {"policyscope_sae": json.dumps(draw(VALUES))} if draw(st.integers(0, 3)) == 0 else None
        whole = {name: np.array(array, order="C") for name, array in tensors.items()}
        return {"sae.safetensors": dump_safetensors(whole, metadata), "cfg.json": config}
    tree: dict[str, Any] = {
        "sae_state": tensors,
        "k": draw(VALUES | st.just(1)),
        **draw(
            st.dictionaries(
                st.sampled_from(["d_in", "d_latent", "tap_index", "variant", "input_norm"]),
                VALUES,
                max_size=2,
            )
        ),
    }
    tree = draw(
        st.sampled_from(
            [
                tree,
                {
                    **tensors,
                    **draw(
                        st.dictionaries(
                            st.sampled_from(["activation", "activation_state_dict", "k"]), VALUES, max_size=2
                        )
                    ),
                },
            ]
        )
    )
    files = {"sae.pt": torch_zip(checkpoints.dumped(tree))}
    return {**files, "config.json": config} if draw(st.booleans()) else files


@st.composite
def configs(draw: st.DrawFn) -> bytes:
    usual: dict[str, Any] = {"architecture": draw(st.sampled_from([*saelens._NEEDED, "x"])), "k": 1}
    keys = [
        "architecture",
        "k",
        "activation",
        "activation_fn",
        "normalize_activations",
        "reshape_activations",
        "dict_class",
        "trainer",
        "metadata",
        "apply_b_dec_to_input",
        "rescale_acts_by_decoder_norm",
        "signed",
    ]
    classes = st.sampled_from(sorted(dictionary_learning._TENSORS))
    nested = st.fixed_dictionaries({"dict_class": classes | VALUES}) | st.fixed_dictionaries(
        {"policyscope": VALUES}
    )
    return json.dumps(
        {**usual, **draw(st.dictionaries(st.sampled_from(keys), VALUES | nested | classes, max_size=3))}
    ).encode()


@st.composite
def npy_files(draw: st.DrawFn) -> bytes:
    descr = draw(
        st.sampled_from(
            ["'<f4'", "'>f8'", "'|O'", "'<f2'", "('<f4', (2,))", "[('a', '<f4')]", "'|S0'", "''", "None"]
        )
    )
    shape = draw(
        st.lists(st.integers(-1, 4) | st.sampled_from(ODD), max_size=3).map(lambda sizes: str(tuple(sizes)))
        | WORDS
    )
    return npy(
        described(descr, shape, draw(st.sampled_from(["False", "True", "0", "'x'"]))),
        draw(st.binary(max_size=64)),
        draw(st.sampled_from([1, 1, 2, 3, 9])),
    )


@st.composite
def vec_normalizes(draw: st.DrawFn) -> bytes:
    values = arrays() | VALUES
    state = {
        "norm_obs": True,
        "clip_obs": 10.0,
        "epsilon": 1e-8,
        **draw(st.dictionaries(st.sampled_from(["norm_obs", "clip_obs", "epsilon"]), VALUES, max_size=2)),
    }
    statistics = {
        "mean": np.zeros(2),
        "var": np.ones(2),
        **draw(st.dictionaries(st.sampled_from(["mean", "var"]), values, max_size=2)),
    }
    state["obs_rms"] = (
        checkpoints.instance(checkpoints.STATISTICS, statistics) if draw(st.integers(0, 3)) else draw(values)
    )
    return checkpoints.dumped(checkpoints.instance(checkpoints.VEC_NORMALIZE, state))


def episode_files() -> st.SearchStrategy[bytes]:
    names = st.sampled_from(["episode", "step", "action", "reward", "x"])
    columns = st.dictionaries(names, arrays().map(lambda array: np.array(array, order="C")), max_size=5)
    native = columns.map(lambda found: {n: a.astype(a.dtype.newbyteorder("=")) for n, a in found.items()})
    return native.map(dump_safetensors)


def one(strategy: st.SearchStrategy[bytes], name: str = "file.pt") -> st.SearchStrategy[Files]:
    return strategy.map(lambda data: {name: data})


def policies(onnx_files: bool) -> list[Files]:
    paths = [parity_policies.policy_file(name) for name in parity_policies.names()]
    return [{p.name: p.read_bytes()} for p in paths if p.parent.name.startswith("onnx") == onnx_files]


def _sae_fixtures() -> list[Files]:
    folders = sorted(path for path in SAES.iterdir() if path.is_dir())
    return [
        {p.name: p.read_bytes() for p in folder.iterdir() if not p.name.startswith("recorded")}
        for folder in folders
    ]


def _arrays() -> list[Files]:
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    files = {"a.npy": saved(rows), "a.npz": npz([("a.npy", saved(rows))], 8), "a.pt": save_tensor(rows)}
    return [{name: data} for name, data in {**files, "a.safetensors": dump_safetensors({"a": rows})}.items()]


def _episodes() -> list[Files]:
    rows = {"episode": np.arange(4, dtype=np.int32), "step": np.arange(4, dtype=np.int32)}
    rows |= {"action": np.ones((4, 2), np.float32), "reward": np.ones(4, np.float32)}
    return [{"episodes.safetensors": dump_safetensors(rows)}]


def _recordings() -> list[Files]:
    found = sorted(MINARI.glob("*/data/main_data.hdf5"))
    return [{"cached_obs.hdf5": path.read_bytes()} for path in found]


_VEC_NORMALIZE = parity_policies.FIXTURES / "sb3_ppo_vecnormalize" / parity_policies.STATISTICS
_STATES = checkpoints_of() | rllib_zips() | sb3_zips() | policy_safetensors() | headers()
_JSON = VALUES.map(lambda value: json.dumps({"layers": value}).encode())
UPLOADS: Mapping[str, st.SearchStrategy[Files]] = {
    "policy": real(policies(onnx_files=False)) | one(_STATES) | one(PICKLES | _JSON),
    "onnx": real(policies(onnx_files=True)) | one(onnx_models()),
    "sae": real(_sae_fixtures()) | saes() | one(PICKLES | headers()),
    "arrays": real(_arrays()) | one(npy_files() | headers() | PICKLES),
    "episodes": real(_episodes()) | one(headers() | episode_files()),
    "recordings": real(_recordings()) | one(headers(), "cached_obs.hdf5"),
    "normalisation": real([{"vec_normalize.pkl": _VEC_NORMALIZE.read_bytes()}])
    | one(vec_normalizes() | PICKLES),
}
