"""HTTP/1.1 as a real service speaks it, and as it speaks on a bad day: replies that stall, end early or never come.

A request is given to the service, serve(request) -> (reply, manner); the manner is how the reply is (mis)sent.
"""

import contextlib
import http.server
import json
import socket
import struct
import tempfile
import urllib.parse

BODY_MAX = 64 << 20
CHUNK = 1 << 20
RESET = struct.pack("ii", 1, 0)


class Request:
    """One request. body is bytes, or an open file when the body is a form."""

    def __init__(self, method, target, headers, body):
        self.method, self.headers, self.body = method, headers, body
        parts = urllib.parse.urlsplit(target)
        self.path = urllib.parse.unquote(parts.path)
        self.query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
        self.fault = {}
        self.kind, self.args, self.record = None, (), None
        self.json = self.parse()

    def parse(self):
        if isinstance(self.body, bytes) and self.body:
            with contextlib.suppress(ValueError):
                return json.loads(self.body)
        return None


class Reply:
    """body: bytes, something for JSON, or None. size and parts: a long body, as an iterator of bytes."""

    def __init__(self, status, body=None, headers=None, parts=None, size=None):
        self.status, self.headers = status, dict(headers or {})
        if isinstance(body, (dict, list)):
            self.headers.setdefault("Content-Type", "application/json")
            body = json.dumps(body).encode()
        self.body = body or b""
        self.parts, self.size = parts, len(self.body) if size is None else size

    def pieces(self):
        return [self.body] if self.parts is None else self.parts


class Refused(Exception):
    """Raised by a handler: the reply to a request that the service does not take, and why in one word."""

    def __init__(self, why, reply):
        super().__init__(why)
        self.why, self.reply = why, reply


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 300

    def serve(self):
        body = self.read_body()
        if body is None:
            return
        request = Request(self.command, self.path, self.headers, body)
        with contextlib.closing(body) if hasattr(body, "close") else contextlib.nullcontext():
            reply, manner = self.server.service.serve(request)
            self.send(reply, manner)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = serve

    def read_body(self):
        """bytes, a file, or None when the request was refused, or ended too early."""
        length = self.headers.get("Content-Length", "0")
        form = self.headers.get("Content-Type", "").startswith("multipart/")
        if self.headers.get("Transfer-Encoding") or not length.isdigit():
            return self.refuse(411)
        if not form and int(length) > BODY_MAX:
            return self.refuse(413)
        body = self.spool(int(length)) if form else self.rfile.read(int(length))
        if (body.tell() if form else len(body)) == int(length):
            return body
        self.close_connection = True  # whoever sent it is gone: half a request is none
        return None

    def spool(self, left):
        file = tempfile.TemporaryFile()
        while left and (piece := self.rfile.read(min(left, CHUNK))):
            file.write(piece)
            left -= len(piece)
        file.flush()
        return file

    def refuse(self, status):
        self.send(Reply(status, {"error": http.HTTPStatus(status).phrase}), {})
        self.close_connection = True

    def send(self, reply, manner):
        if reply is None:
            self.hang_up(reset=bool(manner.get("reset")))
            return
        size = reply.size // 2 if manner.get("half") else reply.size
        self.send_response(reply.status)
        for name, value in {**reply.headers, **manner.get("headers", {})}.items():
            self.send_header(name, value)
        if manner.get("half"):  # well formed as HTTP: the end of the connection is the end of the body
            self.send_header("Connection", "close")
        elif reply.status != 204:
            self.send_header("Content-Length", str(size))
        self.end_headers()
        self.wfile.flush()
        if manner.get("stall"):
            self.wait_until_gone()
        elif self.command != "HEAD":
            self.send_pieces(reply.pieces(), min(size, manner.get("cutAt", size)))
        if "cutAt" in manner or manner.get("half"):
            self.close_connection = True

    def send_pieces(self, pieces, left):
        for piece in pieces:
            self.wfile.write(piece[:left])
            left -= min(left, len(piece))
            if not left:
                break
        self.wfile.flush()

    def wait_until_gone(self):
        self.connection.settimeout(None)
        with contextlib.suppress(OSError):
            self.connection.recv(1)
        self.close_connection = True

    def hang_up(self, reset):
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.close_connection = True

    def handle(self):
        with contextlib.suppress(OSError):  # the client is gone: that is its business
            super().handle()

    def finish(self):
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, *what):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, port, service, handler=Handler):
        self.service = service
        super().__init__(("127.0.0.1", port), handler)

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def shutdown_request(self, request):
        """Closes, and no more: a connection that is to be reset must get no orderly end first."""
        self.close_request(request)

    def server_bind(self):
        self.allow_reuse_address = True
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        super(http.server.HTTPServer, self).server_bind()  # without its look-up of our name
        self.server_name, self.server_port = self.server_address
