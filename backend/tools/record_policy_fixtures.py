"""Record ``tests/fixtures/policies/``: one small policy per library and algorithm, with how the library acts.

``python tools/record_policy_fixtures.py [name …]``. Written with stable-baselines3 2.9.2, sb3-contrib 2.9.2,
ray 2.60.0 (RLlib), skrl 2.1.1, rl-games 1.6.5, onnx 1.23.2, onnxscript 0.7.2, safetensors 0.8.0, torch 2.13.0
on the CPU. CleanRL has no package: its scripts' networks stand in ``cleanrl_networks.py``, so
these files say ``by_layout``. Nothing is trained; what a reader could drop (biases, statistics, bounds) is
random.

Every library acts twice on the same 1,000 observations (``observations`` below): as it is, in float32, and by
the same code in float64, which shows what is rounding. Actions are in the units of the environment.
"""

import json
import os
import sys
import warnings
import zipfile
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import gymnasium as gym
import numpy as np
import torch
from cleanrl_networks import CleanDQN, CleanPPO, CleanPPODiscrete, CleanSAC, CleanTD3
from fixture_spaces import HIGH, LOW, OBS
from safetensors.numpy import save_file
from torch import nn

ROOT = Path(__file__).resolve().parents[1] / "tests" / "fixtures" / "policies"
N = 1000
SPACE = gym.spaces.Box(-10.0, 10.0, (OBS,), np.float32)
BOX, BUTTONS = gym.spaces.Box(LOW, HIGH), gym.spaces.Discrete(3)


class Env(gym.Env):
    """Never stepped through by a policy here; its spaces decide what a library builds."""

    observation_space = SPACE

    def __init__(self, space=BOX):
        self.action_space = space

    def reset(self, *, seed=None, options=None):
        return np.zeros(OBS, np.float32), {}

    def step(self, action):
        return np.zeros(OBS, np.float32), 0.0, False, False, {}


def observations():
    """``[1000, 4]`` float32, the same wherever it is called."""
    return np.random.default_rng(0).standard_normal((N, OBS)).astype(np.float32)


def randomise(module):
    """Weights that act clearly: nothing zero, no statistics left as they begin."""
    generator = torch.Generator().manual_seed(0)
    for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
        if (
            tensor.is_floating_point()
            and tensor.ndim > 0
            and not name.startswith(("action_scale", "action_bias"))
        ):
            values = torch.randn(tensor.shape, generator=generator, dtype=torch.float64)
            positive = name.endswith(("running_var", "running_variance"))
            tensor.data = (values.abs() + 0.5 if positive else 0.6 * values).to(tensor.dtype)


@contextmanager
def double(*modules):
    """Inside, the library's own code runs in float64 on the same weights."""
    torch.set_default_dtype(torch.float64)
    for module in modules:
        module.double()
    try:
        with mock.patch.object(torch.Tensor, "float", torch.Tensor.double):
            yield
    finally:
        torch.set_default_dtype(torch.float32)
        for module in modules:
            module.float()


def record(name, library, act, *modules, space=BOX, by_layout=False):
    """``act``: observations -> actions, or scores where actions are chosen."""
    with torch.no_grad():
        kept = {"actions_float32": np.asarray(act(observations()))}
        with double(*modules):
            kept["actions"] = np.asarray(act(observations().astype(np.float64)))
    save_file(
        {key: np.ascontiguousarray(value) for key, value in kept.items()},
        ROOT / name / "recorded.safetensors",
    )
    about = {"library": library, "discrete": space is BUTTONS, "low": LOW.tolist(), "high": HIGH.tolist()}
    (ROOT / name / "about.json").write_text(json.dumps({**about, "by_layout": by_layout}, indent=1) + "\n")
    apart = np.abs(kept["actions"] - kept["actions_float32"]).max()
    print(f"{name:30} rounding {apart:.1e}  spread {np.std(kept['actions'], axis=0).round(2)}")


def folder(name):
    (ROOT / name).mkdir(parents=True, exist_ok=True)
    return ROOT / name


