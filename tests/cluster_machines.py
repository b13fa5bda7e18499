"""Machines for tests: network namespaces of Linux. Each has addresses, sockets and processes of its own.

`head` and `node` are in the network of the cluster, `head` and `stranger` in another one. `stranger` sends what is for
the cluster's network to `head`. Who is not root, or has no `ip` and `nft`, cannot make them.

`python -m tests.cluster_machines` trains two runs on the cluster at RAY_ADDRESS and prints what came of them.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import ROOT

ADDRESSES = {"head": ("10.109.0.1", "10.108.0.1"), "node": ("10.109.0.2",), "stranger": ("10.108.0.9",)}
RAY_FILES = "/tmp/ray"
_CONNECT = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def opens(port):
    try:
        socket.create_connection((sys.argv[1], int(port)), 1).close()
    except OSError:
        return False
    return True
with ThreadPoolExecutor(32) as pool:
    found = list(pool.map(opens, sys.argv[2:]))
print(json.dumps([int(port) for port, answers in zip(sys.argv[2:], found) if answers]))
"""
_PREFIX = f"dl{os.getpid() % 100_000}"


class Machine:
    """One of them. environment: of all that it runs."""

    def __init__(self, name: str, environment: dict[str, str]) -> None:
        self.name, self.environment = f"{_PREFIX}{name}", environment
        self.addresses = ADDRESSES[name]
        _ip("netns", "add", self.name)
        _ip("-n", self.name, "link", "set", "lo", "up")
        # All processes end with this one, because it is the first of their process namespace.
        command = ["ip", "netns", "exec", self.name, "unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
        own_files = f"mount -t tmpfs tmpfs {RAY_FILES} && exec sleep infinity"  # Ray finds clusters by files there
        Path(RAY_FILES).mkdir(exist_ok=True)
        self._first = subprocess.Popen([*command, "sh", "-c", own_files])

    def start(self, *command: str, log: Path) -> subprocess.Popen[bytes]:
        with log.open("wb") as file:
            return subprocess.Popen(self._inside(command), cwd=ROOT, stdout=file, stderr=file, env=self.environment)

    def ask(self, *command: str, seconds: float = 120.0) -> str:
        """What the command prints. It must succeed."""
        asked = self._inside(command)
        done = subprocess.run(asked, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=seconds)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def listening(self) -> set[int]:
        """The ports on which its processes listen."""
        return {int(line.split()[3].rpartition(":")[2]) for line in self.ask("ss", "-Hltn").splitlines()}

    def reached(self, address: str, ports: Sequence[int]) -> list[int]:
        """Those of `ports` to which a connection can be opened from here within a second."""
        return json.loads(self.ask(sys.executable, "-c", _CONNECT, address, *map(str, ports)))

    def close(self) -> None:
        self._first.kill()
        self._first.wait()
        _ip("netns", "del", self.name)

    def _inside(self, command: tuple[str, ...]) -> list[str]:
        children = Path(f"/proc/{self._first.pid}/task/{self._first.pid}/children")
        (inside,) = children.read_text().split()
        return ["nsenter", "-t", inside, "-n", "-p", "-m", f"--wd={ROOT}", *command]


def missing() -> str:
    """Why these machines cannot be made here; empty if they can."""
    programs = [name for name in ("ip", "ss", "nft", "unshare", "nsenter") if not shutil.which(name)]
    if programs:
        return f"not installed: {', '.join(programs)}"
    if os.geteuid() != 0 or subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode:
        return "only root may make networks"
    return ""


@contextmanager
def machines(environment: dict[str, str]) -> Iterator[dict[str, Machine]]:
    """The three machines by name."""
    made: dict[str, Machine] = {}
    try:
        for name in ADDRESSES:
            made[name] = Machine(name, environment)
        for place, (one, other) in enumerate((("head", "node"), ("head", "stranger"))):
            cable = [f"{_PREFIX}{end}{place}" for end in "ab"]
            _ip("link", "add", cable[0], "type", "veth", "peer", "name", cable[1])
            for machine, end in ((made[one], cable[0]), (made[other], cable[1])):
                _ip("link", "set", end, "netns", machine.name, "name", f"net{place}")
                address = machine.addresses[min(place, len(machine.addresses) - 1)]
                _ip("-n", machine.name, "addr", "add", f"{address}/24", "dev", f"net{place}")
                _ip("-n", machine.name, "link", "set", f"net{place}", "up")
        for name, other in (("node", "10.108.0.0/24"), ("stranger", "10.109.0.0/24")):
            gateway = made["head"].addresses[0 if name == "node" else 1]
            _ip("-n", made[name].name, "route", "add", other, "via", gateway)
        yield made
    finally:
        for machine in made.values():
            machine.close()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def main() -> None:
    from core.jobs.cluster.place import choose
    from core.jobs.scheduler import Scheduler
    from core.runs.store import RunStore
    from tests.ray_cluster import end_bridge
    from tests.small_run import SMALL, wait_until

    with tempfile.TemporaryDirectory() as home:
        store = RunStore(Path(home))
        jobs = Scheduler(store, choose(store))
        wait_until(lambda: not jobs.place.problem() and len(jobs.place.devices()) == 2, 180)  # a busy machine is slow
        runs = [jobs.submit(SMALL.changed(seed=seed)) for seed in range(2)]
        wait_until(lambda: all(run.step for run in runs), 180)
        sockets = subprocess.run(["ss", "-Hltn"], capture_output=True, text=True, check=True).stdout.splitlines()
        wait_until(lambda: all(run.state == "finished" for run in runs), 180)
        jobs.close()
        end_bridge(store)
        nodes = [run.started.device.rpartition(" on ")[2] for run in runs]
        ports = [int(line.split()[3].rpartition(":")[2]) for line in sockets]
        print(json.dumps({"nodes": nodes, "ports": ports}))


if __name__ == "__main__":
    main()
