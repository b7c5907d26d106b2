"""The command line: the same services as the API, in the foreground."""

from __future__ import annotations

import click

from policyscope import __version__
from policyscope.cli.artifacts import make_artifacts
from policyscope.cli.basics import envs, serve
from policyscope.cli.effects import COMMANDS
from policyscope.cli.jobs import jobs

__all__ = ["main", "make_artifacts"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="policyscope")
def main() -> None:
    """Open up a trained control policy, steer one learned feature, and measure how behaviour changes.

    \b
    policyscope serve                              the workbench in a browser
    policyscope envs [ENV]                         which environments there are; the names of one's channels
    policyscope jobs list|watch|cancel|retry       the long work of the running server
    policyscope make-artifacts --env … --policy …  train an SAE for a policy of yours
    policyscope scan MODEL --env …                 which features change behaviour, confirmed on fresh seeds
    policyscope dose-response MODEL --feature …    one feature at many doses, beside its controls
    policyscope calibrate MODEL --feature …        the dose that changes a measure as wanted
    policyscope export run ID                      the evidence of a run, in one file
    policyscope verify FILE                        play it again: identical, or what differs

    Everything that is written lies under the artifacts root (POLICYSCOPE_ARTIFACTS, default: artifacts/).
    """


for command in (serve, envs, jobs, make_artifacts, *COMMANDS):
    main.add_command(command)
