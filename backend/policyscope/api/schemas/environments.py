"""Environments, demos and the health of the server."""

from policyscope.api.schemas.base import Answer, many, one_of, real, text, texts, whole, yes


class Channel(Answer):
    index = whole("Position in the vector.")
    name = text("Name.")
    unit = text("Unit.")
    low = real("Lower bound; null when unbounded.")
    high = real("Upper bound; null when unbounded.")


class Environment(Answer):
    id = text("Id to send.")
    title = text("Name to show.")
    obs_dim = whole("Numbers in an observation.")
    act_dim = whole("Numbers in an action, or actions to choose from.")
    action_kind = one_of(("continuous", "discrete"), "Discrete actions are chosen by the largest output.")
    observations = many(Channel)
    actions = many(Channel)
    max_episode_steps = whole("Step limit.")
    dt = real("Seconds per step.")
    terminates = yes("An episode can end early (a fall).")
    falls = yes("An episode can count as fallen.")
    renderable = yes("Pictures can be made here.")
    render_note = text("Why not, if not.", none=True)
    feet = texts("Legs whose floor contact a gate can look at.")
    live = one_of(("browser", "server"), "Who steps it in live steering.")
    aliases = texts("Other names it answers to.")


class Environments(Answer):
    envs = many(Environment)


class Demo(Answer):
    id = text("Id to send.")
    title = text("Name to show.")
    description = text("What it is.")
    env = text("Environment.")
    artifacts_dir = text("Directory to send to load_sae.")
    tap_index = whole("Tap to send to load_sae.")
    available = yes("Its files are there.")


class Demos(Answer):
    demos = many(Demo)


class Health(Answer):
    ok = yes("Always true.")
    version = text("Version of policyscope.")
