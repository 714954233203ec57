"""A form as the storage behind an upload slot takes it: the slot's fields first, the file last, nothing else."""

import contextlib
import email.message
import mmap
import re

HEAD = re.compile(rb'(?:--|\r\n--)%b\r\n((?:[^\r\n]+\r\n)+)\r\n')
NAME = re.compile(r'form-data;.*\bname="([^"]*)"', re.I)


def boundary_of(request):
    message = email.message.Message()
    message["Content-Type"] = request.headers.get("Content-Type", "")
    return (message.get_param("boundary") or "").encode()


def parts(data, boundary):
    """(name, start, end) of each part; [] if it is not a form."""
    heads = list(re.finditer(HEAD.pattern.replace(b"%b", re.escape(boundary)), data))
    last = data.rfind(b"\r\n--" + boundary + b"--")
    ends = [head.start() for head in heads[1:]] + [last]
    names = [NAME.search(head[1].decode("utf-8", "replace")) for head in heads]
    if not boundary or last < 0 or not all(names):
        return []
    return [(name[1], head.end(), end) for name, head, end in zip(names, heads, ends)]


@contextlib.contextmanager
def mapped(request):
    with mmap.mmap(request.body.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield data


@contextlib.contextmanager
def file_of(request):
    with mapped(request) as data:
        _, start, end = parts(data, boundary_of(request))[-1]
        view = memoryview(data)[start:end]
        with view:
            yield view


def problem(request, slot, limits):
    """(status, code, message), or None."""
    if slot is None or "start" in slot:
        return 403, "AccessDenied", "Invalid according to Policy: Policy expired."
    if request.headers.get("Authorization"):
        return 400, "InvalidArgument", "Only one auth mechanism allowed."
    if isinstance(request.body, bytes):
        return 412, "PreconditionFailed", "Bucket POST must be of the enclosure-type multipart/form-data"
    with mapped(request) as data:
        found = parts(data, boundary_of(request))
        given = {name: data[start:end].decode("utf-8", "replace") for name, start, end in found[:-1]}
        size = found[-1][2] - found[-1][1] if found else 0
    given.pop("metadata", None)
    if not found or found[-1][0] != "file":
        return 400, "InvalidArgument", "POST requires exactly one file upload per request, as its last field."
    if given != slot["fields"]:
        return 403, "AccessDenied", "Invalid according to Policy: the fields are not those of the slot."
    if size < limits[0]:
        return 400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size"
    if size > limits[1]:
        return 400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size"
    return None
