#!/usr/bin/python3
"""A large file put to a real S3 server, by our client and by AWS's own, by turns.

Fails where our client's memory grows by 64 MB or more, or where it has less than 0.9 of the other's throughput. Each has
its own habits: AWS's client sends ten parts at once, ours eight, as the daemon's defaults say. AWS's is not charged for
the time that it takes to begin.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from s3_client import client
from s3_radosgw import Radosgw
from s3_swift import Swift
from service import running

GIB = 1 << 30
GROWTH_MAX_KIB = 64 << 10
RATIO_MIN = 0.9
SERVERS = {"swift": Swift, "radosgw": Radosgw}
PART_BYTES, PARTS = 8 << 20, 8  # at once: the defaults of s3_part_mb and s3_parts_at_once
AWS = "/usr/bin/aws"


class Aws:
    def __init__(self, way, bucket, folder):
        self.way, self.bucket = way, bucket
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "AWS_ACCESS_KEY_ID": way.key,
            "AWS_SECRET_ACCESS_KEY": way.secret, "AWS_DEFAULT_REGION": way.region}
        self.begins_s = min(self.run("--version") for _ in range(3))

    def run(self, *words):
        """The seconds that it takes."""
        begun = time.monotonic()
        subprocess.run([AWS, *words], env=self.environment, check=True, stdout=subprocess.DEVNULL)
        return time.monotonic() - begun

    def put(self, path, key):
        return self.run("--endpoint-url", self.way.endpoint, "s3", "cp", "--only-show-errors", str(path),
                        f"s3://{self.bucket}/{key}") - self.begins_s


class Ours:
    """As AWS's, a new process and new connections each time."""

    def __init__(self, way, bucket):
        self.way, self.bucket, self.growth_kib = way, bucket, 0

    def put(self, path, key):
        with client(self.way, self.bucket, part_bytes=PART_BYTES, parts=PARTS, deadline_ms=600_000) as one:
            one.do("ls", "")
            before = one.peak_kib()
            begun = time.monotonic()
            one.do("put", path, key)
            seconds = time.monotonic() - begun
            self.growth_kib = max(self.growth_kib, one.peak_kib() - before)
        return seconds


def race(way, path, rounds, folder):
    """The seconds of each round, ours and theirs, and by how much our memory has grown, in KiB."""
    times = {"ours": [], "aws": []}
    size = path.stat().st_size
    way.bucket("race").make()
    ours, aws = Ours(way, "race"), Aws(way, "race", folder)
    for number in range(rounds):
        for name, one in [("ours", ours), ("aws", aws)][::1 if number % 2 else -1]:
            times[name].append(one.put(path, name))
            with client(way, "race") as other:
                assert int(other.do("head", name)[0].split("\t")[0]) == size
                other.do("rm", name)
            print(f"{name:5} {size / times[name][-1] / 1e6:7.1f} MB/s", flush=True)
    return times, ours.growth_kib


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--gib", type=float, default=3)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--server", choices=SERVERS, default="swift")
    options = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="videod-bench.") as folder, running(SERVERS[options.server]) as server:
        path = pathlib.Path(folder, "file")
        with path.open("wb") as file:
            file.truncate(int(options.gib * GIB))  # of nothing but holes: no disk has a part in it
        times, growth_kib = race(server.ways()[0], path, options.rounds, folder)
    rates = {name: options.gib * GIB / statistics.median(seconds) / 1e6 for name, seconds in times.items()}
    ratio = rates["ours"] / rates["aws"]
    print(f"{options.gib} GiB to {options.server}, {options.rounds} rounds: ours {rates['ours']:.1f} MB/s, aws {rates['aws']:.1f} MB/s, "
          f"ratio {ratio:.2f}; our memory grew by {growth_kib / 1024:.1f} MiB")
    sys.exit(0 if ratio >= RATIO_MIN and growth_kib < GROWTH_MAX_KIB else 1)


if __name__ == "__main__":
    main()
