"""Hostile checkpoints: VecNormalize, RLlib, skrl, rl_games, TorchScript, whole modules, and pickles of work.

The objects are written opcode by opcode: their classes are never imported here either.
"""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gadgets
import numpy as np
import tiny
import torch
from hostile import torch_zip, zero_bomb

PRIME = 2**61 - 1
VEC_NORMALIZE = "stable_baselines3.common.vec_env.vec_normalize VecNormalize"
STATISTICS = "stable_baselines3.common.running_mean_std RunningMeanStd"


def uploads(canary: Path) -> Iterator[tuple[str, bytes]]:
    for family in (_work, _vec_normalize, _rllib, _wrapped, _torchscript, _modules):
        yield from family(canary)


class Raw:
    """Opcodes put into a pickle as they are."""

    def __init__(self, opcodes: bytes) -> None:
        self.opcodes = opcodes


def opcodes(value: Any) -> bytes:
    """``value`` without protocol and STOP; containers may hold Raw."""
    if isinstance(value, Raw):
        return value.opcodes
    if isinstance(value, dict):
        return b"}(" + b"".join(opcodes(k) + opcodes(v) for k, v in value.items()) + b"u"
    if isinstance(value, list):
        return b"](" + b"".join(map(opcodes, value)) + b"e"
    return pickle.dumps(value, 2)[2:-1]


def instance(name: str, state: Any) -> Raw:
    """An object of a class that need not exist."""
    module, kind = name.split(" ")
    return Raw(f"c{module}\n{kind}\n".encode() + b")\x81" + opcodes(state) + b"b")


def dumped(value: Any) -> bytes:
    return b"\x80\x02" + opcodes(value) + b"."


def _work(_: Path) -> Iterator[tuple[str, bytes]]:
    """Pickles of few bytes that take much work or memory to read."""
    yield from _work_of_keys()
    yield from _work_of_copies()
    yield from _work_of_names()
    yield from _work_of_arrays()
    yield from _work_of_numbers()
    yield "work: 249,000 instructions", b"\x80\x02" + b"N0" * 124_500 + b"N."
    yield "work: ten million instructions", b"\x80\x02" + b"N0" * 5_000_000 + b"N."


def _work_of_keys() -> Iterator[tuple[str, bytes]]:
    key = b"K\x00"
    tuples = b"".join(opcodes((i, _colliding(i))) + key for i in range(20_000))
    yield "work: tuples that collide", b"\x80\x02}(" + tuples + b"u."
    fractions = b"".join(
        b"G" + struct.pack(">d", 2.0 ** (61 * e) * (1 + m / 2**20)) + key
        for e in range(-16, 16)
        for m in range(600)
    )
    yield "work: fractions that collide", b"\x80\x02}(" + fractions + b"u."
    ints = b"".join(b"\x8a\x08" + struct.pack("<q", i << 44) + key for i in range(100_000))
    yield "work: 100,000 numbers for keys", b"\x80\x02}(" + ints + b"u."
    deep = b"\x80\x02)" + b"\x85" * 200_000 + b"q\x000"
    yield "work: a deep key through OrderedDict", deep + b"ccollections\nOrderedDict\n](](h\x00K\x01ee\x85R."
    yield "work: a deep key", deep + b"}h\x00K\x01s."


def _work_of_copies() -> Iterator[tuple[str, bytes]]:
    wide = b"\x80\x02(" + b"K\x01" * 90_000 + b"lq\x000"
    yield (
        "work: a list copied 50,000 times",
        wide + b"cbuiltins\nlist\nq\x010" + b"h\x01h\x00\x85R0" * 50_000 + b"N.",
    )
    yield (
        "work: a list kept 50,000 times",
        wide + b"cbuiltins\nlist\nq\x010" + b"h\x01h\x00\x85R" * 50_000 + b".",
    )
    yield "work: a call with a long list", wide + b"cos\nsystem\nq\x010" + b"h\x01h\x00R0" * 90_000 + b"N."
    yield "work: a dict copied", wide + b"cbuiltins\ndict\nq\x010" + b"h\x01h\x00\x85R0" * 50_000 + b"N."
    text = _megabyte()
    yield (
        "work: a text encoded 50,000 times",
        text + b"c_codecs\nencode\nq\x010" + b"h\x01h\x00\x85R0" * 50_000 + b"N.",
    )