def sb3():
    import sb3_contrib
    import stable_baselines3 as library

    cases = {
        "sb3_ppo": (library.PPO, BOX, {"net_arch": [8, 8]}),
        "sb3_a2c": (library.A2C, BOX, {"net_arch": [8], "activation_fn": nn.ELU}),
        "sb3_ppo_discrete": (library.PPO, BUTTONS, {"net_arch": [8, 8]}),
        "sb3_sac": (library.SAC, BOX, {"net_arch": [8, 8]}),
        "sb3_td3": (library.TD3, BOX, {"net_arch": [8, 8]}),
        "sb3_ddpg": (library.DDPG, BOX, {"net_arch": [8]}),
        "sb3_dqn": (library.DQN, BUTTONS, {"net_arch": [8, 8]}),
        "sb3_contrib_tqc": (sb3_contrib.TQC, BOX, {"net_arch": [8, 8], "n_critics": 1}),
    }
    for name, (kind, space, kwargs) in cases.items():
        extra = {} if kind in (library.PPO, library.A2C) else {"buffer_size": 10}
        agent = kind("MlpPolicy", Env(space), policy_kwargs=kwargs, seed=0, device="cpu", **extra)
        randomise(agent.policy)
        agent.save(folder(name) / "agent.zip")
        package = "sb3-contrib" if "contrib" in name else "stable-baselines3"
        act = lambda x, agent=agent: agent.predict(x, deterministic=True)[0]  # noqa: E731
        record(name, f"{package} {kind.__name__}", act, agent.policy, space=space)
    normalised(library)


def normalised(library):
    """PPO behind VecNormalize: the statistics are a file of their own."""
    from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

    env = VecNormalize(DummyVecEnv([Env]), clip_obs=2.0)
    rng = np.random.default_rng(1)
    env.obs_rms.mean, env.obs_rms.var = rng.standard_normal(OBS), rng.uniform(0.2, 3.0, OBS)
    agent = library.PPO("MlpPolicy", env, policy_kwargs={"net_arch": [8, 8]}, seed=0, device="cpu")
    randomise(agent.policy)
    path = folder("sb3_ppo_vecnormalize")
    agent.save(path / "agent.zip")
    env.save(path / "vec_normalize.pkl")

    def act(x):
        seen = env._normalize_obs(x, env.obs_rms)
        return agent.predict(seen.astype(x.dtype), deterministic=True)[0]

    record("sb3_ppo_vecnormalize", "stable-baselines3 PPO, VecNormalize", act, agent.policy)


