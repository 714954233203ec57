"""An S3 server's connections: bodies that are read slowly or not at all, replies that never end, a clock that is wrong."""

import contextlib
import email.utils
import time
import urllib.parse

from s3_words import bomb, endless, error, file_entity, huge
from wire import CHUNK, Handler, Reply

PAUSE_S = 0.02


class Request:
    """raw_path and pairs are as they came; path is decoded."""

    def __init__(self, handler):
        self.method, self.headers = handler.command, handler.headers
        self.target = handler.requestline.split()[1]  # handler.path is without a second slash at its beginning
        self.raw_path, _, raw_query = self.target.partition("?")
        self.path = urllib.parse.unquote(self.raw_path)
        self.pairs = urllib.parse.parse_qsl(raw_query, keep_blank_values=True)
        self.query = dict(self.pairs)
        self.lower = {name.lower(): value for name, value in self.headers.items()}
        self.bucket, self.key, self.kind = "", "", None
        self.body, self.json, self.fault, self.record = b"", None, {}, None


class Cut(Exception):
    """The connection ends here; reset: at once."""

    def __init__(self, reset):
        super().__init__(reset)
        self.reset = reset


class S3Handler(Handler):
    def handle_expect_100(self):
        return True  # said when the body is wanted

    def date_time_string(self, timestamp=None):
        return email.utils.formatdate((timestamp or time.time()) + self.server.service.gate.skew_s, usegmt=True)

    def serve(self):
        request = Request(self)
        try:
            reply = self.server.service.serve(request, self)
        except Cut as cut:
            self.hang_up(cut.reset)
            return
        self.send(reply, request.fault)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = serve

    # --- the body ---

    def read(self, request):
        """The whole of it, as fast as the fault lets us. Cut where it ends too early."""
        length = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            return error("MissingContentLength")
        fault, pieces, left = request.fault, [], int(length)
        if self.headers.get("Expect") and left and not fault.get("silentExpect"):
            self.send_response_only(100)
            self.end_headers()
            self.wfile.flush()
        stop = min((fault[name] for name in ("resetAt", "stallAt") if name in fault), default=left + 1)
        while left:
            piece = self.rfile.read1(min(left, stop, CHUNK, self.budget(fault)))
            if not piece:
                raise Cut(reset=False)  # whoever sent it is gone: half a request is none
            pieces.append(piece)
            left, stop = left - len(piece), stop - len(piece)
            if not stop:
                self.stop_reading(fault)
        request.body = b"".join(pieces)
        return None

    def budget(self, fault):
        """How much may be read now."""
        if "readBps" not in fault:
            return CHUNK
        time.sleep(PAUSE_S)
        return max(1, int(fault["readBps"] * PAUSE_S))

    def stop_reading(self, fault):
        if "stallAt" in fault:
            self.server.service.released.wait()  # until it is told to go on, or ends
        raise Cut(reset=True)

    # --- the reply ---

    def send(self, reply, manner):
        if reply is None:
            self.hang_up(reset=bool(manner.get("reset")))
        elif self.command == "HEAD":
            super().send(Reply(reply.status, None, reply.headers, size=reply.size or 0), manner)
        elif "sendBps" in manner:
            super().send(Reply(reply.status, None, reply.headers, parts=self.slowly(reply, manner["sendBps"]),
                               size=reply.size), manner)
        elif reply.size is None or "spaces" in manner:
            self.send_chunked(reply, manner)
        else:
            super().send(reply, manner)

    @staticmethod
    def slowly(reply, rate):
        step = max(1, int(rate * PAUSE_S))
        for at in range(0, len(reply.body), step):
            time.sleep(PAUSE_S)
            yield reply.body[at:at + step]

    def send_chunked(self, reply, manner):
        """A body whose length is not known yet."""
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        for _ in range(manner.get("spaces", 0)):  # what S3 sends while it still works
            self.send_chunk(b" ")
            time.sleep(PAUSE_S)
        for piece in reply.pieces():
            self.send_chunk(piece)
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def send_chunk(self, piece):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.flush()

    def setup(self):
        super().setup()
        self.server.service.connections(1)

    def finish(self):
        with contextlib.suppress(OSError):
            super().finish()
        self.server.service.connections(-1)


XML = {"Content-Type": "application/xml"}


def unsized(status, parts):
    reply = Reply(status, None, XML, parts=parts, size=0)
    reply.size = None
    return reply


BAD = {  # replies that no good server gives, by the keys of a fault
    "html": lambda value: Reply(value, b"<html><head><title>Bad Gateway</title></head><body><p>Sorry.<br></body></html>",
                                {"Content-Type": "text/html"}),
    "bomb": lambda status: Reply(status, bomb(), XML),
    "fileEntity": lambda status: Reply(status, file_entity(), XML),
    "huge": lambda size: unsized(500, huge(size)),
    "endless": lambda status: unsized(status, endless()),
}


def canned(fault):
    """What is said in place of the true reply; None: nothing else."""
    for name, make in BAD.items():
        if name in fault:
            return make(fault[name])
    if "error" in fault:
        return error(fault["error"], fault.get("message"), fault.get("status"), None, **fault.get("more", {}))
    if "status" in fault:
        return Reply(fault["status"], fault.get("body", "").encode(), XML)
    return None
