"""All that is asked of Ray. Only the bridge and the nodes import this module.

Each run has a named, detached actor: it outlives the bridge, which finds it again by its name.
"""

import logging
import os
from collections import Counter
from typing import Any

import ray

from core.jobs.cluster import token_check
from core.jobs.cluster.interface import ActorLost, Node
from core.jobs.cluster.remote_run import RemoteRun
from core.jobs.cluster.settings import ClusterSettings
from core.jobs.places import GPU
from core.subprocess_task import ROOT

_CORE_FILES = {"excludes": ["**/__pycache__", "**/*.pyc"]}
# Ray reads these when it is imported or when it connects. The operator's own values win.
ENVIRONMENT = {
    "RAY_AUTH_MODE": "token",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS": "0",
}


class RunActor(RemoteRun):
    """One run at a time on a node, as Ray starts it."""

    def hello(self) -> dict[str, str]:
        return {**super().hello(), "node": ray.get_runtime_context().get_node_id()}


class RayCluster:
    """A connection to a Ray cluster. Raises `ConnectionError` if it does not answer."""

    def __init__(self, settings: ClusterSettings, namespace: str) -> None:
        self.settings = settings
        for name, value in ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        # The nodes use exactly this program, whatever is installed there.
        runtime_env = {"py_modules": [str(ROOT / "core")], **_CORE_FILES}
        ray.init(
            address=settings.address,
            namespace=namespace,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env=runtime_env,
        )

    def nodes(self) -> list[Node]:
        """The nodes that live, in the order of their names."""
        alive = [node for node in ray.nodes() if node["Alive"]]
        hosts = Counter(node["NodeManagerHostname"] for node in alive)
        found = []
        for node in alive:
            host, resources = node["NodeManagerHostname"], node["Resources"]
            name = host if hosts[host] == 1 else f"{host}-{node['NodeID'][:4]}"
            models = [key.partition(":")[2] for key in resources if key.startswith("accelerator_type:")]
            found.append(
                Node(node["NodeID"], name, resources.get("CPU", 0.0), resources.get("GPU", 0.0), "".join(models[:1]))
            )
        return sorted(found, key=lambda node: node.name)

    def is_open(self) -> bool:
        """Whether it asks for no token."""
        return token_check.is_open(ray.get_runtime_context().gcs_address)

    def actors(self) -> set[str]:
        """The names of all actors of this home."""
        return set(ray.util.list_named_actors())

    def start(self, name: str, kind: str) -> None:
        """Starts an actor; Ray places it. It waits while the devices are in use."""
        options: dict[str, Any] = {"num_cpus": self.settings.cpus, "scheduling_strategy": "SPREAD"}
        if kind == GPU:
            options["num_gpus"] = self.settings.gpu
        actor = ray.remote(RunActor)
        actor.options(name=name, lifetime="detached", max_concurrency=4, **options).remote()

    def ask(self, name: str, method: str, *arguments: Any) -> Any:
        """Calls a method of an actor; `answer` waits for what it returns. Raises `ActorLost`."""
        try:
            return getattr(ray.get_actor(name), method).remote(*arguments)
        except ValueError as error:
            raise ActorLost(name) from error

    def answer(self, asked: Any, seconds: float) -> Any:
        """What the call returned. Raises `TimeoutError` if it takes longer, `ActorLost`, or what the method raised."""
        try:
            return ray.get(asked, timeout=seconds)
        except ray.exceptions.GetTimeoutError as error:
            raise TimeoutError from error
        except ray.exceptions.ActorUnavailableError as error:  # perhaps for a moment
            raise ConnectionResetError from error
        except ray.exceptions.RayActorError as error:
            raise ActorLost(str(error)) from error

    def kill(self, name: str) -> None:
        try:
            ray.kill(ray.get_actor(name))
        except ValueError:
            return  # it is gone
