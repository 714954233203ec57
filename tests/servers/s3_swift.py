#!/usr/bin/python3
"""OpenStack Swift with its S3 API and its own accounts (tempauth): one proxy, one disk, no replicas.

Strict about regions, dates, services, unsigned headers and Content-MD5. It knows no session tokens, and takes any that
is signed. Its folder must be on a file system with extended attributes of users.
"""

import getpass
import sys
import urllib.error
import urllib.request

from service import Service, free_ports, serve
from way import Way

BACKENDS = ("object", "container", "account")
ACCOUNT, USER = "videos", "svc"
SECRET = "swift+secret/0123456789abcdefghijklmnopq"

COMMON = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
user = {user}
swift_dir = {folder}/etc
log_name = {name}
log_statsd_host =
"""
BACKEND = """devices = {folder}/disks
mount_check = false
workers = {workers}
disable_fallocate = true
fallocate_reserve = 0
recon_cache_path = {folder}/run
[pipeline:main]
pipeline = healthcheck {name}-server
[filter:healthcheck]
use = egg:swift#healthcheck
[app:{name}-server]
use = egg:swift#{name}
"""
PROXY = """workers = 2
eventlet_debug = false
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats bulk s3api tempauth copy slo dlo versioned_writes symlink proxy-server
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{cache}
[filter:s3api]
use = egg:swift#s3api
location = {region}
storage_domain = {domain}
s3_acl = true
dns_compliant_bucket_names = true
max_upload_part_num = 10000
max_bucket_listing = 20
[filter:tempauth]
use = egg:swift#tempauth
user_{account}_{name_of_user} = {secret} .admin
[filter:slo]
use = egg:swift#slo
max_manifest_segments = 10000
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_object_versioning = true
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
"""
PLAIN = ("catch_errors", "gatekeeper", "healthcheck", "listing_formats", "bulk", "copy", "dlo", "symlink")
RINGS = """[swift-hash]
swift_hash_path_prefix = of
swift_hash_path_suffix = tests
[storage-policy:0]
name = one
default = yes
"""

# What nine runs of swift-ring-builder would do, each of which takes most of a second.
MAKE_RINGS = f"""
import sys
from swift.common.ring import RingBuilder
folder, *ports = sys.argv[1:]
for name, port in zip({BACKENDS}, ports):
    ring = RingBuilder(1, 1, 0)
    ring.add_dev(dict(id=0, region=1, zone=1, ip="127.0.0.1", port=int(port), device="d1", weight=1))
    ring.rebalance()
    ring.get_ring().save(f"{{folder}}/{{name}}.ring.gz")
"""


def is_healthy(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthcheck", timeout=10) as answer:
            return answer.read() == b"OK"
    except (urllib.error.URLError, OSError):
        return False


class Swift(Service):
    NAME = "swift"

    def start(self):
        *ports, cache = free_ports(5)
        (self.folder / "disks" / "d1").mkdir(parents=True)
        self.write("swift.conf", RINGS)
        for name, port in zip(("proxy", *BACKENDS), ports):
            self.configure(name, port, cache)
        self.call(sys.executable, "-c", MAKE_RINGS, str(self.folder / "etc"), *map(str, ports[1:]))
        self.run("memcached", "-u", getpass.getuser(), "-l", "127.0.0.1", "-p", str(cache), "-m", "32")
        for name in (*BACKENDS, "proxy"):
            self.run(f"swift-{name}-server", str(self.folder / "etc" / f"{name}-server.conf"), "-v")
        self.wait_for("health of all its servers", lambda: all(map(is_healthy, ports)))
        self.port = ports[0]

    def configure(self, name, port, cache):
        words = {"port": port, "user": getpass.getuser(), "folder": self.folder, "name": name, "cache": cache, "workers": 1,
                 "region": self.REGION, "domain": self.DOMAIN, "account": ACCOUNT, "name_of_user": USER, "secret": SECRET}
        text = COMMON + (PROXY if name == "proxy" else BACKEND)
        plain = "".join(f"[filter:{one}]\nuse = egg:swift#{one}\n" for one in PLAIN) if name == "proxy" else ""
        self.write(f"{name}-server.conf", text.format(**words) + plain)

    def ways(self):
        hosts = {True: "127.0.0.1", False: self.DOMAIN}
        return [Way(self.NAME, f"http://{host}:{self.port}", path_style, f"{ACCOUNT}:{USER}", SECRET, token, self.REGION)
                for path_style, host in hosts.items() for token in ("", "taken+as/it=is")]


if __name__ == "__main__":
    serve(Swift)
