"""S3, emulated: strict about signatures, and with whatever bad day a test asks for."""

import argparse
import collections
import json
import pathlib
import random
import signal
import ssl
import sys
import threading
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "servers"))
sys.dont_write_bytecode = True

from control import Faults, Seen
from s3_auth import Gate, breaches
from s3_metadata import KINDS, Issuer
from s3_objects import Bucket
from s3_wire import Cut, S3Handler, canned
from s3_words import document, refuse
from wire import Refused, Reply, Server

DOMAIN = ".s3.localhost"
XML = {"Content-Type": "application/xml"}
ROUTES = [  # method, of a key, with this in the query, kind
    ("PUT", True, "partNumber", "part"), ("PUT", True, None, "put"), ("PUT", False, None, "create_bucket"),
    ("GET", True, None, "get"), ("HEAD", True, None, "head"),
    ("GET", False, "uploads", "list_uploads"), ("GET", False, "location", "location"), ("GET", False, None, "list"),
    ("HEAD", False, None, "head_bucket"),
    ("DELETE", True, "uploadId", "abort"), ("DELETE", True, None, "delete"),
    ("POST", True, "uploads", "create"), ("POST", True, "uploadId", "complete"), ("POST", False, "delete", "delete_many"),
]


class S3Faults(Faults):
    """on: a kind, a list of them, or "any". odds: how often, of 1; those that are spared count neither way."""

    KEYS = Faults.KEYS | {"odds"}
    DO = {"after", "astray", "begun", "body", "bomb", "cutAt", "delayMs", "drop", "early", "endless", "error", "failKeys", "fileEntity", "half",
          "headers", "hold", "html", "huge", "losePart", "message", "more", "readBps", "reset", "resetAt", "sendBps",
          "silentExpect", "spaces", "stall", "stallAt", "status"}

    def take(self, kind, subject):
        for order in self.orders:
            fits = order["on"] == "any" or kind in ([order["on"]] if isinstance(order["on"], str) else order["on"])
            if not fits or order["match"] not in subject or not order["times"] or random.random() >= order.get("odds", 1):
                continue
            if order["skip"]:
                order["skip"] -= 1
                continue
            order["times"] -= 1
            return order["do"]
        return {}


