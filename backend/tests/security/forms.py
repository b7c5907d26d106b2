"""The two forms of a test: short in the normal suite, full under ``make test-security``."""

import pytest

both = pytest.mark.parametrize(
    "full", [pytest.param(False, id="short"), pytest.param(True, id="full", marks=pytest.mark.security)]
)
