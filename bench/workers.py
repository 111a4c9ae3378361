"""Measuring processes that do one thing on request, so that the runs of several libraries alternate."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time


def serve(action, counters=lambda: ()) -> None:
    """Inside a worker: does `action` as often as asked, answers with the median seconds, the peak of memory in MB, and
    what `counters` says then.
    """
    print("ready", flush=True)
    for line in sys.stdin:
        seconds = []
        for _ in range(int(line)):
            start = time.perf_counter()
            action()
            seconds.append(time.perf_counter() - start)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print("result", statistics.median(seconds), peak_mb, *counters(), flush=True)


class Worker:
    """A script of ours in a process of its own; `run` asks it for repetitions.

    wait: until it is ready; else `ready` does, so that several get ready at once.
    """

    def __init__(self, script: str, options: list[str], env: dict[str, str], wait: bool = True) -> None:
        self.process = subprocess.Popen(
            [sys.executable, script, *options],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if wait:
            self.ready()

    def ready(self) -> None:
        """Waits until the process has warmed up."""
        self._answer("ready")

    def run(self, times: int) -> list[float]:
        """Median seconds of one repetition, peak of resident memory in MB, and the worker's own counters."""
        self.process.stdin.write(f"{times}\n")
        self.process.stdin.flush()
        return [float(word) for word in self._answer("result")]

    def close(self) -> None:
        """Ends the process."""
        self.process.stdin.close()
        self.process.wait()

    def _answer(self, word: str) -> list[str]:
        while line := self.process.stdout.readline():  # libraries print things of their own
            first, *rest = line.split() or [""]
            if first == word:
                return rest
        raise SystemExit(f"{' '.join(map(str, self.process.args))}: the process ended before it answered")
