"""AWS Signature Version 4 by S3's rules, for clients and servers of tests.

Follows "Authenticating Requests (AWS Signature Version 4)" of the Amazon S3 API Reference.
"""

import hashlib
import hmac
import time
import urllib.parse

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"


def encode(text, safe=""):
    """All but A-Za-z0-9-_.~ and what is safe."""
    return urllib.parse.quote(text, safe=safe + "-_.~")


def stamp(seconds=None):
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))


def canonical_query(pairs):
    return "&".join(f"{name}={value}" for name, value in sorted((encode(n), encode(v)) for n, v in pairs))


def canonical_request(method, path, pairs, headers, names, payload):
    """path: as it is sent, encoded once. headers: by their names in lower case; names: those that are signed, sorted."""
    lines = "".join(f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in names)
    return "\n".join([method, path, canonical_query(pairs), lines, ";".join(names), payload])


def scope(date, region, service="s3"):
    return f"{date[:8]}/{region}/{service}/aws4_request"


def signature(secret, date, where, request):
    """date: as x-amz-date has it; where: the scope."""
    text = "\n".join([ALGORITHM, date, where, hashlib.sha256(request.encode()).hexdigest()])
    key = b"AWS4" + secret.encode()
    for part in where.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def sign(way, method, path, pairs, headers, payload, date=None, service="s3"):
    """The headers of a request with those that make it signed. way: has key, secret, token and region."""
    date = date or stamp()
    headers = {**headers, "x-amz-date": date, "x-amz-content-sha256": payload}
    if way.token:
        headers["x-amz-security-token"] = way.token
    lower = {name.lower(): value for name, value in headers.items()}
    where = scope(date, way.region, service)
    request = canonical_request(method, path, pairs, lower, sorted(lower), payload)
    return {**headers, "Authorization": f"{ALGORITHM} Credential={way.key}/{where},SignedHeaders={';'.join(sorted(lower))},"
                                        f"Signature={signature(way.secret, date, where, request)}"}


def presign(way, method, path, pairs, host, seconds, date=None):
    """The query of a signed address."""
    date = date or stamp()
    where = scope(date, way.region)
    pairs = [*pairs, ("X-Amz-Algorithm", ALGORITHM), ("X-Amz-Credential", f"{way.key}/{where}"), ("X-Amz-Date", date),
             ("X-Amz-Expires", str(seconds)), ("X-Amz-SignedHeaders", "host")]
    if way.token:
        pairs.append(("X-Amz-Security-Token", way.token))
    request = canonical_request(method, path, pairs, {"host": host}, ["host"], UNSIGNED)
    return canonical_query(pairs) + "&X-Amz-Signature=" + signature(way.secret, date, where, request)
