"""Web servers of shops, on loopback."""

import contextlib
import http.server
import ssl
import subprocess
import threading


def certificate(folder, *names):
    """Of a server with these names, and its key; signed by itself."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
               "-subj", "/CN=localhost", "-keyout", folder / "key.pem", "-out", folder / "crt.pem",
               "-addext", f"subjectAltName={','.join(names)}"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return folder / "crt.pem", folder / "key.pem"


class Files(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.server.files[self.path]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def running(name, pair, files):
    """The origin of a server of files, {path: bytes}, by https."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        server.files = files
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"https://{name}:{server.server_port}"
        finally:
            server.shutdown()
