"""A home with thousands of runs: how long Start, Train and Compare take to open.

    MNIST_PATH=… .venv/bin/python -m tests.benchmarks.many_runs [--runs 10000]

"First" is the first page after a start of the server, "again" the same page once more. Without the index is how a home
of an earlier version opens once.
"""

import argparse
import asyncio
import json
import tempfile
from pathlib import Path

from core.config.run_config import RunConfig
from core.runs.store import INDEX, RunStore
from tests import made_runs
from tests.benchmarks.machine import describe
from tests.benchmarks.visitor import Visitor
from tests.browser.conftest import Server

PAGES = ("start", "train", "compare")
MAX_RUNS = 20_000


def fill(home: Path, runs: int) -> None:
    """Writes run folders as workers do, by copying five made-up runs with other ids and times."""
    store = RunStore(home)
    made = [made_runs.make(store, RunConfig(units=units, epochs=5)) for units in (16, 32, 64, 128, 256)]
    for number in range(runs - len(made)):
        of = made[number % len(made)]
        facts = json.loads(of.facts_path.read_bytes())
        folder = store.folder / f"260101-{number:06d}-{number % 65536:04x}"
        (folder / "epochs").mkdir(parents=True)
        facts |= {"created": facts["created"] - 60 * number - 100, "colour": number}
        (folder / "run.json").write_text(json.dumps(facts))
        (folder / "events.jsonl").write_bytes(of.events_path.read_bytes())
        (folder / "epochs" / "0005.npz").write_bytes(b"PK")


async def opened(url: str, page: str) -> tuple[float, float, float, list[str]]:
    async with Visitor(url, 1) as visitor:
        first = await visitor.open(page)
        await asyncio.sleep(3)  # the index is written
        return first, await visitor.open(page), visitor.received_bytes / 1e6, visitor.errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    runs = min(parser.parse_args().runs, MAX_RUNS)
    print(describe(), flush=True)
    print("| page | first | again | sent |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        fill(Path(home), runs)
        for page, what in (("start", ", without the index"), *((page, "") for page in PAGES)):
            server = Server(Path(home))
            first, again, sent, errors = asyncio.run(opened(server.url, page))
            server.stop()
            print(f"| {page}{what} | {first:.2f} s | {again:.2f} s | {sent:.1f} MB | {errors or ''}", flush=True)
        print(f"the index has {(Path(home) / INDEX).stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
