#!/usr/bin/python3
"""Ceph's radosgw: a monitor, a disk in memory, and two gateways to it, of which one knows session tokens.

Strict about keys, hashes of bodies and tokens, but not about regions and dates. Its errors have an empty Message. What is
kept is in memory, so a bucket must not hold more than that has room for.
"""

import hashlib
import json
import random
import urllib.error
import urllib.parse
import urllib.request
import uuid

import sigv4
from service import Service, free_ports, serve
from way import Way

KEY, SECRET = "RGWTESTACCESSKEY0001", "rgwSecret/0123456789+abcdefghijklmnopqr"
SIZE_BYTES = 8 << 30  # what the disk says it has
MON_CAPS = ("--cap", "mon", "allow *")
KEYS = {
    "mon.": MON_CAPS,
    "client.admin": (*MON_CAPS, "--cap", "osd", "allow *", "--cap", "mgr", "allow *"),
    "osd.0": ("--cap", "mon", "allow profile osd", "--cap", "osd", "allow *"),
    "client.plain": ("--cap", "mon", "allow rw", "--cap", "osd", "allow rwx"),
    "client.tokens": ("--cap", "mon", "allow rw", "--cap", "osd", "allow rwx"),
}
CONF = """[global]
fsid = {fsid}
keyring = {folder}/etc/keyring
mon host = v2:127.0.0.1:{mon}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr1 = false
ms bind port min = {low}
ms bind port max = {high}
run dir = {folder}/run
admin socket = {folder}/run/$name.asok
pid file =
log file =
mon cluster log file =
crash dir = {folder}/run
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon max pg per osd = 1000
mon warn on pool no redundancy = false
mon data avail crit = 1
mon data avail warn = 2
auth allow insecure global id reclaim = false
paxos propose interval = 0.05
paxos min wait = 0.01
[mon.a]
mon data = {folder}/mon
[osd.0]
osd data = {folder}/osd
osd objectstore = memstore
osd crush update on start = false
memstore device bytes = {size}
[client.plain]
rgw data = {folder}/run/plain
rgw frontends = beast endpoint=127.0.0.1:{plain}
[client.tokens]
rgw data = {folder}/run/tokens
rgw frontends = beast endpoint=127.0.0.1:{tokens}
rgw s3 auth use sts = true
rgw sts key = of-sixteen-bytes
[client]
rgw dns name = {domain}
rgw thread pool size = 32
rgw enable usage log = false
rgw max listing results = 20
rgw gc obj min wait = 1
rgw gc processor period = 1
rgw gc processor max time = 1
"""
POLICY = {"Version": "2012-10-17",
          "Statement": [{"Effect": "Allow", "Action": ["sts:GetSessionToken", "s3:*"], "Resource": ["*"]}]}


def answers(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
            return b"ListAllMyBucketsResult" in answer.read()
    except (urllib.error.URLError, OSError):
        return False


class Radosgw(Service):
    NAME = "radosgw"

    def start(self):
        mon, self.plain, self.tokens = free_ports(3)
        low = self.disk_ports()
        words = {"fsid": uuid.uuid4(), "folder": self.folder, "mon": mon, "low": low, "high": low + 100, "size": SIZE_BYTES,
                 "plain": self.plain, "tokens": self.tokens, "domain": self.DOMAIN}
        self.conf = str(self.write("ceph.conf", CONF.format(**words)))
        self.make_keys()
        self.start_monitor(str(words["fsid"]), mon)
        self.start_disk()
        self.call("radosgw-admin", "-c", self.conf, "-n", "client.plain", "user", "create", "--uid=svc",
                  "--display-name=svc", "--caps=user-policy=*", f"--access-key={KEY}", f"--secret-key={SECRET}")
        self.run("radosgw", "-c", self.conf, "-n", "client.plain", "-f")
        self.run("radosgw", "-c", self.conf, "-n", "client.tokens", "-f")
        self.wait_for("its gateways", lambda: answers(self.plain) and answers(self.tokens))

    def disk_ports(self):
        """The first of a hundred of which the disk takes some that are free; none is to be a gateway's."""
        while True:
            low = random.randrange(20000, 31900)
            if not {self.plain, self.tokens} & set(range(low, low + 101)):
                return low

    def make_keys(self):
        ring = self.folder / "etc" / "keyring"
        ring.touch()
        for name, caps in KEYS.items():
            self.call("ceph-authtool", str(ring), "--gen-key", "-n", name, *caps)

    def start_monitor(self, fsid, port):
        names = str(self.folder / "etc" / "monmap")
        (self.folder / "mon").mkdir()
        self.call("monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[v2:127.0.0.1:{port}]", names)
        self.call("ceph-mon", "-c", self.conf, "-i", "a", "--mkfs", "--monmap", names, "--keyring",
                  str(self.folder / "etc" / "keyring"))
        self.run("ceph-mon", "-c", self.conf, "-i", "a", "-f")

    def start_disk(self):
        disk = str(uuid.uuid4())
        (self.folder / "osd").mkdir()
        self.call("ceph", "-c", self.conf, "osd", "new", disk, "0")
        self.call("ceph-osd", "-c", self.conf, "-i", "0", "--mkfs", "--osd-uuid", disk)
        self.call("ceph", "-c", self.conf, "osd", "crush", "add", "osd.0", "1.0", "root=default", "host=localhost")
        self.run("ceph-osd", "-c", self.conf, "-i", "0", "-f")

    # --- ways to it ---

    def ask(self, service, **what):
        """Of its services for accounts, as AWS's have them."""
        body = urllib.parse.urlencode(what).encode()
        host = f"127.0.0.1:{self.tokens}"
        headers = {"Host": host, "Content-Type": "application/x-www-form-urlencoded"}
        way = self.way(self.tokens)
        signed = sigv4.sign(way, "POST", "/", [], headers, hashlib.sha256(body).hexdigest(), service=service)
        return way.bucket("").send("POST", "/", "", signed, body)

    def credentials(self, seconds=3600):
        """Temporary ones: key, secret, token."""
        put = self.ask("iam", Action="PutUserPolicy", UserName="svc", PolicyName="all", PolicyDocument=json.dumps(POLICY))
        assert put.status == 200, put
        got = self.ask("sts", Action="GetSessionToken", DurationSeconds=str(seconds))
        assert got.status == 200, got
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        return [next(got.xml.iter(name)).text for name in names]

    def way(self, port, path_style=True, key=KEY, secret=SECRET, token=""):
        host = "127.0.0.1" if path_style else self.DOMAIN
        return Way(self.NAME, f"http://{host}:{port}", path_style, key, secret, token, self.REGION)

    def ways(self):
        temporary = self.credentials()
        return [way for path_style in (True, False)
                for way in (self.way(self.plain, path_style), self.way(self.tokens, path_style, *temporary))]


if __name__ == "__main__":
    serve(Radosgw)
