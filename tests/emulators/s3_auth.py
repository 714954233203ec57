"""Who asks: signatures, tokens, clocks and hashes, checked as strictly as AWS does, or any server that is known."""

import base64
import calendar
import contextlib
import hashlib
import hmac
import re
import time
import types

import sigv4
from s3_words import iso, refuse

SKEW_S = 15 * 60
HASH = re.compile("[0-9a-f]{64}")
FIELDS = re.compile(r"AWS4-HMAC-SHA256\s+Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})")


def seconds_of(stamp):
    with contextlib.suppress(ValueError):
        return calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
    return refuse("AccessDenied", "That is no date.")


def claimed(request):
    """What a request says about itself; None where it has no signature."""
    query = request.query
    if "X-Amz-Signature" in query:
        return types.SimpleNamespace(
            credential=query.get("X-Amz-Credential", ""), names=query.get("X-Amz-SignedHeaders", ""),
            signature=query["X-Amz-Signature"], date=query.get("X-Amz-Date", ""), payload=sigv4.UNSIGNED,
            token=query.get("X-Amz-Security-Token", ""), presigned=True)
    found = FIELDS.fullmatch(request.headers.get("Authorization", ""))
    return found and types.SimpleNamespace(
        credential=found[1], names=found[2], signature=found[3], date=request.headers.get("x-amz-date", ""),
        payload=request.headers.get("x-amz-content-sha256", ""), token=request.headers.get("x-amz-security-token", ""),
        presigned=False)


class Gate:
    """keys: by their ids, each with secret, token ("": none) and until (None: for ever)."""

    def __init__(self):
        self.keys, self.region, self.redirect, self.skew_s = {}, "us-east-1", {}, 0

    def now(self):
        return time.time() + self.skew_s

    def pass_head(self, request):
        """Before the body is there."""
        claim = claimed(request)
        if not claim:
            refuse("AccessDenied")
        parts = claim.credential.rsplit("/", 4)
        if len(parts) != 5:
            refuse("AuthorizationHeaderMalformed", "A credential has five parts.")
        key = self.known_key(parts[0], claim)
        self.check_scope(request, claim, *parts[1:])
        self.check_time(request, claim)
        self.check_names(request, claim)
        self.check_signature(request, claim, key, "/".join(parts[1:]))

    def known_key(self, name, claim):
        key = self.keys.get(name)
        if not key:
            refuse("InvalidAccessKeyId", AWSAccessKeyId=name)
        if key["token"] != claim.token:
            refuse("InvalidToken")
        if key["until"] is not None and key["until"] <= self.now():
            refuse("ExpiredToken")
        return key

    def check_scope(self, request, claim, day, region, service, end):
        if region != self.region:
            self.send_elsewhere(request, region)
        if (day, service, end) != (claim.date[:8], "s3", "aws4_request"):
            refuse("AuthorizationHeaderMalformed", "That is no scope of this request.")

    def send_elsewhere(self, request, region):
        """To where the bucket is, in one of the ways in which this is said."""
        status, told = self.redirect.get("status", 400), self.redirect.get("in", "both")
        truth = self.redirect.get("to", self.region)
        headers = {"x-amz-bucket-region": truth} if told in ("header", "both") else {}
        code = {301: "PermanentRedirect", 307: "TemporaryRedirect"}.get(status, "AuthorizationHeaderMalformed")
        if status == 307:
            headers["Location"] = f"http://{request.headers.get('Host')}{request.target}"
        more = {"Region": truth} if told in ("body", "both") else {}
        refuse(code, f"The region '{region}' is wrong.", headers=headers, Bucket=request.bucket, **more)

    def check_time(self, request, claim):
        signed = seconds_of(claim.date)
        if not claim.presigned:
            if abs(signed - self.now()) > SKEW_S:
                refuse("RequestTimeTooSkewed", RequestTime=claim.date, ServerTime=iso(self.now()),
                       MaxAllowedSkewMilliseconds=SKEW_S * 1000)
            return
        lasts = request.query.get("X-Amz-Expires", "")
        if not lasts.isdigit() or not 0 < int(lasts) <= 7 * 86400:
            refuse("AuthorizationQueryParametersError")
        if not signed - SKEW_S <= self.now() <= signed + int(lasts):
            refuse("AccessDenied", "Request has expired")

    def check_names(self, request, claim):
        """Of the headers that must be signed."""
        signed = claim.names.split(";")
        must = {"host", *(name for name in request.lower if name.startswith("x-amz-"))}
        missing = must - set(signed)
        if missing or signed != sorted(signed):
            refuse("AccessDenied", "There were headers present in the request which were not signed",
                   HeadersNotSigned=",".join(missing))
        if not claim.presigned and claim.payload != sigv4.UNSIGNED and not HASH.fullmatch(claim.payload):
            refuse("InvalidRequest", "x-amz-content-sha256 is missing, or of a kind that we do not take.")

    def check_signature(self, request, claim, key, scope):
        pairs = [pair for pair in request.pairs if pair[0] != "X-Amz-Signature"]
        text = sigv4.canonical_request(request.method, request.raw_path, pairs, request.lower, claim.names.split(";"),
                                       claim.payload)
        if not hmac.compare_digest(sigv4.signature(key["secret"], claim.date, scope, text), claim.signature):
            refuse("SignatureDoesNotMatch", CanonicalRequest=text)

    @staticmethod
    def pass_body(request):
        said = request.headers.get("x-amz-content-sha256", sigv4.UNSIGNED)
        if said != sigv4.UNSIGNED and hashlib.sha256(request.body).hexdigest() != said:
            refuse("XAmzContentSHA256Mismatch")
        md5 = request.headers.get("Content-MD5")
        if md5 is not None and base64.b64encode(hashlib.md5(request.body).digest()).decode() != md5:
            refuse("BadDigest")


def breaches(request):
    """What servers other than this one would not take, or would not notice: a good client does none of it."""
    lower = request.lower
    found = [name for name in lower if name.startswith(("x-amz-checksum", "x-amz-sdk-checksum", "x-amz-trailer"))]
    found += [name for name in ("x-amz-acl", "transfer-encoding", "content-encoding") if name in lower]
    if (request.body or request.kind == "put") and "authorization" in lower and "content-md5" not in lower:
        found.append("no Content-MD5")
    if lower.get("x-amz-content-sha256") == sigv4.UNSIGNED:
        found.append("unsigned payload")
    if request.raw_path != sigv4.encode(request.path, "/"):
        found.append(f"a path that is not encoded as it is signed: {request.raw_path}")
    return found


