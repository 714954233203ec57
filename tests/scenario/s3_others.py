"""s3cmd, so that not only we can read what we write, and not only read what we write."""

import subprocess
import urllib.parse

SECONDS = 300


class S3cmd:
    def __init__(self, way, bucket, folder):
        """By path only: it asks the system's resolver, which may not know names below localhost."""
        host = urllib.parse.urlsplit(way.endpoint).netloc
        self.bucket, self.config = bucket, folder / "s3cmd.conf"
        settings = {"access_key": way.key, "secret_key": way.secret, "access_token": way.token, "host_base": host,
                    "host_bucket": host, "use_https": False, "bucket_location": way.region, "signature_v2": False,
                    "check_ssl_certificate": True}
        lines = [f"{name} = {value}\n" for name, value in settings.items() if value != ""]
        self.config.write_text("[default]\n" + "".join(lines))

    def run(self, *words):
        done = subprocess.run(["s3cmd", "-c", self.config, "--no-progress", *words], capture_output=True, text=True,
                              timeout=SECONDS)
        assert done.returncode == 0, done.stderr

    def get(self, keys, folder):
        """Each as a file of the last part of its name."""
        self.run("--force", "get", *(f"s3://{self.bucket}/{key}" for key in keys), f"{folder}/")

    def put(self, files, prefix):
        self.run("--no-preserve", "put", *files, f"s3://{self.bucket}/{prefix}")
