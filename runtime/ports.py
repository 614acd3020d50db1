"""TCP ports of this machine: free ones, and whether one can be had."""

import socket
from typing import Final

CONNECT_SECONDS: Final = 1.0


def free_port(address: str = "127.0.0.1") -> int:
    """A port that nobody listens on now. Another process may take it before it is used."""
    with socket.socket() as listener:
        listener.bind((address, 0))
        return int(listener.getsockname()[1])


def is_port_free(address: str, port: int) -> bool:
    """Whether a server could listen there. Connections that are closing do not count."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address, port))
        except OSError:
            return False
    return True


def is_listening(address: str, port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection((address, port), timeout=CONNECT_SECONDS):
            return True
    except OSError:
        return False
