"""Daemons of a test's own: started in their folder on free ports of loopback, waited for, and ended by their ids."""

import contextlib
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

START_SECONDS = 120  # of a machine that is slow, and busy with other things


def free_ports(count):
    """Below those that the kernel gives away: who is given one by it does not come in between."""
    found = set()
    while len(found) < count:
        port = random.randrange(20000, 32000)
        with contextlib.closing(socket.socket()) as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            found.add(port)
    return sorted(found)


class Service:
    """Some daemons that serve S3 as one. A context: it is there inside, and gone after."""

    NAME = ""
    DOMAIN = "s3.localhost"  # every name below localhost is loopback, for curl too
    REGION = "us-east-1"

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.daemons = []
        for name in ("etc", "log", "run"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.show_logs()
            self.stop()
            raise
        return self

    def __exit__(self, *what):
        self.stop()

    def start(self):
        raise NotImplementedError

    def write(self, name, text):
        path = self.folder / "etc" / name
        path.write_text(text)
        return path

    def call(self, *command, seconds=START_SECONDS):
        """A command that does something and ends."""
        with (self.folder / "log" / "start.log").open("ab") as log:
            subprocess.run(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, check=True, timeout=seconds)

    def run(self, *command):
        """A daemon, which stays in front and ends with us. Its workers are in its session."""
        name = pathlib.Path(command[0]).name
        with (self.folder / "log" / f"{name}.log").open("ab") as log:
            daemon = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *command], stdout=log, stderr=log,
                                      stdin=subprocess.DEVNULL, start_new_session=True)
        self.daemons.append(daemon)

    def wait_for(self, what, condition):
        deadline = time.monotonic() + START_SECONDS
        while not condition():
            ended = [daemon.args[3] for daemon in self.daemons if daemon.poll() is not None]
            assert not ended, f"{self.NAME}: {ended} ended while we waited for {what}"
            assert time.monotonic() < deadline, f"{self.NAME}: no {what} within {START_SECONDS} s"
            time.sleep(0.05)

    def stop(self):
        for daemon in reversed(self.daemons):
            end_session(daemon)
        self.daemons.clear()

    def show_logs(self):
        for log in sorted((self.folder / "log").iterdir()):
            lines = log.read_text(errors="replace").splitlines()[-15:]
            print(f"--- {log.name}", *(line[:250] for line in lines), sep="\n", file=sys.stderr)


def end_session(daemon):
    """Nothing that it keeps outlives a test, so that it need not take its leave."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(daemon.pid, signal.SIGKILL)
    daemon.wait()


@contextlib.contextmanager
def running(kind, **options):
    """A service in a temporary folder, which goes with it."""
    folder = tempfile.mkdtemp(prefix="videod-s3.")
    try:
        with kind(folder, **options) as service:
            yield service
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def serve(kind):
    """As a program: says how it is reached, and serves until it is told to end."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *what: sys.exit(0))
    with running(kind) as service:
        for where in service.ways():
            print(where, flush=True)
        signal.pause()
