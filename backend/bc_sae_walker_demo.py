"""Make SAE artifacts for a policy: behaviour cloning, activations, TopK SAE, files on disk.

  python bc_sae_walker_demo.py --env hard_stable --artifacts_dir artifacts_w32 --hidden_size 32 --tap_index 4

The same as ``policyscope make-artifacts``.
"""

from policyscope.cli import make_artifacts

if __name__ == "__main__":
    make_artifacts()
