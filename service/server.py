"""`kaohe serve`: gunicorn around the application, everything read and compiled once, before the workers are forked."""

import ctypes
import gc
import os
import resource
import shutil
import signal
import socket
import sys
import tempfile
from contextlib import suppress
from errno import EACCES, EADDRINUSE
from pathlib import Path
from typing import Any

import click
import structlog
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from .app import create_app
from .logs import ServerLog, configure
from .metrics import Metrics
from .settings import Settings, SettingsRefused, read_settings
from .worker import Worker

# Workers give signs of life by touching a file; in memory that never waits for a disk.
IN_MEMORY = Path("/dev/shm")  # noqa: S108 - gunicorn makes a file of its own there
WRONG_USE = 2
BACKLOG = 2048
# Files of a process that are not connections: counters, batches, the log, and some to spare.
OTHER_FILES = 256
M_ARENA_MAX = -8  # malloc.h
# Objects that are made before the collector looks for what nobody reaches any more.
COLLECTED_AFTER = (20_000, 10, 10)

STOPPING = {signal.SIGTERM, signal.SIGQUIT, signal.SIGINT}

log = structlog.get_logger()


class Master(Arbiter):
    """gunicorn's master; Ctrl-C stops it as gently as SIGTERM does, and a second time at once."""

    def handle_int(self) -> None:
        """Stop, when what was accepted has been answered."""
        self.handle_term()

    def spawn_worker(self) -> Any:
        """Start a worker; one that is told to stop before it listens hears of it as soon as it does."""
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        try:
            return super().spawn_worker()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)


class Server(BaseApplication):
    """gunicorn with our settings and no others."""

    def __init__(self, settings: Settings, directory: Path, listener: socket.socket):
        self.settings = settings
        # gunicorn owns the file from here on.
        self.bind = f"fd://{listener.detach()}"
        self.directory = directory
        self.metrics = Metrics(directory)
        super().__init__()

    def load_config(self) -> None:
        """Tell gunicorn."""
        settings = self.settings
        values: dict[str, Any] = {
            "bind": self.bind,
            "workers": settings.workers,
            "threads": settings.threads,
            "worker_class": type("Worker", (Worker,), {"settings": settings}),
            "worker_connections": _connections(settings),
            "keepalive": settings.idle_seconds,
            "timeout": settings.worker_seconds,
            "graceful_timeout": settings.grace_seconds,
            "preload_app": True,
            "control_socket_disable": True,
            "logger_class": type("Log", (ServerLog,), {"facts": settings.log_facts}),
            "loglevel": settings.log_level,
            "proc_name": "kaohe",
            "when_ready": self.say_where,
            "pre_fork": _keep_shared,
            "post_worker_init": _listen_to_signals,
            "worker_abort": self.note_abort,
            "worker_exit": self.note_exit,
            "child_exit": self.count_exit,
        }
        if os.access(IN_MEMORY, os.W_OK):
            values["worker_tmp_dir"] = str(IN_MEMORY)
        for name, value in values.items():
            self.cfg.set(name, value)

    def run(self) -> None:
        """Serve until told to stop."""
        Master(self).run()

    def load(self) -> Any:
        """The application, made once in the master."""
        return create_app(self.settings, self.metrics)

    def say_where(self, arbiter: Any) -> None:
        """Say where the service is and how to try it; it takes requests from now on."""
        host, port = arbiter.LISTENERS[0].sock.getsockname()[:2]
        address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        lines = [f"kaohe: {address}", f"接口说明 documentation: {address}/docs"]
        for policy, standard in arbiter.app.wsgi().extensions["kaohe"].standards()[:1]:
            path = f"/v1/policies/{policy.key}/standards/{standard}/sample-sheet"
            post = f"curl -s -H 'Content-Type: application/json' -d @- {address}/v1/evaluations"
            lines += ["试一试 try:", f"  curl -s {address}{path} | {post}"]
        click.echo("\n".join(lines))

    def note_abort(self, worker: Any) -> None:
        """A worker that the master ends for giving no sign of life."""
        worker.aborted = True

    def note_exit(self, _: Any, worker: Any) -> None:
        """A worker that ends by itself leaves a mark; one that crashed or was killed cannot."""
        if worker.ended and not worker.aborted:
            (self.directory / f"ended-{worker.pid}").touch()

    def count_exit(self, _: Any, worker: Any) -> None:
        """In the master: a worker that left no mark is one that had to be replaced."""
        mark = self.directory / f"ended-{worker.pid}"
        if mark.exists():
            mark.unlink()
        else:
            self.metrics.engine_restarts.inc()


def _keep_shared(_: Any, __: Any) -> None:
    """
    Leave what was read before the fork to all workers in common: the collector would touch every page of it.

    A request makes a few hundred objects and leaves none behind, so there is little to look for after so few.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)


def _listen_to_signals(_: Any) -> None:
    """In a worker that is ready: let through what was held back while it started."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)


def _listen(settings: Settings) -> socket.socket:
    """The socket to serve on; raises `OSError` when there is none to be had."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # From here on no other process gets the port; who is early waits for a moment.
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _connections(settings: Settings) -> int:
    """How many connections a process may keep: each is a file to the system, which allows so many."""
    wanted = settings.connections + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        if soft < wanted:
            log.warning("connections_limited", connections=soft - OTHER_FILES, files=hard)
            return soft - OTHER_FILES
    return settings.connections


def _end(*_: Any) -> None:
    """Told to stop before there was anything to stop."""
    sys.exit(0)


@click.command("serve")
def serve_command() -> None:
    """Serve over HTTP; settings are `KAOHE_*` in the environment, or in the TOML file KAOHE_CONFIG."""
    try:
        settings = read_settings(os.environ)
    except SettingsRefused as refused:
        for each in refused.problems:
            click.echo(str(each), err=True)
        sys.exit(WRONG_USE)
    serve(settings)


def _one_heap() -> None:
    """
    Let all threads of a process share one heap: only one of them runs at a time.

    glibc gives each thread one of its own, and so more for the processor to keep at hand. Elsewhere nothing is done.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def serve(settings: Settings) -> None:
    """Serve until told to stop."""
    _one_heap()
    configure(settings.log_level, facts=settings.log_facts)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    try:
        listener = _listen(settings)
    except OSError as error:
        why = {EADDRINUSE: "端口已被占用", EACCES: "没有权限"}.get(error.errno or 0, "地址不可用")
        address = f"{settings.host}:{settings.port}"
        click.echo(f"kaohe: 无法监听 {address}：{why} / cannot listen on {address}: {error.strerror}", err=True)
        sys.exit(WRONG_USE)
    directory = Path(tempfile.mkdtemp(prefix="kaohe-"))
    master = os.getpid()
    try:
        Server(settings, directory, listener).run()
    finally:
        # Each worker leaves through here too, and the others still count.
        if os.getpid() == master:
            shutil.rmtree(directory, ignore_errors=True)
