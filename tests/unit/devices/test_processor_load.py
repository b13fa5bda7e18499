"""How busy the processor is: the same answer in every thread."""

import threading
from types import SimpleNamespace

import psutil
import pytest

from core.devices import processor_load
from core.devices.processor_load import ProcessorLoad


class Processor:
    """Two cores, of which one works: each second of the clock adds one busy and one idle second."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def cpu_times(self) -> SimpleNamespace:
        times = {"user": self.now, "guest": self.now / 2, "idle": 0.75 * self.now, "iowait": 0.25 * self.now}
        return SimpleNamespace(_asdict=lambda: times)


@pytest.fixture
def processor(monkeypatch):
    processor = Processor()
    monkeypatch.setattr(processor_load, "time", processor)
    monkeypatch.setattr(psutil, "cpu_times", processor.cpu_times)
    return processor


def ask_in_new_thread(load: ProcessorLoad) -> float:
    answers: list[float] = []
    thread = threading.Thread(target=lambda: answers.append(load.share()))
    thread.start()
    thread.join()
    return answers[0]


def test_a_new_thread_gets_the_load_and_not_zero(processor):
    load = ProcessorLoad()
    assert ask_in_new_thread(load) == pytest.approx(0.5), "the first question waits for a second reading"
    processor.now += 1
    waited = processor.now
    assert ask_in_new_thread(load) == pytest.approx(0.5)
    assert processor.now == waited, "the reading of the other thread is recent"


def test_a_question_after_a_long_time_is_about_now(processor):
    load = ProcessorLoad()
    load.share()
    processor.now += 3600
    before = processor.now
    assert load.share() == pytest.approx(0.5)
    assert processor.now > before


def test_a_second_question_at_the_same_moment_gets_the_same_answer(processor):
    load = ProcessorLoad()
    assert load.share() == load.share() == pytest.approx(0.5)
