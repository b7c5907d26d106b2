"""Numbers in sentences."""

import pytest

from policyscope.core.percent import number, percent, points


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (percent(0.953), "95 %"),
        (percent(-0.0312, 1), "−3.1 %"),
        (number(-0.041239), "−0.04124"),
        (number(2.0), "2"),
        (number(-0.000001), "−1e−06"),
        (points(0.05), "+5 points"),
        (points(-0.125), "−12 points"),
        (points(0.0), "0 points"),
        (points(-0.001), "0 points"),
    ],
)
def test_numbers_are_written_with_a_true_minus_and_no_sign_for_nothing(told, text):
    assert told == text
