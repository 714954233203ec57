"""Runway and ElevenLabs on loopback, for tests: started, told what to do, asked what they saw (tests/emulators)."""

import contextlib
import http.client
import json
import pathlib
import subprocess
import sys
import tempfile
import types
import urllib.error
import urllib.request

from service import free_ports
from stack import BUILD, PATIENCE_SEC, ROOT, Answer

PROGRAMS = ROOT / "tests" / "emulators"
CACHE = BUILD / "emulators" / "cache"
SDK = BUILD / "emulators" / "sdk"
BROKEN = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError)  # no answer
KEYS = {"runway": "key_" + "0123456789abcdef" * 8, "elevenlabs": "sk_" + "0123456789abcdef" * 3}
AUTH = {
    "runway": {"Authorization": f"Bearer {KEYS['runway']}", "X-Runway-Version": "2024-11-06"},
    "elevenlabs": {"xi-api-key": KEYS["elevenlabs"]},
}


class Emulator:
    """One of them. Its port stays the same when it is stopped and started again."""

    def __init__(self, name, folder, key=None):
        self.name, self.folder, self.key = name, pathlib.Path(folder), key or KEYS[name]
        [self.port], self.process = free_ports(1), None
        self.start()

    def options(self):
        return ["--key", self.key, "--state", self.folder, "--cache", CACHE]

    def start(self):
        command = [sys.executable, "-B", PROGRAMS / f"{self.name}.py", "--port", str(self.port), *self.options()]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("listening "), f"{self.name} did not start"
        self.url = line.split()[1]
        self.port = int(self.url.rsplit(":", 1)[1])

    def stop(self):
        if self.process:
            self.process.terminate()
            assert self.process.wait(30) == 0
            self.process.stdout.close()
        self.process = None

    def request(self, method, path, body=None, headers=None, timeout=60):
        """With the key and the version, unless headers say otherwise; None leaves one out."""
        headers = {**AUTH.get(self.name, {}), "Content-Type": "application/json", **(headers or {})}
        data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
        kept = {name: value for name, value in headers.items() if value is not None}
        address = path if path.startswith("http") else self.url + path
        request = urllib.request.Request(address, data, kept, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                return Answer(response)
        except urllib.error.HTTPError as response:
            with response:
                return Answer(response)

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.request("POST", path, body, **more)

    # --- control ---

    def setup(self, **orders):
        answer = self.post("/_setup", orders)
        assert answer.status == 200, answer

    def fault(self, on, times=1, skip=0, match="", **do):
        """The one fault from now on: fault("create", drop="after")."""
        self.setup(faults=[{"on": on, "times": times, "skip": skip, "match": match, "do": do}])

    def report(self):
        return self.get("/_seen").json

    def seen(self, on=None):
        """The requests, all or of one kind, in the order of arrival."""
        return self.get(f"/_seen?on={on}" if on else "/_seen").json["requests"]

    def billed(self):
        return self.report()["billed"]

    def totals(self):
        return self.report()["totals"]

    def errors(self, what=None):
        return [error for error in self.report()["errors"] if what in (None, error["what"])]

    def wait(self, on, seen=None, answered=None, seconds=PATIENCE_SEC):
        """Until so many requests of a kind have come, or were answered, since the last reset."""
        order = {"on": on, "timeoutMs": seconds * 1000}
        order.update({"answered": answered} if answered is not None else {"seen": seen or 1})
        found = self.post("/_wait", order, timeout=seconds + 10).json
        assert found["came"], f"{self.name}: {order}: {found['count']} came"


@contextlib.contextmanager
def running(*names):
    """Both, or those named, as attributes; stopped and removed at the end."""
    with tempfile.TemporaryDirectory(prefix="videod-emulators.") as folder, contextlib.ExitStack() as ending:
        both = types.SimpleNamespace()
        for name in names or KEYS:
            emulator = Emulator(name, pathlib.Path(folder, name))
            ending.callback(emulator.stop)
            setattr(both, name, emulator)
        yield both


def prove(emulator):
    """The vendor's own client does with an emulator all that we need, and takes its refusals for what they are."""
    assert (SDK / "installed").exists(), "make sdk has not been run"
    command = ["node", PROGRAMS / "sdk" / f"{emulator.name}.js", SDK, emulator.url, emulator.key]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, "\n".join(line for line in done.stdout.splitlines() if not line.startswith("ok"))
    assert done.stdout.count("ok ") >= 15, done
