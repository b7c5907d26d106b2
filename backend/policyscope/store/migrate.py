"""Bring the database to the present schema; run at start-up."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from policyscope.core.errors import InvalidInput


def migrate(engine: Engine) -> None:
    """Apply the missing migrations. Raises InvalidInput when the database cannot be brought up to date."""
    config = Config()
    config.set_main_option("script_location", "policyscope:store/migrations")
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise InvalidInput(
            "The database was written by a newer policyscope. Update policyscope, or set DATABASE_URL to "
            f"another database ({error})."
        ) from error
    except SQLAlchemyError as error:
        raise InvalidInput(
            "The database cannot be opened. Check DATABASE_URL and the permissions of the artifacts root "
            f"({type(error).__name__})."
        ) from error