def rllib():
    from ray.rllib.algorithms.ppo.ppo_catalog import PPOCatalog
    from ray.rllib.algorithms.ppo.torch.default_ppo_torch_rl_module import DefaultPPOTorchRLModule
    from ray.rllib.algorithms.sac.sac_catalog import SACCatalog
    from ray.rllib.algorithms.sac.torch.default_sac_torch_rl_module import DefaultSACTorchRLModule
    from ray.rllib.core.columns import Columns
    from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
    from ray.rllib.utils.spaces.space_utils import unsquash_action

    ppo, sac = (DefaultPPOTorchRLModule, PPOCatalog), (DefaultSACTorchRLModule, SACCatalog)
    cases = {
        "rllib_ppo": (ppo, BOX, DefaultModelConfig(fcnet_hiddens=[8, 8], vf_share_layers=False)),
        "rllib_ppo_shared": (
            ppo,
            BOX,
            DefaultModelConfig(fcnet_hiddens=[8], fcnet_activation="relu", vf_share_layers=True),
        ),
        "rllib_ppo_free_log_std": (ppo, BOX, DefaultModelConfig(fcnet_hiddens=[8], free_log_std=True)),
        "rllib_ppo_discrete": (ppo, BUTTONS, DefaultModelConfig(fcnet_hiddens=[8, 8])),
        "rllib_sac": (
            sac,
            BOX,
            {**vars(DefaultModelConfig(fcnet_hiddens=[8, 8], fusionnet_hiddens=[8])), "twin_q": False},
        ),
    }
    for name, ((kind, catalog), space, config) in cases.items():
        module = kind(
            observation_space=SPACE,
            action_space=space,
            inference_only=False,
            model_config=config,
            catalog_class=catalog,
        )
        randomise(module)
        scratch = Path("/tmp") / f"{name}_{os.getpid()}"
        module.save_to_path(scratch)
        with zipfile.ZipFile(folder(name) / "rl_module.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(scratch.iterdir()):
                archive.write(path, f"learner_group/learner/rl_module/default_policy/{path.name}")

        def act(x, module=module, space=space):
            inputs = module.forward_inference({Columns.OBS: torch.from_numpy(x)})[Columns.ACTION_DIST_INPUTS]
            chosen = (
                module.get_inference_action_dist_cls().from_logits(inputs).to_deterministic().sample().numpy()
            )
            return chosen if space is BUTTONS else unsquash_action(chosen, space)

        record(name, f"RLlib {'SAC' if catalog is SACCatalog else 'PPO'}", act, module, space=space)


def skrl():
    from skrl.agents.torch.ppo import PPO, PPO_CFG
    from skrl.resources.preprocessors.torch import RunningStandardScaler
    from skrl.utils.model_instantiators.torch import deterministic_model, gaussian_model

    for name, scaler in (("skrl_ppo", None), ("skrl_ppo_scaler", RunningStandardScaler)):
        network = [{"name": "net", "input": "OBSERVATIONS", "layers": [8, 8], "activations": "elu"}]
        spaces = {"observation_space": SPACE, "action_space": BOX, "device": "cpu"}
        policy = gaussian_model(
            **spaces, network=network, output="ACTIONS", clip_actions=True, clip_mean_actions=True
        )
        value = deterministic_model(**spaces, network=network, output="ONE")
        config = PPO_CFG()
        if scaler is not None:
            config.observation_preprocessor = scaler
            config.observation_preprocessor_kwargs = {"size": SPACE, "device": "cpu"}
        agent = PPO(models={"policy": policy, "value": value}, cfg=config, **spaces)
        example = {"observations": torch.zeros(1, OBS)}
        for model in (policy, value):  # their first layers take their sizes from the first observation
            model.act(example, role="")
            randomise(model)
        modules = [policy]
        agent.init()
        if scaler is not None:
            randomise(agent._observation_preprocessor)
            modules.append(agent._observation_preprocessor)
        agent.save(str(folder(name) / "agent.pt"))

        def act(x, agent=agent, policy=policy):
            seen = agent._observation_preprocessor(torch.from_numpy(x))
            return policy.act({"observations": seen}, role="policy")[1]["mean_actions"].numpy()

        record(name, "skrl PPO", act, *modules)


def rl_games_model(space):
    from rl_games.algos_torch.model_builder import ModelBuilder

    continuous = {
        "mu_activation": "None", "sigma_activation": "None", "fixed_sigma": True,
        "mu_init": {"name": "default"}, "sigma_init": {"name": "const_initializer", "val": 0},
    }  # fmt: skip
    network = {
        "name": "actor_critic",
        "separate": False,
        "space": {"discrete": {}} if space is BUTTONS else {"continuous": continuous},
        "mlp": {"units": [8, 8], "activation": "elu", "initializer": {"name": "default"}},
    }
    sizes = {
        "actions_num": 3 if space is BUTTONS else 2,
        "input_shape": (OBS,),
        "num_seqs": 1,
        "value_size": 1,
    }
    kind = "discrete_a2c" if space is BUTTONS else "continuous_a2c_logstd"
    with mock.patch.object(torch.jit, "script", lambda module: module):  # so that float64 reaches it
        builder = ModelBuilder().load({"model": {"name": kind}, "network": network})
        model = builder.build({**sizes, "normalize_value": True, "normalize_input": True})
    randomise(model)
    return model.eval()


def rl_games():
    from rl_games.algos_torch.players import rescale_actions

    for name, space in (("rl_games_ppo", BOX), ("rl_games_ppo_discrete", BUTTONS)):
        model = rl_games_model(space)
        beside = {"epoch": 1, "frame": 10, "optimizer": {}, "last_mean_rewards": 0.0}
        torch.save({"model": model.state_dict(), **beside}, folder(name) / "agent.pth")

        def act(x, model=model, space=space):
            seen = {"obs": torch.from_numpy(x), "is_train": False, "prev_actions": None, "rnn_states": None}
            out = model(seen)
            if space is BUTTONS:
                return out["logits"].argmax(dim=1).numpy()
            low, high = torch.from_numpy(LOW).float(), torch.from_numpy(HIGH).float()
            return rescale_actions(low, high, torch.clamp(out["mus"], -1.0, 1.0)).numpy()

        record(name, "rl_games PPO", act, model, space=space)


def cleanrl():
    for name, kind, space in (
        ("cleanrl_ppo_continuous", CleanPPO, BOX),
        ("cleanrl_ppo", CleanPPODiscrete, BUTTONS),
        ("cleanrl_sac", CleanSAC, BOX),
        ("cleanrl_td3", CleanTD3, BOX),
        ("cleanrl_dqn", CleanDQN, BUTTONS),
    ):
        agent = kind()
        randomise(agent)
        state = agent.state_dict()
        content = (state, state) if kind is CleanTD3 else state  # td3 saves (actor, qf1, qf2)
        torch.save(content, folder(name) / "agent.pt")
        act = lambda x, agent=agent: agent.act(torch.from_numpy(x)).numpy()  # noqa: E731
        record(name, f"CleanRL {name.split('_')[1].upper()}", act, agent, space=space, by_layout=True)


class Normalised(nn.Module):
    """Observations normalised and actions squashed inside the network."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.5, -0.25, 1.0, 0.0]))
        self.register_buffer("action_scale", torch.from_numpy((HIGH - LOW) / 2))
        self.register_buffer("action_bias", torch.from_numpy((HIGH + LOW) / 2))
        self.net = nn.Sequential(nn.Linear(OBS, 8), nn.SiLU(), nn.LayerNorm(8), nn.Linear(8, 2))

    def forward(self, x):
        seen = torch.clamp((x - self.mean) / 2.0, -1.5, 1.5)
        return torch.tanh(self.net(seen)) * self.action_scale + self.action_bias


def plain(activation=nn.GELU):
    return nn.Sequential(
        nn.Linear(OBS, 8), nn.BatchNorm1d(8), activation(), nn.Linear(8, 8), activation(), nn.Linear(8, 2)
    )


def torch_and_onnx():
    """What torch, safetensors and torch's two ONNX exporters write."""
    from safetensors.torch import save_file as save_torch

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = plain()

        def forward(self, x):
            return self.net(x)

    def ready(net):
        randomise(net)
        net.eval()
        return net, lambda x: net(torch.from_numpy(x)).numpy()

    net, act = ready(Net())
    torch.save(net.state_dict(), folder("torch_state_dict") / "imitator.pt")
    record("torch_state_dict", "torch state_dict", act, net)
    net, act = ready(Net())
    save_torch(net.state_dict(), folder("safetensors") / "policy.safetensors")
    record("safetensors", "safetensors", act, net)
    net, act = ready(plain(nn.ELU))
    torch.jit.save(torch.jit.script(net), folder("torchscript") / "policy.pt")
    record("torchscript", "TorchScript", act, net)
    net, act = ready(plain(nn.Softplus))
    torch.save(net, folder("torch_module") / "policy.pt")
    record("torch_module", "torch whole module", act, net)
    example = (torch.zeros(2, OBS),)
    for name, network, options in (
        ("onnx_gelu_13", plain(), {"dynamo": False, "opset_version": 13}),
        ("onnx_gelu_dynamo", plain(), {"dynamo": True, "external_data": False, "verbose": False}),
        ("onnx_normalised_17", Normalised(), {"dynamo": False, "opset_version": 17}),
        ("onnx_normalised_dynamo", Normalised(), {"dynamo": True, "external_data": True, "verbose": False}),
    ):
        net, act = ready(network)
        path = folder(name) / "policy.onnx"
        torch.onnx.export(net, example, path, **options)
        beside = path.with_name("policy.onnx.data")
        if (
            beside.exists()
        ):  # torch's default keeps the weights in a second file; a user sends both in one zip
            with zipfile.ZipFile(folder(name) / "policy.zip", "w", zipfile.ZIP_DEFLATED) as archive:
                for part in (path, beside):
                    archive.write(part, part.name)
                    part.unlink()
        record(name, f"ONNX by torch ({'dynamo' if options['dynamo'] else 'TorchScript'} exporter)", act, net)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    makers = {
        "sb3": sb3,
        "rllib": rllib,
        "skrl": skrl,
        "rl_games": rl_games,
        "cleanrl": cleanrl,
        "torch": torch_and_onnx,
    }
    for maker in sys.argv[1:] or makers:
        makers[maker]()
