"""
Loads a server for a bounded time, from a process of its own, and tells how it went.

It keeps its connections open, has one request under way on each, and does as little as it can for one: every request is
put together before the clock runs, and of an answer it reads the status and the length. Whatever it spends, it spends
on every contender alike; on a machine with few cores that draws all of them together.

    echo 127.0.0.1:8000 5 | python benchmarks/load.py PATH BODIES

BODIES is a file with one body a line. For each line of its input, an address and a number of seconds, it loads that
server for so long, over new connections, and prints one line of JSON.
"""

import argparse
import json
import socket
import sys
from pathlib import Path
from select import POLLIN, poll
from time import perf_counter_ns, sleep
from typing import Any

AT_ONCE = 256 * 1024
END_OF_HEAD = b"\r\n\r\n"
GOOD = b"HTTP/1.1 200"
# A server that says nothing for so long has failed.
PATIENCE = 10_000  # milliseconds


class Failed(Exception):
    """An answer that is none."""


class Connection:
    """One request after another; `at` is the body that comes next."""

    def __init__(self, address: tuple[str, int], requests: list[bytes], at: int):
        self.requests = requests
        self.at = at
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = b""
        self.missing = 0
        self.begun = 0

    def ask(self) -> None:
        """Send the next request. It is far smaller than what the kernel takes at once."""
        self.begun = perf_counter_ns()
        self.socket.sendall(self.requests[self.at])
        self.at = (self.at + 1) % len(self.requests)

    def read(self) -> bool:
        """Take what has come in; true when the answer is whole."""
        piece = self.socket.recv(AT_ONCE)
        if not piece:
            raise Failed("the connection was closed")
        if self.missing:
            self.missing -= len(piece)
        else:
            self.head += piece
            end = self.head.find(END_OF_HEAD)
            if end < 0:
                return False
            if not self.head.startswith(GOOD):
                raise Failed(self.head[:2000].decode(errors="replace"))
            start = self.head.index(b"Content-Length: ") + 16
            length = int(self.head[start : self.head.index(b"\r", start)])
            self.missing = end + len(END_OF_HEAD) + length - len(self.head)
            self.head = b""
        if self.missing < 0:
            raise Failed("more than one answer")
        return not self.missing


def load(address: tuple[str, int], requests: list[bytes], connections: int, warm: float, seconds: float) -> Any:
    """Ask for `warm` seconds uncounted, then for `seconds`; answers per second, and how long each took."""
    kept = []
    for number in range(connections):
        kept.append(Connection(address, requests, number * len(requests) // connections))
        # One by one, so that no single process of the server finds them all waiting.
        sleep(0.002)
    by_file = {each.socket.fileno(): each for each in kept}
    poller = poll()
    for file in by_file:
        poller.register(file, POLLIN)
    for each in kept:
        each.ask()
    took: list[int] = []
    answered = 0
    start = perf_counter_ns() + int(warm * 1e9)
    end = start + int(seconds * 1e9)
    now = 0
    while now < end:
        ready = poller.poll(PATIENCE)
        if not ready:
            raise Failed("no answer")
        for file, _ in ready:
            connection = by_file[file]
            if connection.read():
                now = perf_counter_ns()
                answered += 1
                if now >= start:
                    took.append(now - connection.begun)
                connection.ask()
    for each in kept:
        each.socket.close()
    return {
        "answered": answered,  # those before the clock ran too
        "per_second": len(took) / (now - start) * 1e9,
        "microseconds": [each // 1000 for each in took],
    }


def request_of(address: str, path: str, body: bytes) -> bytes:
    """As much as a program sends."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {address}\r\nAccept: application/json\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def main() -> None:
    """Load whom the input names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("path")
    parser.add_argument("bodies", type=Path)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--warm", type=float, default=0.05)
    given = parser.parse_args()
    bodies = given.bodies.read_bytes().splitlines()
    for line in sys.stdin:
        address, seconds = line.split()
        host, _, port = address.rpartition(":")
        requests = [request_of(address, given.path, body) for body in bodies]
        told = load((host, int(port)), requests, given.connections, given.warm, float(seconds))
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
