"""ONNX graphs that are one chain act as they say; every other node is refused by its name."""

import io
import zipfile

import numpy as np
import onnx_writer as onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from policyscope.core.errors import LimitExceeded, UnsupportedFile
from policyscope.core.policy import Policy
from policyscope.core.policy_formats import open_policy
from policyscope.core.policy_spec import ActionRange

RNG = np.random.default_rng(0)
W1, B1 = RNG.standard_normal((8, 3)).astype(np.float32), RNG.standard_normal(8).astype(np.float32)
W2, B2 = RNG.standard_normal((2, 8)).astype(np.float32), RNG.standard_normal(2).astype(np.float32)
WEIGHTS = {"w1": W1, "b1": B1, "w2": W2, "b2": B2}
X = RNG.standard_normal((50, 3))
FIRST = onnx.node("Gemm", ["x", "w1", "b1"], ["h"], transB=1)
LAST = onnx.node("Gemm", ["a", "w2", "b2"], ["y"], transB=1)
HIDDEN = X @ W1.T.astype(np.float64) + B1


def number(value: float) -> np.ndarray:
    return np.array(value, dtype=np.float32)


def act(data: bytes, x: np.ndarray = X):
    spec, tensors = open_policy(data, "f.onnx")
    return spec, Policy(spec, tensors)(x)


def refused(nodes, constants, **kwargs) -> str:
    with pytest.raises(UnsupportedFile) as caught:
        open_policy(onnx.model(nodes, constants, **kwargs), "f.onnx")
    return caught.value.message


def ends_with(activated: np.ndarray) -> np.ndarray:
    return activated @ W2.T.astype(np.float64) + B2


def test_a_chain_of_gemm_and_relu():
    spec, actions = act(onnx.model([FIRST, onnx.node("Relu", ["h"], ["a"]), LAST], WEIGHTS))
    assert [module.kind for module in spec.modules] == ["linear", "activation", "linear"]
    assert (spec.format, spec.activation, spec.activation_source) == ("onnx", "relu", "recorded")
    np.testing.assert_allclose(actions, ends_with(np.maximum(HIDDEN, 0)), atol=1e-13)


def test_matmul_with_add_is_one_layer():
    nodes = [
        onnx.node("MatMul", ["x", "w1t"], ["m"]),
        onnx.node("Add", ["b1", "m"], ["h"]),
        onnx.node("Tanh", ["h"], ["a"]),
        LAST,
    ]
    spec, actions = act(onnx.model(nodes, {**WEIGHTS, "w1t": W1.T.copy()}))
    assert [module.kind for module in spec.modules] == ["linear", "activation", "linear"]
    np.testing.assert_allclose(actions, ends_with(np.tanh(HIDDEN)), atol=1e-13)


def test_gemm_scales_and_constants_are_folded():
    nodes = [
        onnx.node("Transpose", ["w1"], ["turned"], perm=[1, 0]),
        onnx.node("Gemm", ["x", "turned", "b1"], ["h"], alpha=2.0, beta=0.5),
        onnx.node("Relu", ["h"], ["a"]),
        LAST,
    ]
    _, actions = act(onnx.model(nodes, WEIGHTS))
    hidden = 2 * (HIDDEN - B1) + 0.5 * B1.astype(np.float64)
    np.testing.assert_allclose(actions, ends_with(np.maximum(hidden, 0)), atol=1e-13)


def test_an_activation_of_several_nodes_is_known_by_its_values():
    silu = [onnx.node("Sigmoid", ["h"], ["s"]), onnx.node("Mul", ["h", "s"], ["a"])]
    spec, actions = act(onnx.model([FIRST, *silu, LAST], WEIGHTS))
    assert spec.activation == "silu"
    np.testing.assert_allclose(actions, ends_with(HIDDEN * expit(HIDDEN)), atol=1e-13)


