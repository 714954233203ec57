#!/usr/bin/env python3
"""Runway's API on loopback: strict, behaving in time, programmable (see README.md)."""

import base64
import datetime
import functools
import hashlib
import hmac
import json
import pathlib
import uuid

import clips
import contract
import forms
import runway_rules as rules
import tasks
from control import Service, main, now, setting
from wire import Refused, Reply

VERSION = "2024-11-06"
DOCS = "https://docs.dev.runwayml.com/api"
DAY_MS = tasks.DAY_MS
USAGE_DAYS_MAX = 90
FATES = ("fail", "failRefund", "clipBytes", "clipFile", "garbage", "contentType")  # of a fault: what a task keeps

CREDITS = {"required": ["credits"], "props": {"credits": "number"}}
CREATED = {"required": ["id", "estimatedCost"], "props": {"id": "string", "estimatedCost": CREDITS}}
SLOT = {"required": ["uploadUrl", "fields", "runwayUri"],
        "props": {"uploadUrl": "string", "fields": "Record<string, string>", "runwayUri": "string"}}
SLOT_REQUEST = {"required": ["filename", "type"], "props": {"filename": "string", "type": {"const": "ephemeral"}}}
USAGE_REQUEST = {"required": [], "props": {"startDate": "string", "beforeDate": "string"}}
AMOUNT = {"required": ["model", "amount"], "props": {"model": "string", "amount": "number"}}
DAY = {"required": ["date", "usedCredits"], "props": {"date": "string", "usedCredits": {"array": AMOUNT}}}
USAGE = {"required": ["models", "results"], "props": {"models": {"array": "string"}, "results": {"array": DAY}}}
ORGANIZATION = rules.CONTRACT["organization"][0]


def error(status, text, headers=None, **more):
    return Reply(status, {"error": text, **more, "docUrl": DOCS}, headers)


def refuse(why, status, text, headers=None, **more):
    raise Refused(why, error(status, text, headers, **more))


def validate(found):
    if found:
        why = found[0]["code"] if found[0]["code"] != "custom" else "invalid"
        refuse(why, 400, "Validation of body failed", issues=found)


def xml(status, code, message):
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Reply(status, text.encode(), {"Content-Type": "application/xml"})


