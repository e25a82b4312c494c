"""
gunicorn's worker with threads, with time limits for slow clients and for work that does not end.

A connection gets a thread when a whole request waits to be read, not before, so that neither a thousand idle clients
nor slow ones keep others waiting. What has not come in whole in time is cut off. A thread that is still at work long
after makes the worker stop and be replaced; a worker that hangs in C gives no sign of life and is replaced by the
master.
"""

import os
import re
import signal
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from selectors import EVENT_READ
from typing import Any

import structlog
from gunicorn import util
from gunicorn.http.errors import InvalidHeader, LimitRequestHeaders, LimitRequestLine
from gunicorn.workers.gthread import TConn, ThreadWorker

from rules import written

from .problems import KINDS, LANGUAGES, MEDIA_TYPE, Failure, body, failure_of_http
from .settings import Settings
from .watch import WATCH, new_id

# A thread may take this much longer than a whole batch before its worker is given up.
PATIENCE = 60
# How long a closed connection may still send, so that it reads its answer and not a reset.
LINGER = 2
# What is read at once.
PIECE = 64 * 1024
# What requests that are not whole yet may take of memory, all together; beyond that they are read by threads.
MOST_HELD = 64 * 1024 * 1024
# Places for new connections that idle ones give up.
KEPT_FREE = 10

# What nobody reads of a refused request is thrown away for so long, then its connection is closed.
DRAIN = 0.05
# gunicorn's own limit for the line before a chunk.
MOST_LINE = 8190

LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*0*([0-9]{1,9})[ \t]*\r\n")
CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n")
EXPECT = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*(?=\r\n)", re.IGNORECASE)
# A name, an IPv4 address or a bracketed IPv6 one, and a port; each may be absent (RFC 9110, section 7.2).
HOST = re.compile(r"(\[[0-9A-Za-z:.%]+\]|[0-9A-Za-z._~!$&'()*+,;=%-]*)(:[0-9]*)?")
# Much, and with a limit of its own: it is read by its thread.
BATCH = (b"post /v1/evaluations/batch ", b"post /v1/evaluations/batch?")

log = structlog.get_logger()


def check_host(request: Any) -> None:
    """Refuse a bad name, or in HTTP/1.1 none (RFC 9112, section 3.2); two of them gunicorn refuses itself."""
    host = dict(request.headers).get("HOST")
    if not HOST.fullmatch(host) if host is not None else request.version >= (1, 1):
        raise InvalidHeader("HOST", req=request)


class Connection(TConn):
    """A connection: what is known of the request that it brings."""

    def __init__(self, leave: Callable[[Any], None], *values: Any):
        super().__init__(*values)
        self.leave = leave
        self.request: Any = None
        self.held = bytearray()
        self.head = b""
        self.chunk = 0
        self.whole: int | None = None
        self.broken: Exception | None = None

    def take(self, piece: bytes, most: int) -> bool:
        """Hold what has come in of a request. Says whether that is all, or is not to be waited for."""
        self.held += piece
        if self.whole is None:
            self.whole = self.measure(most)
        return self.whole is not None and len(self.held) >= self.whole

    def measure(self, most: int) -> int | None:
        """
        How large the request will be; None as long as that cannot be told.

        0 where it is not to be waited for, because its head alone is reason enough to refuse it, or it is a batch.
        """
        if not self.head:
            end = self.held.find(b"\r\n\r\n")
            if end < 0:
                self.broken = self.why_broken()
                return 0 if self.broken else None
            self.head = bytes(self.held[: end + 4]).lower()
            if self.head.startswith(BATCH):
                return 0
            self.go_on(most)
            self.chunk = len(self.head)
        lengths = LENGTH.findall(self.head)
        if b"\r\ntransfer-encoding:" in self.head:
            return 0 if lengths or not CHUNKED.search(self.head) or self.chunks_end(most) else None
        if self.head.count(b"\r\ncontent-length:") > 1:
            return 0
        size = int(lengths[0]) if lengths else 0
        return len(self.head) + size if size <= most else 0

    def why_broken(self) -> Any:
        """What is wrong with the beginning of a head that no end could mend; no thread waits for more of it."""
        if self.held.count(b"\n") != self.held.count(b"\r\n"):
            return InvalidHeader("bare LF as line terminator")
        if len(self.held) < PIECE:
            return None
        line = self.held.find(b"\r\n")
        if 0 <= line <= MOST_LINE:
            return LimitRequestHeaders("a head without an end")
        return LimitRequestLine(line if line > 0 else len(self.held), MOST_LINE)

    def go_on(self, most: int) -> None:
        """Answer a client that asks before it sends its body, so that no thread waits for it."""
        found = EXPECT.search(self.held, 0, len(self.head))
        if not found or b" http/1.0\r\n" in self.head:  # to such a client nothing may be said before the answer
            return
        length = LENGTH.search(self.head)
        # A body that is too large is refused instead, and one that has been sent is no longer a question.
        if int(length[1]) <= most if length else CHUNKED.search(self.head):
            with suppress(OSError):
                self.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            del self.held[found.start() : found.end()]
            self.head = EXPECT.sub(b"", self.head)

    def chunks_end(self, most: int) -> bool:
        """Whether the last chunk has come in, or what comes are no chunks, or too many."""
        while (end := self.held.find(b"\r\n", self.chunk)) >= 0:
            try:
                size = int(self.held[self.chunk : end].partition(b";")[0], 16)
            except ValueError:
                return True
            if size <= 0:
                return size < 0 or self.held.find(b"\r\n\r\n", end) >= 0 or len(self.held) - end > PIECE
            self.chunk = end + 2 + size + 2
        return len(self.held) - self.chunk > MOST_LINE or len(self.held) > most + PIECE

    def hand_over(self) -> None:
        """Give what was held to gunicorn's parser, as if it came in now."""
        self.init()
        self.parser.unreader.unread(bytes(self.held))
        self.held, self.head, self.chunk, self.whole = bytearray(), b"", 0, None

    def came_in(self) -> bool:
        """Whether the request that is being answered has been read to its end."""
        request = self.request  # its thread may take it away at any moment
        if request is None:
            return False
        reader = request.body.reader
        return not getattr(reader, "length", getattr(reader, "parser", None))

    def close(self, graceful: bool = False) -> None:  # noqa: FBT001, FBT002 - as gunicorn has it
        """Close at once; or, when its client may still have to read, without waiting for it here."""
        if graceful:
            self.leave(self)
        else:
            super().close()


