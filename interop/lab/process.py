"""Processes of the lab: short tools, daemons with a log each, and waiting for an event.

Nothing here sleeps for a fixed time: a step waits for a condition, with a generous
deadline, and gives up at once when a daemon that it depends on has died.
"""

import os
import shlex
import signal
import subprocess
import time

POLL_SECONDS = 0.02
DEADLINE_SECONDS = 60.0
STOP_SECONDS = 20.0


class LabError(Exception):
    """A step failed; LOG names the file that tells why."""

    def __init__(self, message, log=None):
        super().__init__(message)
        self.log = log


def run(argv, text=None, cwd=None, env=None, good=(0,)):
    """Run a tool to its end; its output, or a LabError with what it said where its exit
    status is not GOOD."""
    try:
        done = subprocess.run([str(word) for word in argv], input=text, cwd=cwd, env=env,
                              text=True, capture_output=True, check=False)
    except OSError as error:
        raise LabError(f"{argv[0]}: {error.strerror}") from error
    if done.returncode not in good:
        said = (done.stderr or done.stdout).strip()
        raise LabError(f"{shlex.join(str(w) for w in argv)}: exit {done.returncode}\n{said}")
    return done.stdout


class Daemon:
    """A process that stays, in the foreground, with standard error in its own log."""

    def __init__(self, name, argv, log, interactive=False):
        self.name = name
        self.log = log
        pipe = subprocess.PIPE if interactive else None
        with open(log, "ab") as sink:
            self._process = subprocess.Popen(
                [str(word) for word in argv],
                stdin=pipe or subprocess.DEVNULL, stdout=pipe or sink, stderr=sink,
                start_new_session=True)
        self.pid = self._process.pid
        self.stdin = self._process.stdin
        self.stdout = self._process.stdout

    def check(self):
        status = self._process.poll()
        if status is not None:
            raise LabError(f"{self.name} ended unexpectedly (status {status})", self.log)

    def running(self):
        return self._process.poll() is None

    def stop(self):
        """End the daemon and what it started (all of its session's process group).

        Its exit status; negative: the signal that it died of.
        """
        if self._process.poll() is None:
            self._signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGKILL)
                self._process.wait()
        for stream in (self.stdin, self.stdout):
            if stream is not None:
                stream.close()
        return self._process.returncode

    def _signal(self, number):
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            pass


def wait_until(condition, what, daemons=(), log=None, seconds=DEADLINE_SECONDS):
    """Wait for CONDITION() to be true and give its value back."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        for daemon in daemons:
            daemon.check()
        if time.monotonic() > deadline:
            if log is None and daemons:
                log = daemons[0].log
            raise LabError(f"{what}: nothing happened for {seconds:.0f} s", log)
        time.sleep(POLL_SECONDS)
