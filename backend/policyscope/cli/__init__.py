"""The command line: the same services as the API, in the foreground."""

from __future__ import annotations

import click

from policyscope import __version__
from policyscope.cli import effects, models, runs, sweeps, understanding, versus
from policyscope.cli.acting import acting
from policyscope.cli.artifacts import make_artifacts
from policyscope.cli.basics import envs, serve
from policyscope.cli.cluster import cluster
from policyscope.cli.collections import collections
from policyscope.cli.jobs import jobs
from policyscope.cli.transfer import workspace
from policyscope.config import render_without_a_display

__all__ = ["main", "make_artifacts"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="policyscope")
def main() -> None:
    """Open up a trained control policy, steer one learned feature, and measure how behaviour changes.

    \b
    policyscope serve                              the workbench in a browser
    policyscope envs [ENV]                         which environments there are; the names of one's channels
    policyscope upload FILE                        store a policy as a model; models lists them
    policyscope acting show|set|reset MODEL        correct its squashing, scaling and normalisation
    policyscope load-sae MODEL --artifacts_dir …   attach an SAE and check its tap
    policyscope interpret MODEL                    which features go with an action
    policyscope perturb set|show|clear MODEL       the intervention that the next run plays
    policyscope run MODEL --env …                  arms on the same seeds, compared; runs lists and shows them
    policyscope versus MODEL OTHER                 two models side by side, on the same states and seeds
    policyscope video RUN                          its arms side by side
    policyscope jobs list|watch|cancel|retry       the long work of the running server
    policyscope cluster scheduler|worker           run those on other machines
    policyscope make-artifacts --env … --policy …  train an SAE for a policy of yours
    policyscope sweep MODEL --env …                many SAEs: the smallest that passes; use-sweep
    policyscope report MODEL                       whether its SAE can stand in for what it explains
    policyscope features|feature|clusters MODEL    what its features respond to and do; note adds your words
    policyscope collections list|add|export MODEL  named lists of its features, each with a note
    policyscope scan MODEL --env …                 which features change behaviour, confirmed on fresh seeds
    policyscope dose-response MODEL --feature …    one feature at many doses, beside its controls
    policyscope calibrate MODEL --feature …        the dose that changes a measure as wanted
    policyscope export run RUN                     the evidence of a run, in one file; export sae MODEL
    policyscope workspace export|import FILE       everything, or one model, to take to another machine
    policyscope verify FILE                        play it again: identical, or what differs

    Everything that is written lies under the artifacts root (POLICYSCOPE_ARTIFACTS, default: artifacts/).
    """
    render_without_a_display()


COMMANDS = (
    *models.COMMANDS,
    *runs.COMMANDS,
    *versus.COMMANDS,
    *effects.COMMANDS,
    *understanding.COMMANDS,
    *sweeps.COMMANDS,
)

for command in (serve, envs, jobs, cluster, acting, make_artifacts, collections, workspace, *COMMANDS):
    main.add_command(command)
