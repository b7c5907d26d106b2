"""The shapes of requests and responses: they validate, dump, and make the OpenAPI document."""