def _megabyte() -> bytes:
    """A text of a megabyte in memo 0."""
    return b"\x80\x02X" + struct.pack("<I", 1 << 20) + b"x" * (1 << 20) + b"q\x000"


def _work_of_names() -> Iterator[tuple[str, bytes]]:
    text = _megabyte()
    named = text + b"h\x00h\x00\x93"
    yield "work: a class of a megabyte", named + b"."
    yield "work: a class named by lists", _doubled() + b"h\x3bh\x3b\x93."
    yield "work: a class named 100,000 times", text + b"h\x00h\x00\x930" * 100_000 + b"N."
    yield "work: 124,000 classes", b"\x80\x02" + b"".join(b"cos\ns%d\n0" % i for i in range(124_000)) + b"N."


def _work_of_arrays() -> Iterator[tuple[str, bytes]]:
    sizes = b"\x80\x02(" + b"\x8a\x06" * 0 + (b"\x8a\x06" + b"\xff" * 5 + b"\x7f") * 100_000 + b"tq\x000"
    yield (
        "work: an array of 100,000 dimensions",
        sizes + (b"cnumpy.core.numeric\n_frombuffer\n(C\x00cnumpy\ndtype\nU\x02f4\x85Rh\x00U\x01CtR."),
    )
    array = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n)R"
    yield (
        "work: an array remembered 100,000 times",
        array
        + b"".join(b"r" + struct.pack("<I", i) for i in range(100_000))
        + b"2" * 50_000
        + b"N0" * 1
        + b".",
    )


