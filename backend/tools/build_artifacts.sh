#!/usr/bin/env bash
# Rebuild the demo bundle from nothing: train the walker's expert, then make both artifacts directories.
# Usage: build_artifacts.sh <bin folder of the Python environment>
set -euo pipefail
bin=$1
cd "$(dirname "$0")/.."
expert=$(mktemp -d)/walker2d_expert.pt
trap 'rm -rf "$(dirname "$expert")"' EXIT

"$bin/python" tools/train_expert.py --env Walker2d-v5 --out "$expert"
"$bin/python" bc_sae_walker_demo.py --env Walker2d-v5 --policy "$expert" \
  --artifacts_dir walker2d_w32 --hidden_size 32 --tap_index 4 --num_traj 120 --overwrite
"$bin/python" bc_sae_walker_demo.py --env hard_stable \
  --artifacts_dir hard_stable_w32 --hidden_size 32 --tap_index 4 --num_traj 200 --overwrite
