"""Whether a cluster lets strangers in, with a head node that only answers this question."""

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from core.jobs.cluster.token_check import is_open


@pytest.fixture(params=[True, False])
def head(request):
    """The address of a head node that accepts everybody, or refuses who has no token."""

    def answer(question: bytes, context: grpc.ServicerContext) -> bytes:
        if not request.param:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "no token")
        return b""

    server = grpc.server(ThreadPoolExecutor(1))
    handler = {"CheckAlive": grpc.unary_unary_rpc_method_handler(answer)}
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("ray.rpc.NodeInfoGcsService", handler)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}", request.param
    server.stop(None)


def test_only_a_cluster_without_token_is_open(head):
    address, accepts = head
    assert is_open(address) is accepts


def test_a_head_node_that_does_not_answer_is_not_called_open():
    assert not is_open("127.0.0.1:9", seconds=0.5)