def test_gelu_written_out():
    gelu = [
        onnx.node("Div", ["h", "root"], ["d"]),
        onnx.node("Erf", ["d"], ["e"]),
        onnx.node("Add", ["e", "one"], ["f"]),
        onnx.node("Mul", ["h", "f"], ["g"]),
        onnx.node("Mul", ["g", "half"], ["a"]),
    ]
    constants = {**WEIGHTS, "root": number(2**0.5), "one": number(1), "half": number(0.5)}
    assert act(onnx.model([FIRST, *gelu, LAST], constants))[0].activation == "gelu"


def test_observations_normalised_in_the_graph_are_an_observation_transform():
    mean, std = RNG.standard_normal(3).astype(np.float32), np.array([0.5, 2, 1], np.float32)
    nodes = [
        onnx.node("Sub", ["x", "mean"], ["c"]),
        onnx.node("Div", ["c", "std"], ["n"]),
        onnx.node("Clip", ["n", "low", "high"], ["k"]),
        onnx.node("Gemm", ["k", "w1", "b1"], ["h"], transB=1),
        onnx.node("Relu", ["h"], ["a"]),
        LAST,
    ]
    constants = {**WEIGHTS, "mean": mean, "std": std, "low": number(-1.5), "high": number(1.5)}
    spec, actions = act(onnx.model(nodes, constants))
    assert spec.observation is not None
    assert spec.observation.clip == 1.5
    np.testing.assert_allclose(spec.observation.mean, mean, atol=1e-12)
    seen = np.clip((X - mean) / std, -1.5, 1.5)
    np.testing.assert_allclose(actions, ends_with(np.maximum(seen @ W1.T.astype(float) + B1, 0)), atol=1e-12)


def test_a_tanh_with_a_range_is_squashing_and_scaling():
    last = onnx.node("Gemm", ["a", "w2", "b2"], ["m"], transB=1)
    nodes = [FIRST, onnx.node("Relu", ["h"], ["a"]), last, onnx.node("Tanh", ["m"], ["t"])]
    nodes += [onnx.node("Mul", ["t", "scale"], ["s"]), onnx.node("Add", ["s", "bias"], ["y"])]
    constants = {**WEIGHTS, "scale": np.array([2, 1], np.float32), "bias": np.array([0, 0.5], np.float32)}
    spec, actions = act(onnx.model(nodes, constants))
    assert (spec.squash, spec.action_scaling) == ("tanh", ActionRange((-2.0, -0.5), (2.0, 1.5)))
    np.testing.assert_allclose(actions, np.tanh(ends_with(np.maximum(HIDDEN, 0))), atol=1e-13)
    bare = onnx.model([*nodes[:3], onnx.node("Tanh", ["m"], ["y"])], WEIGHTS)
    spec = open_policy(bare, "f.onnx")[0]
    assert (spec.squash, spec.action_scaling) == ("tanh", "none")
    assert any("stretched" in note for note in spec.notes)


def test_a_choice_at_the_end_is_left_out():
    last = onnx.node("Gemm", ["a", "w2", "b2"], ["m"], transB=1)
    nodes = [FIRST, onnx.node("Relu", ["h"], ["a"]), last, onnx.node("ArgMax", ["m"], ["y"], axis=1)]
    spec, actions = act(onnx.model(nodes, WEIGHTS))
    np.testing.assert_allclose(actions, ends_with(np.maximum(HIDDEN, 0)), atol=1e-13)
    assert any("ArgMax" in note for note in spec.notes)


def test_the_acting_output_is_chosen_by_name():
    value = onnx.node("Gemm", ["a", "v"], ["value"], transB=1)
    nodes = [FIRST, onnx.node("Relu", ["h"], ["a"]), LAST, value]
    constants = {**WEIGHTS, "v": W2[:1]}
    spec, _ = act(onnx.model(nodes, constants, outputs=["y", "value"]))
    assert (spec.act_dim, spec.notes[0]) == (2, "The output y acts; not used: value.")
    assert "which one acts" in refused(nodes, constants, outputs=["y", "h"])