def _work_of_numbers() -> Iterator[tuple[str, bytes]]:
    for bits in (10_000, 8 << 20):
        number = b"\x8b" + struct.pack("<I", bits // 8) + b"\x7f" * (bits // 8)
        yield f"work: a key of {bits} bits", b"\x80\x02}" + number + b"K\x01s."
        sae = {"sae_state": {}, "k": Raw(number), "d_in": 2, "d_latent": 2, "tap_index": Raw(number)}
        yield f"work: k of {bits} bits", dumped(sae)
    yield "work: a surrogate for a name", dumped({"\ud800.0.weight": Raw(b"N"), "net": "\udfff"})
    yield (
        "JSON with half a character",
        b'{"layers": [{"size": 2}, {"size": 2, "activation": "\\udc00"}, {"size": 1}]}',
    )


def _colliding(first: int) -> int:
    """With CPython's hash of pairs (xxHash, 64 bits), the second number for which the pair hashes to zero."""
    mask, one, two, five = 2**64 - 1, 11400714785074694791, 14029467366897019727, 2870177450012600261

    def rotated(number: int) -> int:
        return (number << 31 | number >> 33) & mask

    state = (rotated((five + first * two) & mask) * one) & mask
    return ((-state) & mask) * pow(two, -1, 2**64) % 2**64 % PRIME


def _doubled() -> bytes:
    return b"\x80\x02]q\x00" + b"".join(
        b"]q" + bytes([i + 1]) + b"(h" + bytes([i]) + b"h" + bytes([i]) + b"e" for i in range(60)
    )


def _vec_normalize(canary: Path) -> Iterator[tuple[str, bytes]]:
    good: dict[str, Any] = {"mean": np.zeros(3), "var": np.ones(3), "count": 1.0}
    around: dict[str, Any] = {"norm_obs": True, "clip_obs": 10.0, "epsilon": 1e-8}
    huge = Raw(b"\x8b" + struct.pack("<I", 130) + b"\x7f" * 130)
    cases: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
        "not a number": ({"mean": np.full(3, np.nan)}, {}),
        "infinite": ({"var": np.full(3, np.inf)}, {}),
        "below zero": ({"var": -np.ones(3)}, {}),
        "of two sizes": ({"mean": np.zeros(4)}, {}),
        "a matrix": ({"mean": np.zeros((3, 3)), "var": np.ones((3, 3))}, {}),
        "a million": ({"mean": np.zeros(1_000_000), "var": np.ones(1_000_000)}, {}),
        "a number": ({"mean": np.float64(0), "var": np.float64(1)}, {}),
        "text": ({"mean": "0", "var": np.array(["1", "2"])}, {}),
        "complex": ({"mean": np.zeros(3, complex), "var": np.ones(3, complex)}, {}),
        "whole numbers": ({"mean": np.full(3, 2**62), "var": np.full(3, -(2**63))}, {}),
        "objects": ({"mean": np.array([gadgets.Call(print, "x")] * 3, object)}, {}),
        "an epsilon of 10**300": ({}, {"epsilon": huge}),
        "an epsilon below zero": ({}, {"epsilon": -5.0}),
        "an epsilon of text": ({}, {"epsilon": "1e-8"}),
        "an epsilon that is no number": ({}, {"epsilon": float("nan")}),
        "a clip of zero": ({}, {"clip_obs": 0.0}),
        "a clip that is no number": ({}, {"clip_obs": float("nan")}),
        "a clip of 10**300": ({}, {"clip_obs": huge}),
    }
    for name, (statistics, others) in cases.items():
        state = {**around, **others, "obs_rms": instance(STATISTICS, {**good, **statistics})}
        yield f"VecNormalize {name}", dumped(instance(VEC_NORMALIZE, state))
    whole = {**around, "obs_rms": instance(STATISTICS, good)}
    gadget = Raw(next(gadgets.opcode_pickles(canary))[1][:-1])
    for name in ("venv", "class_attributes", "obs_rms", "epsilon"):
        yield (
            f"VecNormalize with a gadget in {name}",
            dumped(instance(VEC_NORMALIZE, {**whole, name: gadget})),
        )
    yield "VecNormalize of dictionaries", dumped(instance(VEC_NORMALIZE, {**whole, "obs_rms": {"a": 1}}))
    itself = (
        b"\x80\x02c"
        + VEC_NORMALIZE.replace(" ", "\n").encode()
        + b"\n)\x81q\x00}X\x07\x00\x00\x00obs_rmsh\x00sb."
    )
    yield "VecNormalize in itself", itself
    yield "VecNormalize with a list for a state", dumped(instance(VEC_NORMALIZE, [1, 2]))


