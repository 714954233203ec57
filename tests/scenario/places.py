"""Where a stack's films are, for tests of any place: a folder of this host, or a bucket."""

import os
import time
import urllib.parse

from stack import files_below


def bucket_settings(way, bucket, folder):
    """Of a stack whose place is a bucket; the keys to it are in files there."""
    keys = {"aws_access_key_id": way.key, "aws_secret_access_key": way.secret}
    for name, key in keys.items():
        (folder / name).touch(0o600)
        (folder / name).write_text(key)
    return {"storage": "s3", "s3_bucket": bucket, "s3_endpoint": way.endpoint,
            "s3_path_style": "yes" if way.path_style else "no", **{name: folder / name for name in keys}}


def key_of(url):
    """Of a film's address, signed or not."""
    return "videos/" + urllib.parse.urlsplit(url).path.partition("/videos/")[2]


class Folder:
    """A folder of this host."""

    def __init__(self, path):
        self.path = path

    def keys(self, prefix=""):
        found = (str(path.relative_to(self.path)) for path in files_below(self.path))
        return sorted(key for key in found if key.startswith(prefix))

    def put(self, key, data):
        path = self.path / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def take(self, key):
        """It is gone; what it was."""
        data = (self.path / key).read_bytes()
        (self.path / key).unlink()
        return data

    def age(self, seconds):
        """So much older all there is becomes."""
        for key in self.keys():
            then = (self.path / key).stat().st_mtime - seconds
            os.utime(self.path / key, (time.time(), then))


class EmulatedBucket:
    """Of the emulated S3, since no real one has its objects aged."""

    def __init__(self, s3):
        self.s3, self.bucket = s3, s3.bucket()
        self.keys, self.put = self.bucket.keys, self.bucket.put

    def take(self, key):
        data = self.bucket.get(key)
        self.bucket.must("DELETE", key)
        return data

    def age(self, seconds):
        self.s3.setup(ageSec=seconds)
