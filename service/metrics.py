"""What is counted, for Prometheus; right with several processes, which count into files of one directory."""

import os
from collections import deque
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2.0, 10.0, 60.0)


class Metrics:
    """The counters of one service. With a directory, processes that are forked from this one count together."""

    def __init__(self, directory: Path | None = None):
        self.directory = directory
        if directory is not None:
            # prometheus-client asks the environment, once, when it is imported; the directory is known only now.
            os.environ[DIRECTORY] = str(directory)
            values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self.labelled: dict[tuple[Counter | Histogram, tuple[str, ...]], Counter | Histogram] = {}
        self.waiting: deque[tuple[Counter | Histogram, tuple[str, ...], float]] = deque()
        self.decisions = Counter(
            "kaohe_decisions", "Sheets that were decided", ("policy", "standard", "grade"), registry=self.registry
        )
        self.refusals = Counter(
            "kaohe_refusals", "Sheets and requests that were refused, by code", ("code",), registry=self.registry
        )
        self.seconds = Histogram(
            "kaohe_request_seconds",
            "Time that requests took, once they had a thread",
            ("route", "status"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.disagreements = Counter(
            "kaohe_disagreements", "Sheets on which two evaluators disagreed", registry=self.registry
        )
        self.engine_failures = Counter(
            "kaohe_engine_failures", "Sheets on which the engine failed", registry=self.registry
        )
        self.engine_restarts = Counter(
            "kaohe_engine_restarts", "Processes that crashed or hung and were replaced", registry=self.registry
        )

    def note(self, counter: Counter | Histogram, *labels: str, amount: float = 1.0) -> None:
        """
        Count one more, or time one more; `settle` does it.

        Every counter of prometheus-client has a lock, and threads that meet at a lock in each request wake each other
        for nothing. This waits for nobody.
        """
        self.waiting.append((counter, labels, amount))

    def settle(self) -> None:
        """Count what was noted."""
        while self.waiting:
            try:
                counter, labels, amount = self.waiting.popleft()
            except IndexError:  # another thread was quicker
                return
            one = self.labelled.get((counter, labels))
            if one is None:
                one = self.labelled[counter, labels] = counter.labels(*labels) if labels else counter
            if isinstance(one, Histogram):
                one.observe(amount)
            else:
                one.inc(amount)

    def text(self) -> bytes:
        """Everything counted so far, in the text form of Prometheus."""
        self.settle()
        if self.directory is None:
            return generate_latest(self.registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(self.directory))  # type: ignore[no-untyped-call]
        return generate_latest(registry)
