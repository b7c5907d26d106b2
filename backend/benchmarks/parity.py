"""``python -m benchmarks.parity``: files of other libraries against what those libraries compute."""

from __future__ import annotations

from benchmarks import parity_policies, parity_saes


def main() -> None:
    print("## Policies\n")
    print(parity_policies.table())
    print("\n## SAEs\n")
    print(parity_saes.table())


if __name__ == "__main__":
    main()
