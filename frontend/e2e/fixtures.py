"""Contradictory files for the browser tests, made from the demo artifacts.

Usage: fixtures.py <artifacts root>. It writes below the root:
``walker2d_shifted/``  the Walker2d directory, but its SAE file names tap 1 although its data come from tap 4;
``unrecorded.pt``      the Walker2d policy (ReLU) as bare weights, so that its activation function is not recorded.
"""

import shutil
import sys
from pathlib import Path

import torch

root = Path(sys.argv[1])
source, shifted = root / "walker2d_w32", root / "walker2d_shifted"

shutil.copytree(source, shifted)
sae = torch.load(shifted / "walker_sae.pt", weights_only=True)
torch.save({**sae, "tap_index": 1}, shifted / "walker_sae.pt")

policy = torch.load(source / "imitator.pt", weights_only=True)
torch.save(dict(policy), root / "unrecorded.pt")