class S3:
    def __init__(self, options):
        self.lock, self.released = threading.RLock(), threading.Event()
        self.seen, self.faults, self.gate = Seen(), S3Faults(), Gate()
        self.names = options.bucket or ["bucket"]
        for key in options.key:
            name, secret, *token = key.split("|")
            self.gate.keys[name] = {"secret": secret, "token": "".join(token), "until": None}
        self.controls = {("POST", "/_setup"): self.setup, ("GET", "/_seen"): self.show, ("POST", "/_wait"): self.wait}
        self.open_connections = 0
        self.clear()

    def clear(self):
        self.buckets = {name: Bucket() for name in self.names}
        self.issuer = Issuer(self.gate)
        self.gate.region, self.gate.redirect, self.gate.skew_s = "us-east-1", {}, 0
        self.faults = S3Faults()
        self.at_once, self.peak = collections.Counter(), collections.Counter()
        self.seen.clear()

    @property
    def bucket(self):
        """The first one, which /_setup is about."""
        return self.buckets[self.names[0]]

    def connections(self, count):
        with self.lock:
            self.open_connections += count
            self.peak["connections"] = max(self.peak["connections"], self.open_connections)

    # --- control ---

    def setup(self, request):
        orders = dict(request.json)
        strangers = orders.keys() - self.SETUP.keys() - {"reset", "release"}
        if strangers:
            raise ValueError(f"/_setup has no {', '.join(strangers)}")
        with self.lock:
            if orders.pop("reset", False):
                self.released.set()
                self.clear()
            if orders.pop("release", False):
                self.released.set()
            for key, value in orders.items():
                self.SETUP[key](self, value)
        return Reply(200, {})

    def set_faults(self, orders):
        self.released.clear()
        self.faults.put(orders)

    def fill(self, what):
        """With so many objects, whose names begin so."""
        request = type("Filling", (), {"body": b"x" * what.get("bytes", 1), "lower": {}})
        for number in range(what["count"]):
            request.key = f"{what['prefix']}{number:06}"
            self.bucket.put(request)

    def expire(self, what):
        for key in self.gate.keys.values():
            if key["until"] is not None:
                key["until"] = 0

    SETUP = {
        "faults": set_faults,
        "fill": fill,
        "expire": expire,
        "region": lambda self, value: setattr(self.gate, "region", value),
        "redirect": lambda self, value: setattr(self.gate, "redirect", value),
        "skewMs": lambda self, value: setattr(self.gate, "skew_s", value / 1000),
        "page": lambda self, value: setattr(self.bucket, "page", value),
        "forgets": lambda self, value: setattr(self.bucket, "forgets", value),
        "oddEtags": lambda self, value: setattr(self.bucket, "odd_etags", value),
        "ageSec": lambda self, value: self.bucket.age(value),
        "uploads": lambda self, value: [self.bucket.open_upload(one["key"], age_s=one.get("ageSec", 0)) for one in value],
        "issueSeconds": lambda self, value: setattr(self.issuer, "seconds", value),
        "authorization": lambda self, value: setattr(self.issuer, "authorization", value),
    }

    def show(self, request):
        """?brief=1 leaves out what each object is."""
        with self.lock, self.seen.changed:
            objects = self.bucket.objects
            return Reply(200, {
                "requests": self.seen.requests, "errors": self.seen.errors, "peak": self.peak,
                "counts": collections.Counter(one["on"] for one in self.seen.requests), "connections": self.open_connections,
                "objects": sorted(objects) if request.query.get("brief") else {k: objects[k].show() for k in sorted(objects)},
                "uploads": [{"key": one.key, "id": name, "parts": sorted(one.parts)}
                            for name, one in self.bucket.uploads.items()]})

    def wait(self, request):
        return Reply(200, self.seen.wait(request.json))

    def command(self, function, request, handler):
        try:
            handler.read(request)
            request.json = json.loads(request.body or b"null")
            return function(request)
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            return Reply(400, {"error": f"{type(problem).__name__}: {problem}"})

    # --- serving ---

    def serve(self, request, handler):
        control = self.controls.get((request.method, request.path))
        if control:
            return self.command(control, request, handler)
        self.classify(request)
        request.record = self.seen.add(request)
        with self.lock:
            request.fault = self.faults.take(request.kind, request.key or request.query.get("prefix", ""))
            self.at_once[request.kind] += 1
            self.peak[request.kind] = max(self.peak[request.kind], self.at_once[request.kind])
        request.record.update(key=request.key, fault=request.fault or None)
        reply = None
        try:
            reply = self.perform(request, handler)
        finally:
            with self.lock:
                self.at_once[request.kind] -= 1
            request.record["received"] = len(request.body)
            self.seen.answered(request.record, reply.status if reply else 0)
        return reply

    def classify(self, request):
        request.kind = KINDS.get((request.method, request.path))
        if request.kind:
            return
        host = request.headers.get("Host", "").rsplit(":", 1)[0]
        if host.endswith(DOMAIN):
            request.bucket, request.key = host.removesuffix(DOMAIN), request.path[1:]
        else:
            request.bucket, _, request.key = request.path[1:].partition("/")
        fitting = (kind for method, keyed, name, kind in ROUTES if method == request.method and keyed == bool(request.key)
                   and (name is None or name in request.query))
        request.kind = next(fitting, "unknown")

    def perform(self, request, handler):
        """Acts and misbehaves, in the order that the fault asks for. None: no reply at all."""
        fault = request.fault
        if fault.get("early"):  # nobody listens to the body
            handler.close_connection = True
            return canned(fault)
        refusal = None if request.kind in KINDS.values() else self.refusal_of(request, lambda: self.gate.pass_head(request))
        if refusal and request.headers.get("Expect"):
            handler.close_connection = True
            return refusal
        refusal = handler.read(request) or refusal
        return refusal or self.perform_whole(request, fault)

    def perform_whole(self, request, fault):
        gone = next((fault[key] for key in ("drop", "reset") if key in fault), None)
        late = fault.get("after") or gone == "after"
        reply = self.act(request) if late else None
        if reply:
            request.record["acted"] = reply.status
        if "delayMs" in fault:
            time.sleep(fault["delayMs"] / 1000)
        if fault.get("hold"):
            self.released.wait()
        if gone:
            return None
        return canned(fault) or reply or self.act(request)

    def refusal_of(self, request, check):
        try:
            check()
        except Refused as refusal:
            self.seen.error(refusal.why, request, status=refusal.reply.status, reply=refusal.reply.body.decode())
            return refusal.reply
        return None

    def act(self, request):
        if request.kind in KINDS.values():
            with self.lock:
                return self.issuer.serve(request)
        for breach in breaches(request):
            self.seen.error("unwanted", request, header=breach)
        replies = []
        try:
            refusal = self.refusal_of(request, lambda: replies.append(self.do(request)))
        except Exception as mistake:  # ours: it must not look like a bad day
            self.seen.error("contract", request, mistake=repr(mistake))
            return Reply(501, {"error": f"the emulator failed: {mistake!r}"})
        return refusal or replies[0]

    def do(self, request):
        self.gate.pass_body(request)
        with self.lock:
            if request.kind == "create_bucket":
                self.buckets.setdefault(request.bucket, Bucket())
                return Reply(200)
            bucket = self.buckets.get(request.bucket) or refuse("NoSuchBucket", BucketName=request.bucket)
            special = self.SPECIAL.get(request.kind)
            if special:
                return special(self, bucket, request)
            method = "get" if request.kind == "head" else request.kind
            return getattr(bucket, method)(request) if request.kind != "unknown" else refuse("NotImplemented")

    def delete_many(self, bucket, request):
        share = request.fault.get("failKeys", 0)
        return bucket.delete_many(request, lambda key: random.random() < share)

    SPECIAL = {
        "head_bucket": lambda self, bucket, request: Reply(200, None, {"x-amz-bucket-region": self.gate.region}),
        "location": lambda self, bucket, request: Reply(200, document("LocationConstraint", self.gate.region), XML),
        "part": lambda self, bucket, request: bucket.part(request, lost=request.fault.get("losePart", False)),
        "delete_many": delete_many,
    }


def main():
    """Serves until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--key", action="append", required=True, help="ID|SECRET or ID|SECRET|TOKEN; may be given again")
    parser.add_argument("--bucket", action="append", help="a bucket that is there (default: bucket); may be given again")
    parser.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"), help="speak HTTPS, with these files")
    args = parser.parse_args()
    server = Server(args.port, S3(args), S3Handler)
    origin = server.origin
    if args.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*args.tls)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        origin = origin.replace("http:", "https:")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *what: stop.set())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"listening {origin}", flush=True)
    stop.wait()


if __name__ == "__main__":
    main()
