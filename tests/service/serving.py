"""The real service as its own processes, started as a user starts it, on a free port."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

ADDRESS = re.compile(r"kaohe: (http://\S+)")
START_SECONDS = 30


def wait_for(condition, seconds=30, *, must=True):
    """Wait until the condition gives something, and give that."""
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    assert found or not must, f"not within {seconds} s"
    return found


class Served:
    """A running service: its address, its processes, what it printed and logged."""

    def __init__(self, process):
        self.process = process
        self.printed, self.logged = [], []
        self._found = threading.Event()
        self.address = None
        self.readers = [
            threading.Thread(target=self._read, args=(process.stdout, self.printed), daemon=True),
            threading.Thread(target=self._read, args=(process.stderr, self.logged), daemon=True),
        ]
        for reader in self.readers:
            reader.start()

    def _read(self, stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))
            if found := ADDRESS.match(line):
                self.address = found.group(1)
                self._found.set()

    def wait(self):
        """Wait until the service has said where it is."""
        end = time.monotonic() + START_SECONDS
        while not self._found.wait(0.02):
            told = "\n".join(self.printed + self.logged)
            assert self.process.poll() is None, told
            assert time.monotonic() < end, told
        # What is printed together is read line by line; without policies there is no such line.
        wait_for(lambda: any(line.startswith("  curl") for line in self.printed), 1, must=False)

    @property
    def port(self):
        """The port it listens on."""
        return int(self.address.rpartition(":")[2])

    @property
    def log(self):
        """Every log line as data."""
        return [json.loads(line) for line in list(self.logged)]

    def workers(self):
        """The ids of the worker processes that live now."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(each) for each in children.read_text().split()]

    def counted(self):
        """Everything on /metrics: {(name, labels): value}, labels as a set of pairs."""
        _, _, text = self.ask("/metrics")
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text.decode())
            for sample in family.samples
        }

    def count(self, name, **labels):
        """What a counter of /metrics says, all that have these labels together, once every process has counted."""

        def counted():
            everything = self.counted().items()
            return sum(value for (found, pairs), value in everything if found == name and labels.items() <= pairs)

        # A process counts an answer just after it is out.
        last, now = None, counted()
        while now != last:
            time.sleep(0.05)
            last, now = now, counted()
        return now

    def stop(self, number=signal.SIGTERM, seconds=60):
        """Tell it to stop, and give its exit code when everything that it said has been read."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(seconds)
        for reader in self.readers:
            reader.join(10)
        return code

    def ask(self, path, body=None, *, method=None, timeout=30, **headers):
        """Send one request; gives (status, headers, body as bytes), failures too."""
        data = json.dumps(body).encode() if isinstance(body, dict | list) else body
        if data is not None:
            headers.setdefault("content_type", "application/json")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.address + path, data, named, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def get(self, path, **headers):
        """The JSON at a path."""
        status, _, body = self.ask(path, **headers)
        assert status == 200, body
        return json.loads(body)


def end(process, seconds=60):
    """Have a process end, in the last resort by force."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def served(code="from service.cli import main; main()", **settings):
    """
    The service with these settings (`workers=2` is KAOHE_WORKERS=2), ended when the test is done.

    `code` is what the process runs in place of the command; a test may break the engine there on purpose.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KAOHE_")}
    environment |= {
        f"KAOHE_{name.upper()}": str(value) for name, value in {"port": 0, "workers": 2, **settings}.items()
    }
    process = subprocess.Popen(
        [sys.executable, "-c", f"import sys; sys.argv[1:] = ['serve']\n{code}"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    service = Served(process)
    try:
        service.wait()
        yield service
    finally:
        end(process)
        for reader in service.readers:
            reader.join(10)
        process.stdout.close()
        process.stderr.close()
