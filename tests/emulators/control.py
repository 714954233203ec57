"""What both emulators have in common: routes, faults, what was seen, the state that outlives a restart, /_setup.

A service has ROUTES: (method, pattern, kind, function); the function gets (service, request) and gives a Reply. It has
SETUP: the keys of POST /_setup, each with a function. What must outlive a restart goes through commit(event), which
writes it down and applies it; at start, every event that was written is applied again.
"""

import argparse
import json
import pathlib
import re
import signal
import threading
import time

from wire import Refused, Reply, Server

HIDDEN = {"authorization", "xi-api-key"}
WAIT_MS = 30_000


def now():
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def shortened(value):
    """A body as /_seen shows it: without the pictures in it."""
    if isinstance(value, dict):
        return {key: shortened(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shortened(inner) for inner in value]
    if isinstance(value, str) and value.startswith("data:") and len(value) > 100:
        return f"{value[:60]}... {len(value)} characters"
    return value


def setting(name, update=False):
    """A key of /_setup that sets an attribute of the service; with update, only the members that are given."""
    def put(service, value):
        setattr(service, name, {**getattr(service, name), **value} if update else value)

    return put


class Faults:
    """A list of orders; the first that fits a request counts, and is used up by it."""

    KEYS = {"on", "times", "skip", "match", "do"}
    DO = {"status", "body", "headers", "html", "drop", "reset", "half", "stall", "cutAt", "delayMs", "hold", "after",
          "expireUrl", "fail", "failRefund", "clipBytes", "clipFile", "garbage", "contentType"}

    def __init__(self):
        self.orders = []

    def put(self, orders):
        for order in orders:
            strangers = [*(order.keys() - self.KEYS), *(order["do"].keys() - self.DO)]
            if strangers:
                raise ValueError(f"a fault has no {', '.join(strangers)}")
        self.orders = [{"times": 1, "skip": 0, "match": "", **order} for order in orders]

    def take(self, kind, subject):
        """What is to be done to this request: {} nothing."""
        for order in self.orders:
            if order["on"] != kind or order["match"] not in subject or not order["times"]:
                continue
            if order["skip"]:
                order["skip"] -= 1
                continue
            order["times"] -= 1  # -1 and below: for ever
            return order["do"]
        return {}


class Journal:
    """Events, one JSON text a line."""

    def __init__(self, path):
        self.path = path
        self.file = None

    def replay(self):
        lines = self.path.read_bytes().splitlines(keepends=True) if self.path.exists() else []
        whole = [line for line in lines if line.endswith(b"\n")]
        return [json.loads(line) for line in whole]

    def open(self, mode="a"):
        self.file = open(self.path, mode, buffering=1)

    def append(self, event):
        self.file.write(json.dumps(event) + "\n")


class Seen:
    """Every request, in the order of arrival, and every breach of the protocol."""

    def __init__(self):
        self.changed = threading.Condition()
        self.clear()

    def clear(self):
        self.requests, self.errors = [], []

    def add(self, request):
        record = {
            "n": len(self.requests) + 1, "at": now(), "on": request.kind, "method": request.method,
            "path": request.path, "query": request.query, "body": shortened(request.json), "status": None,
            "headers": {k.lower(): v for k, v in request.headers.items() if k.lower() not in HIDDEN},
        }
        with self.changed:
            self.requests.append(record)
            self.changed.notify_all()
        return record

    def answered(self, record, status):
        with self.changed:
            record.update(status=status, answeredAt=now())
            self.changed.notify_all()

    def error(self, what, request, **more):
        with self.changed:
            self.errors.append({"what": what, "n": request.record["n"], "path": request.path, **more})

    def count(self, kind, answered):
        return sum(r["on"] == kind and (not answered or r["status"] is not None) for r in self.requests)

    def wait(self, order):
        """Blocks until so many requests of a kind have come (or were answered)."""
        answered = "answered" in order
        wanted = order["answered" if answered else "seen"]
        with self.changed:
            came = self.changed.wait_for(lambda: self.count(order["on"], answered) >= wanted,
                                         order.get("timeoutMs", WAIT_MS) / 1000)
            return {"came": came, "count": self.count(order["on"], answered)}


class Service:
    ROUTES, SETUP = [], {}

    def __init__(self, options):
        self.folder = pathlib.Path(options.state)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.cache = pathlib.Path(options.cache or self.folder / "cache")
        self.cache.mkdir(parents=True, exist_ok=True)
        self.keys = options.key or [self.DEFAULT_KEY]
        self.lock = threading.RLock()
        self.released = threading.Event()
        self.seen, self.faults = Seen(), Faults()
        self.journal = Journal(self.folder / "journal.jsonl")
        self.routes = [(method, re.compile(pattern), *more) for method, pattern, *more in self.ROUTES]
        self.controls = {("POST", "/_setup"): self.setup, ("GET", "/_seen"): self.show, ("POST", "/_wait"): self.wait}
        self.origin = None  # known once we listen
        self.clear()
        for event in self.journal.replay():
            self.apply(event)
        self.journal.open()

    # --- state ---

    def commit(self, event):
        with self.lock:
            self.journal.append(event)
            self.apply(event)

    def apply(self, event):
        """An event is {name: what}; on_<name> applies it."""
        for name, what in event.items():
            getattr(self, f"on_{name}")(what)

    def on_setup(self, orders):
        for key, value in orders.items():
            self.SETUP[key](self, value)

    def reset(self):
        with self.lock:
            self.clear()
            self.seen.clear()
            self.faults = Faults()
            self.released.set()
            self.journal.open("w")

    # --- control ---

    def setup(self, request):
        orders = dict(request.json)
        if orders.pop("reset", False):
            self.reset()
        with self.lock:
            if "faults" in orders:
                self.faults.put(orders.pop("faults"))
                self.released.clear()
        if orders.pop("release", False):
            self.released.set()
        strangers = orders.keys() - self.SETUP.keys()
        if strangers:
            raise ValueError(f"/_setup has no {', '.join(strangers)}")
        if orders:
            self.commit({"setup": {key: now() if value == "now" else value for key, value in orders.items()}})
        return Reply(200, {})

    def show(self, request):
        """With ?on=KIND only the requests of a kind."""
        kind = request.query.get("on")
        with self.lock, self.seen.changed:
            bills, requests = self.bills(), [r for r in self.seen.requests if kind in (None, r["on"])]
            return Reply(200, {"requests": requests, "billed": bills, "totals": self.totals(bills),
                               "errors": self.seen.errors})

    def wait(self, request):
        return Reply(200, self.seen.wait(request.json))

    def command(self, function, request):
        try:
            return function(request)
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            return Reply(400, {"error": f"{type(problem).__name__}: {problem}"})

    # --- serving ---

    def serve(self, request):
        control = self.controls.get((request.method, request.path))
        if control:
            return self.command(control, request), {}
        fitting = [(*route, found) for route in self.routes if (found := route[1].fullmatch(request.path))]
        route = next((route for route in fitting if route[0] == request.method), None)
        request.kind, request.args = (route[2], route[-1].groups()) if route else ("unknown", ())
        request.record = self.seen.add(request)
        with self.lock:
            request.fault = self.faults.take(request.kind, self.subject(request))
        if request.fault:
            request.record["fault"] = request.fault
        handler = route[3] if route else self.no_route(405 if fitting else 404)
        reply = self.perform(handler, request)
        self.seen.answered(request.record, reply.status if reply else 0)
        return reply, request.fault

    def no_route(self, status):
        def refuse(service, request):
            raise Refused("method" if status == 405 else "path", service.refusal(status))

        return refuse

    def perform(self, handler, request):
        """Acts and misbehaves, in the order that the fault asks for. None: no reply at all."""
        fault = request.fault
        gone = next((fault[key] for key in ("drop", "reset") if key in fault), None)
        late = fault.get("after") or gone == "after"
        reply = self.act(handler, request) if late else None
        if "delayMs" in fault:
            time.sleep(fault["delayMs"] / 1000)
        if fault.get("hold"):
            self.released.wait()
        if gone:
            return None
        return canned(fault) or reply or self.act(handler, request)

    def act(self, handler, request):
        try:
            self.authorize(request)
            return handler(self, request)
        except Refused as refusal:
            self.seen.error(refusal.why, request, status=refusal.reply.status, reply=refusal.reply.body.decode())
            return refusal.reply
        except Exception as mistake:  # ours: it must not look like a bad day
            self.seen.error("contract", request, mistake=repr(mistake))
            return Reply(500, {"error": f"the emulator failed: {mistake!r}"})

    def checked(self, request, found, body, status=200, headers=None):
        """A reply that fits its contract (found: the issues); one that does not is our own fault, and says so."""
        if found:
            self.seen.error("contract", request, issues=found)
            return Reply(500, {"error": "the emulator broke the contract", "issues": found})
        return Reply(status, body, headers)


def canned(fault):
    if "html" in fault:
        page = f"<html><head><title>{fault['html']} Bad Gateway</title></head><body></body></html>"
        return Reply(fault["html"], page.encode(), {"Content-Type": "text/html"})
    if "status" in fault:
        body = fault.get("body", "")
        kind = "application/json" if not isinstance(body, str) or body.startswith(("{", "[")) else "text/plain"
        return Reply(fault["status"], body.encode() if isinstance(body, str) else body, {"Content-Type": kind})
    return None


def main(service_class):
    """Serves until SIGTERM."""
    parser = argparse.ArgumentParser(description=service_class.__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--state", required=True, help="the folder of what outlives a restart")
    parser.add_argument("--cache", help="the folder of what was made with ffmpeg; may be shared (default: in --state)")
    parser.add_argument("--key", action="append", help="an accepted key; may be given several times")
    parser.add_argument("--key-file", help="one more accepted key: the first line of this file")
    args = parser.parse_args()
    if args.key_file:
        with open(args.key_file, encoding="ascii") as file:
            args.key = [*(args.key or []), file.readline().strip()]
    service = service_class(args)
    server = Server(args.port, service)
    service.origin = server.origin
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *what: stop.set())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"listening {server.origin}", flush=True)
    stop.wait()
