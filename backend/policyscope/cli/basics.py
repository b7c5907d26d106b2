"""``policyscope serve`` and ``policyscope envs``."""

from __future__ import annotations

import sys
from dataclasses import replace

import click

from policyscope.cli.console import sentences
from policyscope.config import load_settings
from policyscope.core.envs import EnvInfo, get_env, list_envs


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port to listen on (POLICYSCOPE_PORT, default 5000)."
)
def serve(port: int | None) -> None:
    """Serve the API and the workbench at one address, in the foreground.

    \b
    policyscope serve --port 5000
    """
    from policyscope.api.serve import serve as run_server

    with sentences():
        settings = load_settings()
        if port is not None:
            settings = replace(settings, port=port)
        address = f"http://{'127.0.0.1' if settings.host == '0.0.0.0' else settings.host}:{settings.port}/"
        where = f"{address}{_fragment(settings.token)}"
        click.echo(f"policyscope serves {settings.artifacts} at {where}  (Ctrl-C stops)", err=True)
        run_server(settings)


def _fragment(token: str | None) -> str:
    """To a person at a terminal an address that holds the token; what is not a terminal is a log."""
    if token is None:
        return ""
    return f"#token={token}" if sys.stderr.isatty() else "  with the token of POLICYSCOPE_TOKEN"


@click.command()
@click.argument("env_id", required=False)
def envs(env_id: str | None) -> None:
    """List the environments, or describe one: its observations and actions by name.

    \b
    policyscope envs Walker2d-v5
    """
    with sentences():
        if env_id is not None:
            _describe(get_env(env_id))
            return
        click.echo(f"{'environment':30} {'observations':>12} {'actions':>8}  {'steps':>5}")
        for info in list_envs():
            kind = " (discrete)" if info.action_kind == "discrete" else ""
            click.echo(
                f"{info.id:30} {info.obs_dim:>12} {info.act_dim:>8}  {info.max_episode_steps:>5}{kind}"
            )


def _describe(info: EnvInfo) -> None:
    click.echo(f"{info.id}: {info.title}; at most {info.max_episode_steps} steps")
    for title, channels in (("observations", info.observations), ("actions", info.actions)):
        click.echo(f"\n{title}")
        for channel in channels:
            unit = f" [{channel.unit}]" if channel.unit else ""
            bounded = channel.low is not None and channel.high is not None
            box = f"  {channel.low:g} … {channel.high:g}" if bounded else ""
            click.echo(f"  {channel.index:>3}  {channel.name}{unit}{box}")
