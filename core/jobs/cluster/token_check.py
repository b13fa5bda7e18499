"""Whether a Ray cluster accepts programs from everybody: it then runs without token authentication.

Ray listens on all networks of a machine. So only its token, and a firewall, keep strangers out.
"""

WARNING = (
    "The cluster has no token: everybody who reaches a port of Ray can run programs on all its machines. Stop Ray on "
    "each machine, set RAY_AUTH_MODE=token there, and start Ray again (docs/cluster.md, Security)."
)
_METHOD = "/ray.rpc.NodeInfoGcsService/CheckAlive"  # it answers an empty question without any effect


def is_open(address: str, seconds: float = 5.0) -> bool:
    """Asks the head node at `address`, "host:port", as a stranger does: without token, without certificate."""
    import grpc  # only the bridge needs it, once

    with grpc.insecure_channel(address) as channel:
        ask = channel.unary_unary(_METHOD, request_serializer=bytes, response_deserializer=bytes)
        try:
            ask(b"", timeout=seconds)
        except grpc.RpcError:
            return False
    return True
