"""A file in a multipart form."""

from flask_smorest.fields import Upload


class FileField(Upload):
    """The werkzeug FileStorage, as it is."""
