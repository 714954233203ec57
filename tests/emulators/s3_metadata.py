"""Where machines get their keys: the container's endpoint and the instance's metadata service (version 2 only)."""

import json
import secrets
import time

from s3_words import iso
from wire import Reply

ROLE = "videod-role"
KINDS = {
    ("PUT", "/latest/api/token"): "imds_token",
    ("GET", "/latest/meta-data/iam/security-credentials/"): "imds_role",
    ("GET", f"/latest/meta-data/iam/security-credentials/{ROLE}"): "imds_keys",
    ("GET", "/ecs"): "ecs",
}


class Issuer:
    """Gives out keys that hold for some seconds. gate: it will know them."""

    def __init__(self, gate):
        self.gate, self.tokens, self.count = gate, set(), 0
        self.seconds, self.authorization = 3600, ""

    def issue(self):
        self.count += 1
        key = {"secret": secrets.token_urlsafe(30), "token": f"issued/{self.count}+" + secrets.token_urlsafe(60) + "==",
               "until": time.time() + self.seconds}
        name = f"ASIAISSUED{self.count:06}"
        self.gate.keys[name] = key
        return {"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": name, "SecretAccessKey": key["secret"],
                "Token": key["token"], "LastUpdated": iso(time.time()).replace(".000Z", "Z"),
                "Expiration": iso(key["until"]).replace(".000Z", "Z")}

    def serve(self, request):
        if request.kind == "ecs":
            allowed = request.headers.get("Authorization", "") == self.authorization
            return Reply(200, self.issue()) if allowed else Reply(401, {"code": "Unauthorized"})
        if request.kind == "imds_token":
            return self.give_token(request)
        if request.headers.get("X-aws-ec2-metadata-token") not in self.tokens:
            return Reply(401, b"<html>401 - Unauthorized</html>", {"Content-Type": "text/html"})
        if request.kind == "imds_role":
            return Reply(200, ROLE.encode(), {"Content-Type": "text/plain"})
        return Reply(200, json.dumps(self.issue(), indent=2).encode(), {"Content-Type": "text/plain"})

    def give_token(self, request):
        lasts = request.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
        if not lasts.isdigit() or not 1 <= int(lasts) <= 21600 or "X-Forwarded-For" in request.headers:
            return Reply(400, b"")
        self.tokens.add(token := secrets.token_urlsafe(40) + "==")
        return Reply(200, token.encode(), {"X-aws-ec2-metadata-token-ttl-seconds": lasts, "Content-Type": "text/plain"})
