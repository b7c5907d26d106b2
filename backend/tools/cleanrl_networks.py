"""The networks of CleanRL's scripts, which has no package to import: names as in its source.

Used by ``record_policy_fixtures.py``.
"""

import torch
from fixture_spaces import HIGH, LOW, OBS
from torch import nn


class CleanPPO(nn.Module):
    """``ppo_continuous_action.py``."""

    def __init__(self):
        super().__init__()
        self.critic = nn.Sequential(nn.Linear(OBS, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 1))
        self.actor_mean = nn.Sequential(
            nn.Linear(OBS, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 2)
        )
        self.actor_logstd = nn.Parameter(torch.zeros(1, 2))

    def act(self, x):
        return self.actor_mean(x)


class CleanPPODiscrete(nn.Module):
    """``ppo.py``."""

    def __init__(self):
        super().__init__()
        self.critic = nn.Sequential(
            nn.Linear(OBS, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1)
        )
        self.actor = nn.Sequential(
            nn.Linear(OBS, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 3)
        )

    def act(self, x):
        return self.actor(x)


class CleanSAC(nn.Module):
    """``sac_continuous_action.py``."""

    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(OBS, 8), nn.Linear(8, 8)
        self.fc_mean, self.fc_logstd = nn.Linear(8, 2), nn.Linear(8, 2)
        self.register_buffer("action_scale", torch.from_numpy((HIGH - LOW) / 2))
        self.register_buffer("action_bias", torch.from_numpy((HIGH + LOW) / 2))

    def act(self, x):
        x = torch.relu(self.fc2(torch.relu(self.fc1(x))))
        return torch.tanh(self.fc_mean(x)) * self.action_scale + self.action_bias


class CleanTD3(nn.Module):
    """``td3_continuous_action.py`` and ``ddpg_continuous_action.py``."""

    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.fc_mu = nn.Linear(OBS, 8), nn.Linear(8, 8), nn.Linear(8, 2)
        self.register_buffer("action_scale", torch.from_numpy((HIGH - LOW) / 2))
        self.register_buffer("action_bias", torch.from_numpy((HIGH + LOW) / 2))

    def act(self, x):
        x = torch.relu(self.fc2(torch.relu(self.fc1(x))))
        return torch.tanh(self.fc_mu(x)) * self.action_scale + self.action_bias


class CleanDQN(nn.Module):
    """``dqn.py``."""

    def __init__(self):
        super().__init__()
        self.network = nn.Sequential(
            nn.Linear(OBS, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 3)
        )

    def act(self, x):
        return self.network(x)
