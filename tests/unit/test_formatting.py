"""Numbers are written one way."""

import pytest

from core.formatting import count, duration, estimate, file_size, percent, points


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.42, "0.4 s"), (9.96, "10.0 s"), (26.2, "26 s"), (59.7, "1 min"), (200, "3 min 20 s"), (1500, "25 min"),
     (3600, "1 h"), (7500, "2 h 5 min")],
)  # fmt: skip
def test_a_duration_has_the_unit_that_people_would_use(seconds: float, text: str):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "1 s"), (1.2, "1 s"), (9.6, "10 s"), (26.2, "26 s"), (200, "3 min 20 s")]
)
def test_an_estimate_claims_no_tenths_of_a_second(seconds: float, text: str):
    assert estimate(seconds) == text


def test_percents_points_counts_and_sizes():
    assert percent(0.98014) == "98.01%"
    assert percent(None) == "–"
    assert points(-0.0023) == "0.23 points"
    assert (count(1, "image"), count(60_000, "image"), count(7)) == ("1 image", "60,000 images", "7")
    assert (file_size(1_234_567), file_size(340_100)) == ("1.2 MB", "340 kB")
    assert (file_size(15_300_000_000), file_size(999_960_000)) == ("15.3 GB", "1.0 GB")  # it was 15300.0 MB
    assert (file_size(999_940_000), file_size(999_600), file_size(999_400)) == ("999.9 MB", "1.0 MB", "999 kB")