def _zip(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _rllib(canary: Path) -> Iterator[tuple[str, bytes]]:
    folder = "learner_group/learner/rl_module/default_policy/"
    layer = {"weight": np.ones((2, 2), np.float32), "bias": np.ones(2, np.float32)}
    keys = ("encoder.actor_encoder.net.mlp.0", "pi.net.mlp.0")
    state = {f"{key}.{name}": array for key in keys for name, array in layer.items()}
    gadget = list(gadgets.opcode_pickles(canary))[2][1]
    good = dumped(state)
    arguments = {"action_space": None, "model_config": None}
    described: dict[str, Any] = {
        "a gadget": Raw(gadget[:-1]),
        "a list doubled 60 times": Raw(_doubled()[2:] + b"h\x3c"),
        "a space of another class": {**arguments, "action_space": instance("gymnasium.spaces.text Text", {})},
        "a space with a gadget": {**arguments, "action_space": Raw(gadget[:-1])},
        "a space of text": {**arguments, "action_space": instance("gymnasium.spaces.box Box", {"low": "a"})},
        "an activation that is a list": {**arguments, "model_config": {"fcnet_activation": [1] * 1_000}},
        "an activation of a gadget": {**arguments, "model_config": {"fcnet_activation": Raw(gadget[:-1])}},
        "an activation of a megabyte": {**arguments, "model_config": {"fcnet_activation": "x" * (1 << 20)}},
    }
    for name, value in described.items():
        made = dumped({"class": None, "ctor_args_and_kwargs": [[], value]})
        yield (
            f"RLlib {name}",
            _zip({folder + "module_state.pkl": good, folder + "class_and_ctor_args.pkl": made}),
        )
    yield "RLlib a gadget for weights", _zip({folder + "module_state.pkl": gadget})
    yield (
        "RLlib weights in a path",
        _zip({"../../../../../tmp/module_state.pkl": good, "/module_state.pkl": gadget}),
    )
    yield "RLlib 1 GiB of weights", zero_bomb(1 << 30, folder + "module_state.pkl")
    yield "RLlib 4,000 policies", _zip({f"p{i}/module_state.pkl": b"\x80\x02N." for i in range(4_000)})
    empty = {name: np.zeros((0, 0), np.float32) for name in state}
    yield "RLlib weights of nothing", _zip({folder + "module_state.pkl": dumped(empty)})


def _wrapped(canary: Path) -> Iterator[tuple[str, bytes]]:
    """skrl, rl_games, CleanRL: wrappers, normalisers and ranges of a wrong form."""
    net = {
        f"net.{i}.{n}": t for i in (0, 2) for n, t in (("weight", torch.ones(3, 3)), ("bias", torch.ones(3)))
    }
    skrl = {"policy": net, "value": {}}
    for name, statistics in {
        "of two sizes": {"running_mean": torch.ones(2), "running_variance": torch.ones(5)},
        "below zero": {"running_mean": torch.ones(3), "running_variance": -torch.ones(3)},
        "not a number": {"running_mean": torch.full((3,), float("nan")), "running_variance": torch.ones(3)},
        "a matrix": {"running_mean": torch.ones(3, 3), "running_variance": torch.ones(3, 3)},
        "text": {"running_mean": "1", "running_variance": "2"},
    }.items():
        yield f"skrl normaliser {name}", tiny.saved({**skrl, "state_preprocessor": statistics})
        renamed = {"running_mean": statistics["running_mean"], "running_var": statistics["running_variance"]}
        yield f"rl_games normaliser {name}", tiny.saved({"model": net, "running_mean_std": renamed})
    deep: Any = net
    for _ in range(200):
        deep = {"model": deep}
    yield "wrapped 200 times", tiny.saved(deep)
    actor = {
        "fc1.weight": torch.ones(3, 3), "fc1.bias": torch.ones(3), "fc_mu.weight": torch.ones(1, 3),
        "fc_mu.bias": torch.ones(1), "action_bias": torch.ones(1), "action_scale": torch.ones(1),
    }  # fmt: skip
    for name, scale in {
        "not a number": torch.full((1,), float("nan")), "below zero": -torch.ones(1),
        "of ten sizes": torch.ones(10), "complex": torch.ones(1, dtype=torch.complex64),
    }.items():  # fmt: skip
        yield f"CleanRL a range {name}", tiny.saved({**actor, "action_scale": scale})
    flat = {**actor, "fc1.weight": torch.tensor(1.0), "fc1.bias": torch.ones(3, 3)}
    yield "CleanRL a weight without dimensions", tiny.saved(flat)
    heads = {"a2c_network.mu.weight": torch.ones(1, 3), "a2c_network.actor_mlp.0.weight": torch.tensor(2.0)}
    yield "rl_games a weight without dimensions", tiny.saved({"model": heads})
    yield (
        "cleanrl 64 rows that are none",
        tiny.saved({"actor.0.weight": torch.tensor(1.0), "critic.0.weight": torch.ones(1, 1)}),
    )
    yield "100,000 tensors", dumped({f"t{i}": 1 for i in range(100_000)})
    gated = ("encoder.weight", "decoder.weight", "decoder_bias", "r_mag", "gate_bias", "mag_bias")
    yield "a gated SAE of single numbers", tiny.saved({name: torch.tensor(1.0) for name in gated})
    yield "an index of a million", tiny.saved({"net.999999.weight": torch.ones(3, 3)})
    names = "a." * 100_000
    yield "a name of 100,000 dots", tiny.saved({f"{names}0.weight": torch.ones(3, 3)})
    yield "a name of dots and digits", tiny.saved({"1." * 100_000 + "weigh": torch.ones(3, 3)})


def _torchscript(canary: Path) -> Iterator[tuple[str, bytes]]:
    gadget = next(gadgets.opcode_pickles(canary))[1]
    module = opcodes(
        instance("__torch__ M", {"training": False, "0": instance("__torch__.torch L", {"training": True})})
    )
    lines = "class M(Module):\n" + "  eps : Final[float] = 1e-05\n" * 200_000
    texts: dict[str, bytes] = {
        "a class of 200,000 lines": lines.encode(),
        "200,000 classes": b"class M(Module):\n  x : int\n" * 200_000,
        "code of zeros": bytes(8 << 20),
        "code of no encoding": b"\xff" * 1_000_000,
        "one line of 8 MB": b"class M(Module):\n  " + b"x : Final[" * 800_000,
    }
    for name, text in texts.items():
        files = {
            "m/data.pkl": b"\x80\x02" + module + b".",
            "m/constants.pkl": gadget,
            "m/code/__torch__.py": text,
        }
        yield f"TorchScript {name}", _zip({**files, "m/version": b"3\n"})
    yield "TorchScript of a deflated bomb", zero_bomb(512 << 20, "m/code/__torch__.py")
    yield (
        "TorchScript with a gadget for a state",
        _zip(
            {
                "m/data.pkl": b"\x80\x02c__torch__\nM\n)\x81" + gadget[:-1] + b"b.",
                "m/constants.pkl": b"\x80\x02).",
            }
        ),
    )
    yield (
        "TorchScript without numbers",
        _zip(
            {
                "m/data.pkl": dumped(instance("__torch__ M", {"training": True, "w": Raw(_missing())})),
                "m/constants.pkl": b"\x80\x02).",
            }
        ),
    )


def _missing() -> bytes:
    storage = b"(U\x07storagectorch\nFloatStorage\nU\x0299U\x03cpuK\x04tQ"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\x00(K\x02K\x02t(K\x02K\x01t\x89}tR"


def _modules(_: Path) -> Iterator[tuple[str, bytes]]:
    """Whole modules whose parts are each other's parts."""
    head, tail = b"ctorch.nn.modules.container\nSequential\n)\x81", b"b"
    modules = b"\x80\x02"
    for level in range(11):
        children = {} if level == 0 else {str(i): Raw(b"h" + bytes([level - 1])) for i in range(8)}
        modules += head + b"q" + bytes([level]) + opcodes({"_modules": children, "training": False}) + tail
    yield "modules: 8 to the power of 10", modules + b"."
    yield (
        "modules: one in itself",
        b"\x80\x02" + head + b"q\x00" + opcodes({"_modules": {"0": Raw(b"h\x00")}, "training": True}) + b"b.",
    )
    entries = {f"k{i}": 1 for i in range(50_000)}
    shared = b"\x80\x02" + opcodes(entries) + b"q\x000"
    parts = {
        str(i): Raw(head + opcodes({"training": True, "_modules": {}, "_parameters": Raw(b"h\x00")}) + tail)
        for i in range(4_000)
    }
    yield (
        "modules: 4,000 with the same 50,000 entries",
        shared
        + opcodes(instance("torch.nn.modules.container Sequential", {"_modules": parts, "training": True}))
        + b".",
    )
    slopes = {"negative_slope": float("nan"), "training": True}
    linear = instance(
        "torch.nn.modules.linear Linear",
        {"training": True, "_parameters": {"weight": np.ones((2, 2), np.float32)}},
    )
    leaky = {
        "_modules": {"0": linear, "1": instance("torch.nn.modules.activation LeakyReLU", slopes), "2": linear}
    }
    yield (
        "modules: a slope that is no number",
        torch_zip(dumped(instance("torch.nn.modules.container Sequential", {**leaky, "training": True}))),
    )
