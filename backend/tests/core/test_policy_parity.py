"""Policies of other libraries act here as there: the files and the actions were made by the libraries."""

import io
import pickle
import zipfile

import numpy as np
import pytest

from benchmarks.parity_policies import FIXTURES, measure, names, policy_file, table
from policyscope.core.errors import UnsupportedFile
from policyscope.core.policy_formats import open_policy
from policyscope.core.policy_spec import ActionRange

LIBRARIES = ("sb3", "sb3_contrib", "rllib", "skrl", "rl_games", "cleanrl", "torch", "onnx", "safetensors")


def test_every_library_is_there():
    assert len(names()) >= 30
    assert all(any(name.startswith(library) for name in names()) for library in LIBRARIES)


@pytest.mark.parametrize("name", names())
def test_acts_as_in_its_library(name):
    parity = measure(name)
    assert parity.difference <= 1e-6
    if not name.startswith(
        ("onnx_gelu_dynamo",)
    ):  # its exporter folds the BatchNorm into the weights, in float32
        assert parity.difference <= 1e-12


def test_the_table_has_a_line_for_each():
    lines = table().splitlines()[2:]
    assert len(lines) == len(names())
    assert all(line.endswith("| yes |") for line in lines)


def opened(name):
    path = policy_file(name)
    return open_policy(path.read_bytes(), path.name)[0]


@pytest.mark.parametrize(
    ("name", "squash", "activation", "source"),
    [
        ("sb3_contrib_tqc", "tanh", "relu", "recorded"),
        ("rllib_ppo", "clip", "tanh", "recorded"),
        ("rllib_ppo_shared", "clip", "relu", "recorded"),
        ("rllib_ppo_discrete", "none", "tanh", "recorded"),
        ("rllib_sac", "clip", "tanh", "recorded"),
        ("skrl_ppo_scaler", "none", "elu", "default"),
        ("rl_games_ppo", "clip", "elu", "default"),
        ("cleanrl_sac", "tanh", "relu", "default"),
    ],
)
def test_what_is_known_of_it_is_said(name, squash, activation, source):
    spec = opened(name)
    assert (spec.squash, spec.activation, spec.activation_source) == (squash, activation, source)
    assert spec.act_dim == (3 if name.endswith("discrete") else 2)


def test_a_cleanrl_policy_brings_its_action_range():
    assert opened("cleanrl_sac").action_scaling == ActionRange((-2.0, -1.0), (2.0, 3.0))


def test_the_tanh_that_rllib_leaves_out_is_told():
    assert any("choose tanh" in note for note in opened("rllib_sac").notes)


def rl_module(name, member):
    with zipfile.ZipFile(FIXTURES / name / "rl_module.zip") as archive:
        return archive.read(f"learner_group/learner/rl_module/default_policy/{member}")


def test_weights_of_rllib_alone_do_not_say_what_the_outputs_are():
    with pytest.raises(UnsupportedFile, match="Zip the folder"):
        open_policy(rl_module("rllib_ppo", "module_state.pkl"), "module_state.pkl")
    assert open_policy(rl_module("rllib_ppo_discrete", "module_state.pkl"), "m.pkl")[0].act_dim == 3
    assert open_policy(rl_module("rllib_ppo_free_log_std", "module_state.pkl"), "m.pkl")[0].squash == "clip"
    assert open_policy(rl_module("rllib_sac", "module_state.pkl"), "m.pkl")[0].act_dim == 2


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_two_policies_of_rllib_are_not_guessed_between():
    state = rl_module("rllib_ppo_discrete", "module_state.pkl")
    with pytest.raises(UnsupportedFile, match="2 modules"):
        open_policy(zipped({"left/module_state.pkl": state, "right/module_state.pkl": state}), "c.zip")
    both = {"default_policy/module_state.pkl": state, "other/module_state.pkl": state}
    assert open_policy(zipped(both), "c.zip")[0].act_dim == 3


def test_a_checkpoint_of_rllib_runs_nothing():
    """Its description would call a function; it is read, so nothing is called."""
    state = pickle.dumps({"pi.net.mlp.0.weight": np.zeros((2, 2))})
    evil = b"cbuiltins\nprint\n(S'called'\ntR."
    with pytest.raises(UnsupportedFile, match="No MLP policy of RLlib"):
        open_policy(zipped({"p/module_state.pkl": state, "p/class_and_ctor_args.pkl": evil}), "c.zip")
