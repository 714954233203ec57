"""What S3 says: XML, errors and their statuses, and what a server says on a bad day in place of that."""

import time
from xml.sax.saxutils import escape

from wire import Refused, Reply

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
SPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
STATUS = {
    "AccessDenied": 403, "AuthorizationHeaderMalformed": 400, "AuthorizationQueryParametersError": 400, "BadDigest": 400,
    "BadRequest": 400, "BucketAlreadyOwnedByYou": 409, "EntityTooLarge": 400, "EntityTooSmall": 400, "ExpiredToken": 400,
    "IncompleteBody": 400, "InternalError": 500, "InvalidAccessKeyId": 403, "InvalidArgument": 400, "InvalidDigest": 400,
    "InvalidPart": 400, "InvalidPartOrder": 400, "InvalidRange": 416, "InvalidRequest": 400, "InvalidToken": 400,
    "MalformedXML": 400, "MethodNotAllowed": 405, "MissingContentLength": 411, "NoSuchBucket": 404, "NoSuchKey": 404,
    "NoSuchUpload": 404, "NotImplemented": 501, "PermanentRedirect": 301, "RequestTimeTooSkewed": 403,
    "RequestTimeout": 400, "ServiceUnavailable": 503, "SignatureDoesNotMatch": 403, "SlowDown": 503,
    "TemporaryRedirect": 307, "XAmzContentSHA256Mismatch": 400,
}
HUGE_PIECE = b"<Padding>" + b"x" * 65500 + b"</Padding>\n"


def tag(name, value):
    """An element: of a text, a number, or of elements in a list."""
    inner = "".join(value) if isinstance(value, list) else escape(str(value))
    return f"<{name}>{inner}</{name}>"


def document(name, *elements):
    return f'{HEAD}<{name} xmlns="{SPACE}">{"".join(elements)}</{name}>'.encode()


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


def error(code, message=None, status=None, headers=None, **more):
    """more: further elements. An empty message is said as radosgw does."""
    told = "We did not like that." if message is None else message
    elements = [tag("Code", code), tag("Message", told), *(tag(name, value) for name, value in more.items()),
                tag("RequestId", "4442587FB7D0A2F9"), tag("HostId", "host")]
    body = (HEAD + tag("Error", elements)).encode()
    return Reply(status or STATUS[code], body, {"Content-Type": "application/xml", **(headers or {})})


def refuse(code, message=None, **more):
    raise Refused(code, error(code, message, **more))


def bomb():
    """A few hundred bytes that mean a few gigabytes."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE Error [<!ENTITY e0 "0123456789">{entities}]>' \
           "<Error><Code>SlowDown</Code><Message>&e9;</Message></Error>".encode()


def file_entity():
    """What would read a file of the reader's."""
    return b'<?xml version="1.0"?><!DOCTYPE Error [<!ENTITY f SYSTEM "file:///etc/passwd">]>' \
           b"<Error><Code>&f;</Code><Message>&f;</Message></Error>"


def huge(size):
    """An error in good XML, of about so many bytes."""
    yield b"<Error><Code>InternalError</Code>"
    for _ in range(size // len(HUGE_PIECE)):
        yield HUGE_PIECE
    yield b"</Error>"


def endless():
    """An error that is never told to its end."""
    yield b"<Error><Code>InternalError</Code>"
    while True:
        yield HUGE_PIECE
