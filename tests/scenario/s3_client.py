"""Our S3 client as a process (tests/drivers/s3_tool.c), which does what a test tells it, one thing after the other."""

import contextlib
import os
import pathlib
import re
import select
import signal
import subprocess
import time

from stack import BUILD

TOOL = BUILD / "drivers" / "s3_tool"
PART = 5 << 20  # the least that servers take
END = re.compile(r"ok|(temp|perm|uncertain|canceled|blocked): .*")
SECONDS = 120


class Outcome:
    """kind: "ok", or that of the failure; text: why; lines: what was printed before."""

    def __init__(self, lines, seconds):
        *self.lines, self.text = lines
        self.kind, self.seconds = self.text.split(":")[0], seconds

    def __repr__(self):
        return f"<{self.text} after {self.seconds:.1f} s>"


def environment(way, bucket, **settings):
    """Nothing of whoever calls us. settings: S3T_* by their names in lower case; those in capitals as they are."""
    given = {"endpoint": way.endpoint, "style": "path" if way.path_style else "host", "region": way.region,
             "bucket": bucket, "part_bytes": PART, **settings}
    keys = {"AWS_ACCESS_KEY_ID": way.key, "AWS_SECRET_ACCESS_KEY": way.secret, "AWS_SESSION_TOKEN": way.token}
    named = {name if name.isupper() else f"S3T_{name.upper()}": str(value)
             for name, value in given.items() if value is not None}
    kept = {name: os.environ[name] for name in ("PATH", "ASAN_OPTIONS") if name in os.environ}
    return {**kept, **{name: value for name, value in keys.items() if value}, **named}


class S3Client:
    def __init__(self, way, bucket="bucket", **settings):
        self.process = subprocess.Popen([TOOL], env=environment(way, bucket, **settings), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.rest = b""

    def begin(self, *words):
        self.process.stdin.write("\t".join(map(str, words)).encode() + b"\n")
        self.process.stdin.flush()

    def line(self, seconds=SECONDS):
        """The next one that it prints."""
        fd, deadline = self.process.stdout.fileno(), time.monotonic() + seconds
        while b"\n" not in self.rest:
            ready, _, _ = select.select([fd], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"the client said nothing within {seconds} s"
            piece = os.read(fd, 65536)
            assert piece, f"the client has ended: {self.process.wait(SECONDS)}"
            self.rest += piece
        line, _, self.rest = self.rest.partition(b"\n")
        return line.decode()

    def end(self, seconds=SECONDS):
        """Of what was begun."""
        begun, lines = time.monotonic(), []
        while not lines or not END.fullmatch(lines[-1]):
            lines.append(self.line(seconds))
        return Outcome(lines, time.monotonic() - begun)

    def run(self, *words):
        self.begin(*words)
        return self.end()

    def do(self, *words):
        """What it prints, where it must not fail."""
        outcome = self.run(*words)
        assert outcome.kind == "ok", (words, outcome)
        return outcome.lines

    def keys(self, prefix=""):
        return [line.split("\t", 2)[2] for line in self.do("ls", prefix)]

    def peak_kib(self):
        """The most memory that it ever had."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1])

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(SECONDS)

    def close(self):
        """It ends as it should, when there is nothing more to do."""
        self.process.stdin.close()
        assert self.process.wait(SECONDS) == 0
        self.process.stdout.close()


@contextlib.contextmanager
def client(way, bucket="bucket", **settings):
    one = S3Client(way, bucket, **settings)
    try:
        yield one
        one.close()
    finally:
        if one.process.poll() is None:
            one.kill()
