"""The commands and the firewall of docs/cluster.md on three machines: the cluster works, and nobody else reaches it."""

import json
import os
import re
import secrets
import sys
from pathlib import Path

import pytest

from tests import cluster_machines
from tests.conftest import ROOT
from tests.small_run import wait_until
from tests.unit.jobs.cluster.needs_ray import NEEDS_RAY

pytestmark = NEEDS_RAY
RULES = ROOT / "docs" / "cluster" / "firewall.nft"
PORTS = range(6379, 7000)
LITTLE = ("--num-cpus=1", f"--object-store-memory={80 * 2**20}", "--block")


def documented(kind: str) -> list[str]:
    """The words of the documented command that starts the head ("--head") or a node ("--address=")."""
    text = (ROOT / "docs" / "cluster.md").read_text("utf-8").partition("```sh")[2].partition("```")[0]
    text = text.replace("\\\n", "")
    (ports,) = re.findall(r"PORTS=\"(.+?)\"", text)
    (line,) = [line for line in text.splitlines() if "ray start" in line and kind in line]
    command = line.partition("ray start")[2].replace("$PORTS", ports)
    addresses = cluster_machines.ADDRESSES
    return command.replace("LAPTOP", addresses["head"][0]).replace("NODE", addresses["node"][0]).split()


def test_only_machines_of_the_cluster_reach_it_and_only_at_the_named_addresses(tmp_path: Path):
    if reason := cluster_machines.missing():
        pytest.skip(reason)
    environment = {
        **os.environ, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32), "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ADDRESS": "",
    }  # fmt: skip
    ray = Path(sys.executable).with_name("ray")
    with cluster_machines.machines(environment) as machines:
        head, node, stranger = machines.values()
        head.start(str(ray), "start", *documented("--head"), *LITTLE, log=tmp_path / "head.log")
        wait_until(lambda: {6379, 6380} <= head.listening(), 180)
        node.start(str(ray), "start", *documented("--address="), *LITTLE, log=tmp_path / "node.log")
        wait_until(lambda: 6380 in node.listening(), 180)
        named, other = head.addresses
        assert stranger.reached(other, [6379]) == stranger.reached(named, [6379]) == [6379]  # Ray is on all networks

        rules = re.sub(r"elements = \{.*\}", f"elements = {{ {named}, {node.addresses[0]} }}", RULES.read_text("utf-8"))
        (tmp_path / "rules").write_text(rules)
        for machine in (head, node, node):  # the second time, the rules replace themselves
            machine.ask("nft", "-f", str(tmp_path / "rules"))
        environment["RAY_ADDRESS"] = f"{named}:6379"
        trained = json.loads(head.ask(sys.executable, "-m", "tests.cluster_machines", seconds=600))
        assert len(set(trained["nodes"])) == 2
        assert set(trained["ports"]) <= set(PORTS), "every process on the head, ours among them"
        open_ports = sorted(head.listening() | node.listening())
        assert set(open_ports) <= set(PORTS)
        assert node.reached(named, [6379, 6380]) == [6379, 6380]
        assert node.reached(other, open_ports) == []  # nobody named this address
        assert stranger.reached(named, open_ports) == stranger.reached(other, open_ports) == []