class Worker(ThreadWorker):
    """A process that answers requests in several threads."""

    settings = Settings()
    wsgi: Any
    alive: bool
    aborted = False
    ended = False

    def init_process(self) -> None:
        """Begin to serve."""
        self.under_way: dict[Any, float] = {}  # requests that have a thread, and since when
        self.arriving: dict[Any, float] = {}  # requests that come in, and until when they may
        self.held = 0  # bytes of those that come in
        self.leaving: dict[Any, float] = {}  # connections that are closed as soon as their client has read
        self.settle: Callable[[], None] = lambda: None
        super().init_process()

    def init_signals(self) -> None:
        """Ctrl-C goes to every process of a terminal; here the master alone acts on it, and tells the others."""
        super().init_signals()
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def run(self) -> None:
        """Serve until told to stop, and until what was accepted has been answered."""
        watch = self.wsgi.extensions.get(WATCH)
        if watch is not None:
            # Here is a thread that looks around after every request, and writes no answers.
            watch.settled_elsewhere = True
            self.settle = watch.settle
        super().run()
        self.ended = True
        self.settle()
        if self.under_way:
            # Time is up. The interpreter would wait for these threads without end.
            os._exit(1)

    def accept(self, listener: Any) -> bool:
        """Take a connection; it waits without a thread until a request has come in. Says whether there was one."""
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return False
        except OSError as error:
            log.warning("connection_not_taken", why=error.strerror)
            # It waits to be taken all the same; to try again at once would only keep the processor busy.
            time.sleep(0.05)
            return False
        self.nr_conns += 1
        # A client that does not read its answer must not keep the thread.
        seconds = struct.pack("ll", self.settings.request_seconds, 0)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, seconds)
        connection = Connection(self.linger, self.cfg, client, address, listener.getsockname())
        connection.timeout = time.monotonic() + self.settings.idle_seconds
        self.pending_conns.append(connection)
        self.poller.register(client, EVENT_READ, partial(self.on_pending_socket_readable, connection))
        return True

    def set_accept_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - as gunicorn has it
        """Take connections or not. One that stops takes those that wait already, and refuses all others."""
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                while self.accept(listener):
                    pass
                listener.close()

    def _cap_keepalive(self, deadline: float) -> None:
        """One that stops waits as little for connections that never sent anything as for those that were kept."""
        super()._cap_keepalive(deadline)
        for connection in self.pending_conns:
            connection.timeout = min(connection.timeout, deadline)

    def on_pending_socket_readable(self, conn: Any, client: Any) -> None:
        """The first request of a connection begins to come in."""
        self.pending_conns.remove(conn)
        self.await_request(conn)
        self.arrive(conn, client)

    def on_client_socket_readable(self, conn: Any, client: Any) -> None:
        """The next request of a connection begins to come in."""
        self.keepalived_conns.remove(conn)
        self.await_request(conn)
        self.arrive(conn, client)

    def enqueue_req(self, conn: Any) -> None:
        """The next request of a connection was sent ahead, or a part of it."""
        conn.sock.settimeout(0)
        self.await_request(conn)
        self.take(conn, conn.parser.unreader.take_buffered())

    def await_request(self, conn: Any) -> None:
        """Read from the connection until a request has come in."""
        self.arriving[conn] = time.monotonic() + self.settings.request_seconds
        read = self.poller.modify if conn.sock in self.poller.get_map() else self.poller.register
        read(conn.sock, EVENT_READ, partial(self.arrive, conn))

    def arrive(self, conn: Any, client: Any) -> None:
        """More of a request has come in, or its client has ended."""
        try:
            piece = client.recv(PIECE)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if piece or conn.held:
            self.take(conn, piece)
        else:
            self.forget(self.arriving, conn)

    def take(self, conn: Any, piece: bytes) -> None:
        """Give the request a thread, or wait for the rest of it."""
        before = len(conn.held)
        whole = conn.take(piece, self.settings.body_bytes)
        # Not the length of the piece: an answered question is taken out again.
        self.held += len(conn.held) - before
        if whole or not piece or self.held > MOST_HELD:
            del self.arriving[conn]
            self.poller.unregister(conn.sock)
            self.held -= len(conn.held)
            if conn.broken:
                conn.held.clear()
                self.handle_error(None, conn.sock, conn.client, conn.broken)
                self.nr_conns -= 1
                self.linger(conn)
                return
            conn.hand_over()
            super().enqueue_req(conn)

    def linger(self, conn: Any) -> None:
        """Close a connection once its client has read everything and ended it, or does not."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.settimeout(0)
            self.poller.register(conn.sock, EVENT_READ, partial(self.on_leaving, conn))
        except (OSError, ValueError):
            conn.close()
            return
        self.nr_conns += 1
        self.leaving[conn] = time.monotonic() + LINGER

    def on_leaving(self, conn: Any, client: Any) -> None:
        """What still comes from a client that is done with is not looked at."""
        with suppress(BlockingIOError):
            try:
                if client.recv(PIECE):
                    return
            except ConnectionError:
                pass
            self.forget(self.leaving, conn)

    def forget(self, those: dict[Any, float], conn: Any) -> None:
        """Close a connection that waited."""
        del those[conn]
        self.held -= len(conn.held)
        with suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    def handle(self, conn: Any) -> Any:
        """Answer one request, watched."""
        self.under_way[conn] = time.monotonic()
        try:
            return super().handle(conn)
        finally:
            self.under_way.pop(conn, None)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request whose head has been read."""
        conn.request = req
        try:
            check_host(req)
            return super().handle_request(req, conn)
        except (BlockingIOError, TimeoutError):
            log.info("answer_not_read", seconds=self.settings.request_seconds)
            return False
        finally:
            conn.request = None

    def _keepalive_after(self, conn: Any, keepalive: Any) -> bool:
        """Keep a connection if nothing of its request is still to come; no thread waits for what nobody reads."""
        return bool(keepalive and conn.parser.finish_body(deadline=time.monotonic() + DRAIN))

    def murder_pending(self) -> None:
        """Look at every connection; the server does so at least once a second."""
        super().murder_pending()
        self.settle()
        now = time.monotonic()
        for connection, end in list(self.leaving.items()):
            if now > end:
                self.forget(self.leaving, connection)
        for connection, end in list(self.arriving.items()):
            if now > end:
                self.answer(connection.sock, Failure("request_late"))
                self.forget(self.arriving, connection)
        while self.pending_conns and self.nr_conns > self.worker_connections - KEPT_FREE:
            # Whoever has not asked for anything for longest makes room.
            self.pending_conns[0].timeout = now
            super().murder_pending()
        self.end_overdue(now)

    def end_overdue(self, now: float) -> None:
        """End what takes too long."""
        limit = self.settings.request_seconds
        longest = limit + self.settings.batch_seconds
        for connection, begun in list(self.under_way.items()):
            if now - begun > longest + PATIENCE:
                log.error("thread_stuck", seconds=round(now - begun))
                # No longer waited for, and counted as a process that had to be replaced.
                self.under_way[connection] = float("inf")
                self.nr_conns -= 1
                self.alive, self.aborted = False, True
            elif now - begun > longest:
                # Its client reads so slowly that it would never end.
                with suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)
            elif now - begun > limit and not connection.came_in():
                # Nothing more is read from it.
                with suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RD)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answer what is not HTTP, in the one shape of every failure."""
        failure = failure_of_http(exc)
        if failure is None:
            log.error("internal_error", exc_info=exc)
            failure = Failure("internal_error")
        self.answer(client, failure)

    def answer(self, client: socket.socket, failure: Failure) -> None:
        """Write a failure where no application can; what was sent is not told to the log, it may be anything."""
        request_id = new_id()
        status = KINDS[failure.kind][0]
        log.info("request", request_id=request_id, status=status, code=failure.kind)
        text = written(body(failure, LANGUAGES[0], request_id)).encode() + b"\n"
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nDate: {util.http_date()}\r\nConnection: close\r\n"
            f"Content-Type: {MEDIA_TYPE}\r\n"
            f"Content-Language: {LANGUAGES[0]}\r\nX-Request-Id: {request_id}\r\nX-Content-Type-Options: nosniff\r\n"
            f"Cache-Control: no-store\r\nContent-Length: {len(text)}\r\n\r\n"
        )
        try:
            util.write_nonblock(client, head.encode() + text)
        except OSError:
            log.debug("unanswered", request_id=request_id)
