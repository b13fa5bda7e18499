"""A copy is trained on personal digits in its own process. It can be stopped, waits and reports errors."""

import time
from collections.abc import Iterator

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.drawing.personal_digits import PersonalDigits
from core.errors import DrawingError
from core.files import Lock
from core.jobs.personalise import Personalisation
from core.runs.store import RunStore
from tests.small_run import wait_until

ME = "0123456789ab"


@pytest.fixture
def teaching(tmp_path) -> Iterator[Personalisation]:
    teaching = Personalisation(ME, RunStore(tmp_path))
    yield teaching
    teaching.stop()


def with_one_digit(teaching: Personalisation) -> Personalisation:
    PersonalDigits(ME, teaching.store.home).add(np.full((28, 28), 9, np.uint8), 4)
    return teaching


@pytest.mark.slow
def test_a_copy_is_trained_to_its_end_and_the_gain_is_reported(teaching):
    from core.training.models import build, save

    run = teaching.store.create(RunConfig(units=8, validate_on="none"), name="the original")
    save(build(run.config), run.model_path)
    with_one_digit(teaching).start(run.id)
    shares, message, deadline = [], set(), time.monotonic() + 60
    while (now := teaching.progress()).running and time.monotonic() < deadline:
        shares.append(now.share)
        message.add(now.message)
        time.sleep(0.05)
    assert teaching.progress().error == ""
    result = teaching.result()
    assert result.title == "the original"
    assert result.gain.judged == 1
    assert result.gain.mine[1] == 1
    assert result.gain.newest[::2] == (4, 4)
    copy = teaching.store.get(result.run_id)
    assert copy.starter == ME
    assert copy.has_model
    assert shares == sorted(shares)
    assert any("Loading Keras" in each for each in message)


def test_the_second_process_waits_and_may_give_up(teaching):
    (teaching.store.home / "hand").mkdir()
    turn = Lock(teaching.store.home / "hand" / "teaching.lock")
    assert turn.acquire({})
    with_one_digit(teaching).start("shipped")
    wait_until(lambda: "yours is next" in teaching.progress().message)
    teaching.stop()
    assert teaching.progress() == (False, 0.0, None, "", "")
    assert teaching.result() is None
    turn.release()


def test_a_run_that_is_gone_is_reported_in_a_sentence(teaching):
    with_one_digit(teaching)
    with pytest.raises(Exception, match="There is no run"):
        teaching.task.execute(lambda report: teaching.train_copy("no-such-run", None, report))
    assert "There is no run" in teaching.progress().error


def test_without_a_digit_nothing_begins(teaching):
    with pytest.raises(DrawingError, match="no digits to train on"):
        teaching.start("shipped")
    assert not teaching.progress().running
