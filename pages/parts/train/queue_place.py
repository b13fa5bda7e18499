"""What a run that has not started waits for: its place in the queue, and about how long."""

from core.formatting import count, estimate, plain
from core.jobs import slots
from core.jobs.places import Place
from core.jobs.scheduler import MAX_PAUSE_SECONDS
from core.jobs.waiting_time import seconds_until_start
from core.runs.store import PAUSED, Run
from pages.shared import caches
from pages.shared.local_time import run_title


def waits_for(run: Run) -> str:
    """Sentences about the runs before this one, which train or wait."""
    place = caches.jobs().place
    if problem := place.problem():
        return f"Waiting. {problem}"
    where = " on the cluster" if place.address else ""
    starting = f"Starting a training process{where}. It loads Keras first, which takes some seconds."
    if place.has(run.id):
        return starting
    queue = caches.jobs().queue()
    places = [waiting.id for waiting in queue]
    before = queue[: places.index(run.id)] if run.id in places else []
    ahead = [other for other in before if set(place.slots(other.config)) & set(place.slots(run.config))]
    running = [other for other in caches.jobs().running() if _may_block(other, run, place)]
    busy = next(iter(running), None)
    if busy is None and not ahead:
        other = "" if place.address else _other_user(run)
        return other or starting
    position = "next in the queue" if not ahead else f"{count(len(ahead), 'run')} before it"
    seconds = seconds_until_start(ahead, running)
    when = f" It starts in about {estimate(seconds)}." if seconds is not None else ""
    if busy is None:
        return f"Waiting: {position}.{when}"
    if busy.state != PAUSED:
        return f"Waiting for the device: {position}.{when} Now training: {plain(run_title(busy))}."
    own = busy.starter == run.starter
    then = "Continue or stop it." if own else f"It continues or is stopped within {MAX_PAUSE_SECONDS:.0f} s."
    return f"Waiting for the device: {position}. {plain(run_title(busy))} is paused and uses it. {then}"


def _may_block(other: Run, run: Run, place: Place) -> bool:
    """Whether a run that trains uses a device that this one may use; a run whose device is not known may."""
    return place.slot_of(other) in ("", *place.slots(run.config))


def _other_user(run: Run) -> str:
    """Who uses the device, if it is not one of the runs in the queue; empty if there is room."""
    possible = slots.slots_for(run.config.device)
    holders = [holder for slot in possible for holder in slots.holders(caches.store(), slot)]
    if len(holders) < sum(slot.capacity for slot in possible) or run.id in [holder.get("run") for holder in holders]:
        return ""
    return "Waiting for the device: another program on this machine uses it."