RELU = onnx.node("Relu", ["h"], ["a"])
REFUSED = [
    ([onnx.node("Conv", ["x", "w1"], ["y"])], "'the_Conv' (Conv)"),
    ([FIRST, onnx.node("LeakyRelu", ["h"], ["a"], alpha=0.3), LAST], "'the_LeakyRelu' (LeakyRelu)"),
    ([FIRST, onnx.node("Clip", ["h", "low", "high"], ["a"]), LAST], "'the_Clip' (Clip)"),
    ([FIRST, RELU, onnx.node("Add", ["h", "a"], ["r"]), onnx.node("Add", ["r", "x"], ["y"])], "(Add)"),
    ([onnx.node("MatMul", ["w1", "x"], ["y"])], "'the_MatMul' (MatMul)"),
    ([onnx.node("Gemm", ["x", "x"], ["y"])], "not constants"),
    ([onnx.node("Reshape", ["x", "shape"], ["r"]), onnx.node("MatMul", ["r", "w2"], ["y"])], "(Reshape)"),
    ([onnx.node("Relu", ["x"], ["y"])], "no Gemm"),
    ([onnx.node("Relu", ["nowhere"], ["y"])], "does not depend"),
    ([], "does not depend"),
    ([onnx.node("LayerNormalization", ["x", "b1"], ["n"], axis=0), LAST], "does not depend"),
    ([FIRST, onnx.node("Softmax", ["h"], ["a"]), LAST], "not at the end"),
]


@pytest.mark.parametrize(("nodes", "words"), REFUSED)
def test_other_graphs_are_refused_by_the_name_of_a_node(nodes, words):
    constants = {**WEIGHTS, "low": number(-1), "high": number(1), "shape": np.array([1, 3, 1])}
    assert words in refused(nodes, constants)


def test_weights_in_another_file_are_found_in_a_zip_and_else_asked_for():
    place = onnx.text(13, onnx.text(1, "location") + onnx.text(2, "f.onnx.data"))
    place += onnx.text(13, onnx.text(1, "offset") + onnx.text(2, "4"))
    body = (
        onnx.number(1, 2)
        + onnx.number(1, 3)
        + onnx.number(2, 1)
        + onnx.text(8, "w")
        + place
        + onnx.number(14, 1)
    )
    graph = onnx.node("Gemm", ["x", "w"], ["y"], transB=1) + onnx.text(5, body)
    graph += onnx.text(11, onnx.text(1, "x")) + onnx.text(12, onnx.text(1, "y"))
    data = onnx.number(1, 8) + onnx.text(7, graph)
    with pytest.raises(UnsupportedFile, match="another file"):
        open_policy(data, "f.onnx")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("export/f.onnx", data)
        archive.writestr("export/f.onnx.data", b"gap!" + W1[:2].tobytes())
    np.testing.assert_allclose(act(buffer.getvalue())[1], X @ W1[:2].T.astype(float), atol=1e-13)


def test_weights_that_are_not_finite_are_refused():
    assert "NaN" in refused([onnx.node("Gemm", ["x", "w"], ["y"], transB=1)], {"w": W1 * np.nan})


GOOD = onnx.model([FIRST, onnx.node("Relu", ["h"], ["a"]), LAST], WEIGHTS)


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_flipped_bytes_are_read_or_refused(place, value):
    data = GOOD[:place] + bytes([value]) + GOOD[place + 1 :]
    with_refusal(data)


@given(st.integers(0, len(GOOD)))
def test_half_a_file_is_refused(length):
    with_refusal(GOOD[:length])


def with_refusal(data):
    try:
        spec, tensors = open_policy(data, "f.onnx")
    except (UnsupportedFile, LimitExceeded):
        return
    assert {name: array.shape for name, array in tensors.items()} == spec.tensor_shapes()
