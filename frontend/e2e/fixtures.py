"""Contradictory files for the browser tests, made from the demo artifacts.

Usage: fixtures.py <artifacts root>. It writes below the root:
``walker2d_shifted/``  the Walker2d directory, but its SAE file names tap 1 although its data come from tap 4;
``unrecorded.pt``      the Walker2d policy (ReLU) as bare weights, so that its activation function is not recorded;
``refused/``           a pickle with code, convolutions, text and a bomb; and an SAE in two files that name no tap.
"""

import json
import os
import shutil
import sys
import zipfile
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

root = Path(sys.argv[1])
source, shifted = root / "walker2d_w32", root / "walker2d_shifted"

shutil.copytree(source, shifted)
sae = torch.load(shifted / "walker_sae.pt", weights_only=True)
torch.save({**sae, "tap_index": 1}, shifted / "walker_sae.pt")

policy = torch.load(source / "imitator.pt", weights_only=True)
torch.save(dict(policy), root / "unrecorded.pt")


class Code:
    """Would leave a file behind, if anything unpickled it."""

    def __reduce__(self):
        return os.system, (f"touch {root / 'executed'}",)


refused = root / "refused"
refused.mkdir()
torch.save({"net.0.weight": Code()}, refused / "code.pt")
torch.save({"0.weight": torch.zeros(8, 4, 3, 3), "1.weight": torch.zeros(6, 8)}, refused / "cnn.pt")
(refused / "notes.pt").write_text("Walker2d, 32 units, see the lab book.\n")
with zipfile.ZipFile(refused / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("archive/data.pkl", bytes(256 << 20))
weights = {"W_enc": (32, 64), "W_dec": (64, 32), "b_enc": (64,), "b_dec": (32,)}
rng = np.random.default_rng(0)
arrays = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in weights.items()}
save_file(arrays, refused / "sae_weights.safetensors")
(refused / "cfg.json").write_text(json.dumps({"architecture": "standard", "d_in": 32, "d_sae": 64}))
