"""Events of a made-up run, four batches in each epoch."""

from core.runs.events import BatchDone, EpochDone, Started
from core.runs.timeline import EventFile

STARTED = Started(time=1.0, device="CPU", parameters=10, train_images=100, validation_images=0, batches=4, epochs=3)


def epoch(number: int, loss: float = 0.5) -> EpochDone:
    return EpochDone(step=4 * number, epoch=number, seconds=number, loss=loss, accuracy=0.9, learning_rate=0.001)


def batch(step: int) -> BatchDone:
    return BatchDone(step, (step - 1) // 4 + 1, (step - 1) % 4 + 1, step / 4, 1 / step, 0.5, 1000.0)


def write_events(run, *events) -> None:
    file = EventFile(run.events_path)
    for event in events:
        file.append(event)
    file.close()
