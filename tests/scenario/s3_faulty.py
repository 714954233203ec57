"""The emulated S3, for tests: a way to it, and its /_setup (tests/emulators/README.md)."""

import contextlib
import tempfile
import types
import urllib.parse

from emulators import Emulator
from way import Way

KEY, SECRET, TOKEN = "AKIDTESTS3EMULATOR01", "s3/emulator+secret/0123456789abcdefghijk", "a+token/of=the==emulator"


class FaultyS3(Emulator):
    """certificate: where one is and its key, to speak HTTPS."""

    def __init__(self, folder, certificate=None):
        self.certificate = certificate
        super().__init__("s3", folder, f"{KEY}|{SECRET}")

    def options(self):
        tls = ["--tls", *map(str, self.certificate)] if self.certificate else []
        return ["--key", self.key, "--key", f"{KEY}T|{SECRET}|{TOKEN}", *tls]

    def way(self, path_style=True, token=False, **more):
        where = urllib.parse.urlsplit(self.url)
        host = "127.0.0.1" if path_style else "s3.localhost"
        plain = {"key": KEY, "secret": SECRET, "token": ""}
        temporary = {"key": KEY + "T", "secret": SECRET, "token": TOKEN}
        return Way("emulator", f"{where.scheme}://{host}:{where.port}", path_style, **{**(temporary if token else plain), **more})

    def ways(self):
        return [self.way(path_style, token) for path_style in (True, False) for token in (False, True)]

    def bucket(self):
        return self.way().bucket("bucket")

    def reset(self, **orders):
        self.setup(reset=True, **orders)

    def counts(self):
        return self.report()["counts"]

    def state(self):
        """Of the server: what is in the bucket, and which uploads are open."""
        report = self.get("/_seen?brief=1").json
        return types.SimpleNamespace(**report)


@contextlib.contextmanager
def faulty_s3(certificate=None):
    with tempfile.TemporaryDirectory(prefix="videod-s3.") as folder:
        emulator = FaultyS3(folder, certificate)
        try:
            yield emulator
        finally:
            emulator.stop()
