"""Buckets: objects, uploads in parts, listings; in memory."""

import hashlib
import re
import secrets
import time
import xml.etree.ElementTree as ET

import sigv4
from s3_words import document, iso, refuse, tag
from wire import Reply

PART_MIN = 5 << 20
PARTS_MAX = 10000
PAGE_MAX = 1000
KEPT = ("content-type", "cache-control", "content-disposition", "x-amz-storage-class", "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-tagging", "x-amz-acl")
RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class Object:
    def __init__(self, body, headers, etag=None):
        self.body, self.modified = body, time.time()
        self.headers = {name: headers[name] for name in KEPT if name in headers}
        self.etag = etag or f'"{hashlib.md5(body).hexdigest()}"'

    def show(self):
        return {"size": len(self.body), "etag": self.etag, "sha256": hashlib.sha256(self.body).hexdigest(),
                "headers": self.headers}


class Upload:
    def __init__(self, key, headers, age_s=0):
        self.key, self.headers, self.begun, self.parts = key, headers, time.time() - age_s, {}


def elements(body):
    """Of a request, without name spaces."""
    try:
        return ET.fromstring(re.sub(rb' xmlns="[^"]*"', b"", body, count=1))
    except ET.ParseError:
        return refuse("MalformedXML")


class Bucket:
    def __init__(self, page=PAGE_MAX):
        self.objects, self.uploads, self.done = {}, {}, {}
        self.page = page  # so many of a listing at once
        self.forgets = False  # a Complete that comes again finds nothing
        self.odd_etags = False  # of what is put in parts: they show nothing

    def age(self, seconds):
        for one in self.objects.values():
            one.modified -= seconds

    # --- objects ---

    def put(self, request):
        found = self.objects[request.key] = Object(request.body, request.lower)
        return Reply(200, None, {"ETag": found.etag})

    def found(self, request):
        return self.objects.get(request.key) or refuse("NoSuchKey", Key=request.key)

    def get(self, request):
        """Also the answer to HEAD, whose body is not sent."""
        found = self.found(request)
        headers = {"content-type": "binary/octet-stream", **found.headers, "ETag": found.etag, "Accept-Ranges": "bytes",
                   "Last-Modified": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(found.modified))}
        for name, value in request.query.items():
            if name.startswith("response-"):
                headers[name.removeprefix("response-").lower()] = value
        wanted = RANGE.fullmatch(request.headers.get("Range", ""))
        if not wanted:
            return Reply(200, found.body, headers)
        size = len(found.body)
        first = int(wanted[1]) if wanted[1] else max(0, size - int(wanted[2]))
        last = min(int(wanted[2]), size - 1) if wanted[1] and wanted[2] else size - 1
        if first > last:
            refuse("InvalidRange")
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        return Reply(206, found.body[first:last + 1], headers)

    def delete(self, request):
        self.objects.pop(request.key, None)
        return Reply(204)

    def delete_many(self, request, spared=lambda key: False):
        """spared: the keys that are not deleted today."""
        if "content-md5" not in request.lower:
            refuse("InvalidRequest", "Missing required header for this request: Content-MD5")
        order = elements(request.body)
        keys = [one.findtext("Key") for one in order.iter("Object")]
        if not 0 < len(keys) <= PAGE_MAX:
            refuse("MalformedXML")
        kept = [key for key in keys if spared(key)]
        gone = [key for key in keys if key not in set(kept)]
        for key in gone:
            self.objects.pop(key, None)
        told = [] if order.findtext("Quiet") == "true" else [tag("Deleted", [tag("Key", key)]) for key in gone]
        told += [tag("Error", [tag("Key", key), tag("Code", "InternalError"), tag("Message", "")]) for key in kept]
        return Reply(200, document("DeleteResult", *told), {"Content-Type": "application/xml"})

    # --- listings ---

    def list(self, request):
        """Versions 1 and 2, with one delimiter."""
        query, second = request.query, request.query.get("list-type") == "2"
        after = query.get("continuation-token") or query.get("start-after" if second else "marker", "")
        said = (lambda key: sigv4.encode(key, "/")) if query.get("encoding-type") == "url" else (lambda key: key)
        prefix, limit = query.get("prefix", ""), min(int(query.get("max-keys", self.page)), self.page)
        astray = request.fault.get("astray")
        rows = self.rows(prefix, query.get("delimiter", ""), "" if astray else after, limit + 1)
        rows = [] if astray == "nowhere" else rows
        more = len(rows) > limit or bool(astray)
        told = [tag("Name", request.bucket), tag("Prefix", said(prefix)), tag("MaxKeys", limit),
                tag("IsTruncated", str(more).lower()), *(self.row(name, said) for name in rows[:limit])]
        if second:
            told.append(tag("KeyCount", len(rows[:limit])))
        if more:
            told.append(tag("NextContinuationToken" if second else "NextMarker",
                            secrets.token_hex() if astray else rows[limit - 1]))
        if "encoding-type" in query:
            told.append(tag("EncodingType", "url"))
        return Reply(200, document("ListBucketResult", *told), {"Content-Type": "application/xml"})

    def rows(self, prefix, delimiter, after, limit):
        """Keys, and what several have in common up to the delimiter, in their order."""
        found = []
        for key in sorted(key for key in self.objects if key.startswith(prefix)):
            end = key.find(delimiter, len(prefix)) if delimiter else -1
            name = key if end < 0 else key[:end + 1]
            if name > after and (not found or found[-1] != name):
                found.append(name)
            if len(found) == limit:
                break
        return found

    def row(self, key, said):
        one = self.objects.get(key)
        if not one:
            return tag("CommonPrefixes", [tag("Prefix", said(key))])
        return tag("Contents", [tag("Key", said(key)), tag("LastModified", iso(one.modified)), tag("ETag", one.etag),
                                tag("Size", len(one.body)), tag("StorageClass", "STANDARD")])

    def list_uploads(self, request):
        query = request.query
        after = (query.get("key-marker", ""), query.get("upload-id-marker", chr(0x10ffff)))
        said = (lambda key: sigv4.encode(key, "/")) if query.get("encoding-type") == "url" else (lambda key: key)
        rows = sorted((one.key, name, one) for name, one in self.uploads.items()
                      if one.key.startswith(query.get("prefix", "")) and (one.key, name) > after)
        limit, astray = min(int(query.get("max-uploads", self.page)), self.page), request.fault.get("astray")
        told = [tag("Bucket", request.bucket), tag("IsTruncated", str(len(rows) > limit).lower())]
        if astray:
            told[1:] = [tag("IsTruncated", "true"), tag("NextKeyMarker", secrets.token_hex()), tag("NextUploadIdMarker", "x")]
        elif len(rows) > limit:
            told += [tag("NextKeyMarker", said(rows[limit - 1][0])), tag("NextUploadIdMarker", rows[limit - 1][1])]
        told += [tag("Upload", [tag("Key", said(key)), tag("UploadId", name),
                                tag("Initiated", request.fault.get("begun", iso(one.begun)))])
                 for key, name, one in rows[:limit]]
        if "encoding-type" in query:
            told.append(tag("EncodingType", "url"))
        return Reply(200, document("ListMultipartUploadsResult", *told), {"Content-Type": "application/xml"})

    # --- uploads in parts ---

    def create(self, request):
        name = self.open_upload(request.key, request.lower)
        return Reply(200, document("InitiateMultipartUploadResult", tag("Bucket", request.bucket),
                                   tag("Key", request.key), tag("UploadId", name)), {"Content-Type": "application/xml"})

    def open_upload(self, key, headers=None, age_s=0):
        name = secrets.token_urlsafe(12) + "~/+="  # as odd as they get
        self.uploads[name] = Upload(key, headers or {}, age_s)
        return name

    def upload(self, request):
        one = self.uploads.get(request.query["uploadId"])
        return one if one and one.key == request.key else refuse("NoSuchUpload")

    def part(self, request, lost=False):
        one, number = self.upload(request), request.query.get("partNumber", "")
        if not number.isdigit() or not 1 <= int(number) <= PARTS_MAX:
            refuse("InvalidArgument")
        if not lost:
            one.parts[int(number)] = request.body
        return Reply(200, None, {"ETag": f'"{self.part_etag(request.body)}"'})

    def part_etag(self, body):
        return f"odd-{hashlib.sha1(body).hexdigest()}" if self.odd_etags else hashlib.md5(body).hexdigest()

    def complete(self, request):
        name = request.query["uploadId"]
        if name in self.done and not self.forgets:
            return self.completed(request, self.done[name])
        one = self.upload(request)
        rows = [(int(row.findtext("PartNumber")), row.findtext("ETag")) for row in elements(request.body).iter("Part")]
        if [number for number, _ in rows] != sorted({number for number, _ in rows}):
            refuse("InvalidPartOrder")
        bodies = [self.whole_part(one, number, etag) for number, etag in rows]
        if not bodies or any(len(body) < PART_MIN for body in bodies[:-1]):
            refuse("EntityTooSmall" if bodies else "MalformedXML")
        digest = hashlib.md5(b"".join(hashlib.md5(body).digest() for body in bodies)).hexdigest()
        etag = f'"odd-{digest}"' if self.odd_etags else f'"{digest}-{len(bodies)}"'
        self.objects[one.key] = Object(b"".join(bodies), one.headers, etag)
        del self.uploads[name]
        self.done[name] = self.objects[one.key].etag
        return self.completed(request, self.done[name])

    def whole_part(self, upload, number, etag):
        body = upload.parts.get(number)
        if body is None or etag.strip('"') != self.part_etag(body):
            refuse("InvalidPart", PartNumber=number)
        return body

    @staticmethod
    def completed(request, etag):
        told = document("CompleteMultipartUploadResult", tag("Bucket", request.bucket), tag("Key", request.key),
                        tag("ETag", etag))
        return Reply(200, told, {"Content-Type": "application/xml"})

    def abort(self, request):
        self.upload(request)
        del self.uploads[request.query["uploadId"]]
        return Reply(204)
