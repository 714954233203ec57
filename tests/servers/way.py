"""A way to an S3 server, and a small client of our own that goes it: what another client would hide is plain here."""

import base64
import dataclasses
import hashlib
import http.client
import re
import urllib.parse
import xml.etree.ElementTree as ET

import sigv4


@dataclasses.dataclass(frozen=True)
class Way:
    server: str
    endpoint: str
    path_style: bool
    key: str
    secret: str
    token: str = ""
    region: str = "us-east-1"

    def __str__(self):
        return f"{self.server}-{'path' if self.path_style else 'host'}-{'token' if self.token else 'plain'}"

    def bucket(self, name):
        return Bucket(self, name)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def xml(self):
        """Without name spaces."""
        return ET.fromstring(re.sub(rb' xmlns="[^"]*"', b"", self.body, count=1))

    @property
    def code(self):
        """Of an error."""
        return self.xml.findtext("Code")

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Bucket:
    def __init__(self, way, name):
        self.way, self.name = way, name
        where = urllib.parse.urlsplit(way.endpoint)
        self.host = where.netloc if way.path_style else f"{name}.{where.netloc}"
        self.port = where.port
        self.base = f"/{name}" if way.path_style else ""

    def path(self, key=""):
        return (f"{self.base}/{sigv4.encode(key, '/')}" if key else self.base) or "/"

    def send(self, method, path, query="", headers=(), body=None):
        """As it is. Names below localhost need no resolver."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path + (f"?{query}" if query else ""), body, dict(headers))
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def request(self, method, key="", query=(), headers=(), body=b"", **more):
        headers = {"Host": self.host, **({"Content-MD5": md5(body)} if body else {}), **dict(headers)}
        pairs = list(dict(query).items())
        signed = sigv4.sign(self.way, method, self.path(key), pairs, headers, hashlib.sha256(body).hexdigest(), **more)
        return self.send(method, self.path(key), sigv4.canonical_query(pairs), signed, body or None)

    def must(self, *what, **more):
        answer = self.request(*what, **more)
        assert answer.status < 300, (what, answer)
        return answer

    def make(self):
        self.must("PUT")

    def put(self, key, body, **headers):
        return self.must("PUT", key, headers=headers, body=body)

    def get(self, key):
        return self.must("GET", key).body

    def head(self, key):
        return self.request("HEAD", key)

    def keys(self, prefix="", page=1000):
        """Those that begin so, in their order."""
        found, more = [], {}
        while True:
            query = {"list-type": "2", "prefix": prefix, "max-keys": str(page), "encoding-type": "url", **more}
            answer = self.must("GET", query=query).xml
            found += [urllib.parse.unquote_plus(one.findtext("Key")) for one in answer.findall("Contents")]
            if answer.findtext("IsTruncated") != "true":
                return found
            more = {"continuation-token": answer.findtext("NextContinuationToken")}

    def uploads(self):
        """Those in parts that are open: (key, id)."""
        answer = self.must("GET", query={"uploads": "", "encoding-type": "url"}).xml
        return [(urllib.parse.unquote_plus(one.findtext("Key")), one.findtext("UploadId"))
                for one in answer.findall("Upload")]

    def begin(self, key):
        """An upload in parts; its id."""
        return self.must("POST", key, {"uploads": ""}).xml.findtext("UploadId")

    def put_part(self, key, upload, number, body):
        return self.must("PUT", key, {"partNumber": str(number), "uploadId": upload}, body=body).headers["ETag"]

    def complete(self, key, upload, tags):
        """tags: of the parts, from the first on."""
        parts = "".join(f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>"
                        for number, tag in enumerate(tags, 1))
        body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
        return self.must("POST", key, {"uploadId": upload}, body=body)

    def give_up(self, key, upload):
        return self.must("DELETE", key, {"uploadId": upload})

    def empty(self):
        for key, upload in self.uploads():
            self.give_up(key, upload)
        keys = self.keys()
        for at in range(0, len(keys), 1000):
            names = "".join(f"<Object><Key>{escaped(key)}</Key></Object>" for key in keys[at:at + 1000])
            body = f"<Delete><Quiet>true</Quiet>{names}</Delete>".encode()
            self.must("POST", query={"delete": ""}, body=body)


def md5(body):
    return base64.b64encode(hashlib.md5(body).digest()).decode()


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