def iso(ms):
    moment = datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def url_safe(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def dates(body):
    """The first day of a report, and the one after its last."""
    validate(contract.issues(USAGE_REQUEST, body))
    today = datetime.datetime.now(datetime.timezone.utc).date()
    found = {"startDate": today - datetime.timedelta(30), "beforeDate": today + datetime.timedelta(1)}
    for key, text in body.items():
        try:
            found[key] = datetime.date.fromisoformat(text)
        except ValueError:
            validate([rules.issue([key], "Invalid ISO date", "invalid_format", format="date")])
    if (found["beforeDate"] - found["startDate"]).days > USAGE_DAYS_MAX:
        validate([rules.issue(["startDate"], f"The range may be at most {USAGE_DAYS_MAX} days")])
    return str(found["startDate"]), str(found["beforeDate"])


def limit(name):
    """A key of /_setup that is one number for all models, or {model: number}."""
    def put(service, value):
        many = value if isinstance(value, dict) else dict.fromkeys(rules.MODELS, value)
        setattr(service, name, {**getattr(service, name), **many})

    return put


class Runway(Service):
    """An emulator of Runway's API."""

    DEFAULT_KEY = "key_" + "0123456789abcdef" * 8

    @functools.cached_property
    def clips(self):
        return clips.Clips(self.cache)

    def clear(self):
        self.tasks, self.uploads, self.last_poll = tasks.Tasks(), {}, {}
        self.clock = {"pendingMs": 300, "runningMs": 1700}
        self.credits, self.url_seconds, self.min_poll_ms, self.unreachable = 1_000_000, 24 * 3600, 0, []
        self.concurrency = dict.fromkeys(rules.MODELS, 5)
        self.daily_limit = dict.fromkeys(rules.MODELS, 10_000)

    def leave(self, credits):
        self.credits = credits + self.spent()

    def expire_uploads(self, value):
        self.uploads.clear()

    def finish(self, moment):
        self.settle(moment)
        self.tasks.finish(moment)

    SETUP = {
        "clock": setting("clock", update=True), "concurrency": limit("concurrency"),
        "dailyLimit": limit("daily_limit"), "credits": leave, "finish": finish, "urlSeconds": setting("url_seconds"),
        "minPollMs": setting("min_poll_ms"), "unreachable": setting("unreachable"), "expireUploads": expire_uploads,
    }

    # --- the state ---

    def on_task(self, task):
        self.tasks.add(task)
        if "fail" not in task["fate"]:
            self.clips.order(task["clip"])

    def on_cancel(self, what):
        self.settle(what["at"])
        self.tasks.cancel(self.tasks.all[what["id"]], what["at"])

    def on_slot(self, upload):
        self.uploads[upload["uri"]] = upload

    def on_stored(self, what):
        self.uploads[what["uri"]].update(what)

    def settle(self, moment=None):
        for model, limit in self.concurrency.items():
            self.tasks.settle(model, limit, moment or now())

    def spent(self):
        self.settle()
        return sum(tasks.cost(task, now()) for task in self.tasks.all.values())

    def state(self, task):
        """A task is only over once its clip is there."""
        found = tasks.state(task, now())
        waiting = found == tasks.SUCCEEDED and not self.clips.path(task["clip"]).exists()
        return "RUNNING" if waiting else found

    def bills(self):
        self.settle()
        moment = now()
        return [{**{key: task[key] for key in ("id", "endpoint", "model", "prompt", "ratio", "seed", "at")},
                 "seconds": task["clip"][3], "colour": task["clip"][1], "state": self.state(task),
                 "credits": task["credits"], "charged": tasks.cost(task, moment),
                 "refunded": bool(tasks.refunded(task, moment))} for task in self.tasks.all.values()]

    def totals(self, bills):
        charged = sum(bill["charged"] for bill in bills)
        return {"tasks": len(bills), "credits": sum(bill["credits"] for bill in bills), "charged": charged,
                "balance": self.credits - charged}

    def subject(self, request):
        """The text that a fault's match is looked for in."""
        body = request.json if isinstance(request.json, dict) else {}
        task = self.tasks.all.get(request.args[0]) if request.args else None
        return str(task["prompt"] if task else body.get("promptText") or body.get("filename") or "")

    def authorize(self, request):
        if not request.path.startswith("/v1/"):
            return
        given = request.headers.get("Authorization", "")
        if not given.startswith("Bearer "):
            refuse("key", 401, "No API key was provided. Provide it in the Authorization header.")
        if given.removeprefix("Bearer ") not in self.keys:
            refuse("key", 401, "The API key that was provided is not valid.")
        if request.headers.get("X-Runway-Version") != VERSION:
            refuse("version", 400, "The API version that was provided in the X-Runway-Version header is not valid.")

    def refusal(self, status):
        return error(status, "Method not allowed" if status == 405 else "Not found")

    # --- tasks ---

    def create(self, request):
        endpoint, body = request.path.removeprefix("/v1/"), request.json
        with self.lock:
            validate(rules.create_issues(endpoint, body, self.upload_start) or self.unreachable_issues(body))
            task = self.new_task(endpoint, body, request.fault)
            self.check_limits(task)
            self.commit({"task": task})
        created = {"id": task["id"], "estimatedCost": {"credits": task["credits"]}}
        return self.checked(request, contract.issues(CREATED, created), created)

    def unreachable_issues(self, body):
        image = body.get("promptImage")
        uris = [image] if isinstance(image, str) else [entry["uri"] for entry in image or []]
        bad = [uri for uri in uris if any(f"//{host}/" in uri for host in self.unreachable)]
        return [rules.issue(["promptImage"], "Failed to fetch the asset") for uri in bad]

    def new_task(self, endpoint, body, fault):
        seconds, sound, credits = rules.price(body)
        prompt = body.get("promptText", "")
        fate = {key: fault[key] for key in FATES if key in fault}
        return {"id": str(uuid.uuid4()), "endpoint": endpoint, "model": body["model"], "prompt": prompt,
                "ratio": body["ratio"], "seed": body.get("seed"), "credits": credits, "at": now(), "fate": fate,
                "clip": [body["ratio"], clips.colour_of(prompt), sound, seconds], **self.clock,
                "slotAt": None, "cancelledAt": None}

    def check_limits(self, task):
        if task["credits"] > self.credits - self.spent():
            refuse("credits", 400, "You do not have enough credits to run this task.")
        if self.tasks.since(task["model"], now() - DAY_MS) >= self.daily_limit[task["model"]]:
            refuse("dailyLimit", 429, "Your daily task limit has been reached.",
                   {"apigw-requestid": uuid.uuid4().hex[:15]})

    def find_task(self, request):
        task = self.tasks.all.get(request.args[0])
        if not task or task["cancelledAt"]:
            refuse("noTask", 404, "Could not find Task")
        return task

    def poll(self, request):
        with self.lock:
            task = self.find_task(request)
            self.watch_pace(task, request)
            self.tasks.settle(task["model"], self.concurrency[task["model"]], now())
            status, cost = self.state(task), tasks.cost(task, now())
        body = {"id": task["id"], "createdAt": iso(task["at"]), "status": status}
        if status in (tasks.SUCCEEDED, tasks.FAILED):
            body["cost"] = {"credits": cost}
        else:
            body["estimatedCost"] = {"credits": task["credits"]}
        if status == "RUNNING":
            body["progress"] = tasks.progress(task, now())
        elif status == tasks.SUCCEEDED:
            body["output"] = [self.signed_url(task, -1 if request.fault.get("expireUrl") else self.url_seconds)]
        elif status == tasks.FAILED:
            code = task["fate"]["fail"]
            body.update({"failure": tasks.failure(code)[1]}, **({"failureCode": code} if code else {}))
        shape = contract.variant(rules.CONTRACT["task"], "status", status)
        return self.checked(request, contract.issues(shape, body), body)

    def watch_pace(self, task, request):
        moment, before = now(), self.last_poll.get(task["id"])
        self.last_poll[task["id"]] = moment
        if before and moment - before < self.min_poll_ms:
            self.seen.error("pollTooOften", request, task=task["id"], gapMs=moment - before)

    def cancel(self, request):
        with self.lock:
            self.commit({"cancel": {"id": self.find_task(request)["id"], "at": now()}})
        return Reply(204)

    # --- the output ---

    def sign(self, text):
        return url_safe(hmac.digest(hashlib.sha256(self.keys[0].encode()).digest(), text.encode(), "sha256"))

    def signed_url(self, task, seconds):
        path = f"/clips/{task['id']}/{task['id'][:8]}.mp4"
        claims = json.dumps({"path": path, "exp": now() // 1000 + seconds, "iat": now()})
        text = ".".join(url_safe(part.encode()) for part in ('{"alg":"HS256","typ":"JWT"}', claims))
        return f"{self.origin}{path}?_jwt={text}.{self.sign(text)}"

    def is_signed(self, request):
        text, _, signature = request.query.get("_jwt", "").rpartition(".")
        if not text or not hmac.compare_digest(signature, self.sign(text)):
            return False
        claims = json.loads(base64.urlsafe_b64decode(text.split(".")[1] + "=="))
        return claims["path"] == request.path and claims["exp"] > now() / 1000

    def download(self, request):
        if request.fault.get("expireUrl") or not self.is_signed(request):
            raise Refused("expiredUrl", xml(403, "AccessDenied", "Access denied"))
        task = self.tasks.all.get(request.args[0])
        if not task or self.state(task) != tasks.SUCCEEDED:
            raise Refused("noClip", xml(403, "AccessDenied", "Access denied"))
        fate = {**task["fate"], **request.fault}
        headers = {"Content-Type": fate.get("contentType", "video/mp4"), "Accept-Ranges": "none"}
        path = self.clips.path(task["clip"])
        if fate.get("garbage"):
            return Reply(200, b"This is not a film. " * 2048, headers)
        if "clipFile" in fate:
            return Reply(200, pathlib.Path(fate["clipFile"]).read_bytes(), headers)
        if "clipBytes" in fate:
            return Reply(200, headers=headers, parts=clips.padded(path, fate["clipBytes"]), size=fate["clipBytes"])
        return Reply(200, path.read_bytes(), headers)

    # --- uploads ---

    def upload_start(self, uri):
        upload = self.uploads.get(uri)
        fresh = upload and upload.get("start") is not None and now() - upload["at"] < DAY_MS
        return bytes.fromhex(upload["start"]) if fresh else None

    def slot(self, request):
        validate(contract.issues(SLOT_REQUEST, request.json) or
                 rules.outside(["filename"], "string", len(request.json["filename"]), (3, 255), " characters"))
        name = uuid.uuid4().hex
        policy = base64.b64encode(json.dumps({"expiration": iso(now() + DAY_MS)}).encode()).decode()
        fields = {"key": f"ephemeral/{name}/{request.json['filename']}", "bucket": "uploads", "Policy": policy,
                  "X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Signature": hashlib.sha256(name.encode()).hexdigest()}
        upload = {"uri": f"runway://{name}", "name": name, "fields": fields, "at": now()}
        self.commit({"slot": upload})
        slot = {"uploadUrl": f"{self.origin}/storage/{name}", "fields": fields, "runwayUri": upload["uri"]}
        return self.checked(request, contract.issues(SLOT, slot), slot)

    def store(self, request):
        upload = self.uploads.get(f"runway://{request.args[0]}")
        problem = forms.problem(request, upload, rules.UPLOAD_BYTES)
        if problem:
            raise Refused("upload", xml(*problem))
        with forms.file_of(request) as data:
            self.commit({"stored": {"uri": upload["uri"], "size": len(data), "start": bytes(data[:32]).hex()}})
        return Reply(204)

    # --- the organization ---

    def organization(self, request):
        with self.lock:
            balance, start = self.credits - self.spent(), now() - DAY_MS
            used = {model: {"dailyGenerations": self.tasks.since(model, start)} for model in rules.MODELS}
        models = {model: {"maxConcurrentGenerations": self.concurrency[model],
                          "maxDailyGenerations": self.daily_limit[model]} for model in rules.MODELS}
        body = {"creditBalance": balance, "tier": {"maxMonthlyCreditSpend": 200_000, "models": models},
                "usage": {"models": used}}
        return self.checked(request, contract.issues(ORGANIZATION, body), body)

    def usage(self, request):
        start, before = dates(request.json)
        days = {}
        with self.lock:
            self.settle()
            for task in self.tasks.all.values():
                day = iso(task["at"])[:10]
                if start <= day < before:
                    models = days.setdefault(day, {})
                    models[task["model"]] = models.get(task["model"], 0) + tasks.cost(task, now())
        results = [{"date": day, "usedCredits": [{"model": m, "amount": a} for m, a in models.items()]}
                   for day, models in sorted(days.items())]
        body = {"models": sorted({model for models in days.values() for model in models}), "results": results}
        return self.checked(request, contract.issues(USAGE, body), body)

    ROUTES = [
        ("POST", r"/v1/(?:text_to_video|image_to_video)", "create", create),
        ("GET", r"/v1/tasks/([^/]+)", "poll", poll),
        ("DELETE", r"/v1/tasks/([^/]+)", "cancel", cancel),
        ("GET", r"/clips/([^/]+)/[^/]+", "download", download),
        ("POST", r"/v1/uploads", "upload", slot),
        ("POST", r"/storage/([^/]+)", "storage", store),
        ("GET", r"/v1/organization", "organization", organization),
        ("POST", r"/v1/organization/usage", "organization", usage),
    ]


if __name__ == "__main__":
    main(Runway)
