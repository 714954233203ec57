"""Films in a private bucket of a real S3 server: the browser plays them from there by signed addresses, and nobody else."""

import contextlib
import http.client
import json
import re
import shutil
import subprocess
import tempfile
import time
import urllib.parse

import pytest

import sigv4
import stack as stacks
from harness import FILM_SEC, fill, start_chromium
from s3_radosgw import Radosgw
from service import running
from stack import Answer, wait_for

BUCKET, PREFIX = "films", "shop/"
SLOW = 300 << 10  # bytes a second: what is far off is asked for, not waited for
NOISE = "nullsrc=s=160x160,geq=lum='random(1)*255':cb=128:cr=128"  # no film of it is small


def settings(way, folder):
    """Of a stack that keeps its films there."""
    for name, text in (("s3.id", way.key), ("s3.key", way.secret)):
        (folder / name).touch(0o600)
        (folder / name).write_text(text)
    (folder / "assets").mkdir()
    (folder / "assets" / "music").symlink_to(folder / "share" / "music")
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", NOISE, "-frames:v", "1", folder / "assets" / "noise.png"]
    subprocess.run(command, check=True, timeout=60)
    return {"assets_dir": folder / "assets", "storage": "s3", "s3_bucket": BUCKET, "s3_endpoint": way.endpoint,
            "s3_path_style": "yes" if way.path_style else "no", "aws_region": way.region, "s3_prefix": PREFIX,
            "aws_access_key_id": folder / "s3.id", "aws_secret_access_key": folder / "s3.key"}


@pytest.fixture(scope="module")
def bucket():
    with running(Radosgw) as server:
        way = next(way for way in server.ways() if not way.path_style and not way.token)
        bucket = way.bucket(BUCKET)
        bucket.make()
        yield bucket


@pytest.fixture(scope="module")
def stack(bucket):
    origin = {"STACK_FILMS": f"http://{bucket.host}"}
    with stacks.running(lambda folder: settings(bucket.way, folder), environment=origin) as stack:
        fill(stack)
        yield stack


@pytest.fixture(scope="module")
def driver():
    """One that also notes what it asks for, and what it is answered."""
    profile = tempfile.mkdtemp(prefix="videod-chromium.")
    chrome = start_chromium(profile, ["performance"])
    yield chrome
    chrome.quit()
    shutil.rmtree(profile, ignore_errors=True)


@pytest.fixture(scope="module")
def film(stack):
    scenes = [stacks.scene(number, 2, imageUrl="/assets/noise.png") for number in (1, 2)]
    video = stack.create(stacks.film("field", scenes, mode="draft", aspectRatio="1:1", voiceoverScript="Hello there.",
                                     musicVolume=0))
    stack.wait_completed(video, FILM_SEC)
    return stack.get(f"/videos/{video}").json


def ask(url, method="GET", **headers):
    """As whoever has the address, and no key."""
    where = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", where.port, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, f"{where.path}?{where.query}", headers={"Host": where.netloc, **headers})
        return Answer(connection.getresponse())


def addresses(film):
    """All that a film has, by what they are."""
    found = {name: url for shape in film["films"] for name, url in shape.items() if name.endswith("Url")}
    return {**found, **film["captionFiles"], "reportUrl": film["reportUrl"]}


def path_of(url):
    return urllib.parse.urlsplit(url).path


class Asked:
    """What the browser asks for one file from now on: the range, and of the answer the status and the part."""

    def __init__(self, driver, url):
        self.driver, self.path, self.ranges, self.answers = driver, path_of(url), {}, []
        driver.get_log("performance")

    def look(self):
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            what, about = message["method"], message["params"]
            if what == "Network.requestWillBeSent" and path_of(about["request"]["url"]) == self.path:
                self.ranges[about["requestId"]] = about["request"]["headers"].get("Range")
            elif what == "Network.responseReceived" and about["requestId"] in self.ranges:
                headers = {name.lower(): value for name, value in about["response"]["headers"].items()}
                self.answers.append((self.ranges[about["requestId"]], about["response"]["status"],
                                     headers.get("content-range")))
        return self.answers

    def farthest(self):
        """Where the farthest range begins."""
        return max((int(re.match(r"bytes=(\d+)-", wanted)[1]) for wanted, _, _ in self.look()), default=0)


def slow_down(page, bytes_per_second):
    page.command("Network.enable")
    page.command("Network.emulateNetworkConditions", offline=False, latency=0, uploadThroughput=-1,
                 downloadThroughput=bytes_per_second)


def test_the_poster_comes_from_the_bucket(page, bucket, film):
    page.open()
    poster = page.card(film["id"]).find_element("css selector", ".poster img")
    page.wait(lambda: page.script("return arguments[0].complete && arguments[0].naturalWidth", poster))
    assert urllib.parse.urlsplit(poster.get_attribute("src")).netloc == bucket.host
    assert page.script("const p = arguments[0]; return p.naturalWidth == p.naturalHeight", poster)


def test_a_film_plays_and_its_end_is_asked_for_by_a_range(page, film):
    """On a slow line, so that the end has not come by itself."""
    page.open()
    asked, size = Asked(page.driver, film["videoUrl"]), film["films"][0]["bytes"]
    slow_down(page, SLOW)
    page.card(film["id"]).find_element("css selector", ".poster").click()
    video = page.one("#player-video")
    page.wait(lambda: page.script("return arguments[0].readyState >= 2 && arguments[0].currentTime > 0.1", video))
    assert page.script("return arguments[0].currentSrc", video) == film["videoUrl"]

    there, near = page.script("""
        const film = arguments[0], there = film.buffered.end(film.buffered.length - 1);
        film.currentTime = film.duration - 0.5;
        return [there, film.currentTime];
    """, video)
    assert there < near
    page.wait(lambda: asked.farthest() > size / 2)
    slow_down(page, -1)
    page.wait(lambda: page.script("return arguments[0].ended", video))
    assert page.script("return arguments[0].currentTime", video) > near
    assert page.script("return arguments[0].error", video) is None
    assert asked.answers[0][0] == "bytes=0-"
    assert all(status == 206 and part.endswith(f"/{size}") for _, status, part in asked.answers), asked.answers


def test_a_download_leaves_the_dashboard_where_it_is(page, film):
    """What is of another host is opened by a link, not saved."""
    page.open()
    page.card(film["id"]).find_element("css selector", ".poster").click()
    here, before = page.driver.current_url, page.driver.current_window_handle
    page.one("#player-download").click()
    others = page.wait(lambda: [tab for tab in page.driver.window_handles if tab != before])
    page.driver.switch_to.window(others[0])
    page.wait(lambda: page.driver.current_url == film["videoUrl"])
    page.driver.close()
    page.driver.switch_to.window(before)
    assert page.driver.current_url == here


def test_parts_are_those_of_the_whole(film):
    whole, size = ask(film["videoUrl"]), film["films"][0]["bytes"]
    assert (whole.status, whole.headers["Content-Type"], len(whole.body)) == (200, "video/mp4", size)
    for wanted, first, last in (("100-299", 100, 299), (f"{size - 50}-", size - 50, size - 1), ("-7", size - 7, size - 1)):
        part = ask(film["videoUrl"], Range=f"bytes={wanted}")
        assert (part.status, part.body) == (206, whole.body[first:last + 1]), wanted
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
    assert ask(film["videoUrl"], Range=f"bytes={size}-").status == 416


def test_each_file_is_what_it_is_said_to_be(bucket, film):
    kinds = {"videoUrl": ("video/mp4", b"ftyp"), "thumbnailUrl": ("image/jpeg", b"\xff\xd8"),
             "previewUrl": ("image/webp", b"RIFF"), "spriteUrl": ("image/jpeg", b"\xff\xd8"),
             "spriteVttUrl": ("text/vtt", b"WEBVTT"), "vttUrl": ("text/vtt", b"WEBVTT"),
             "srtUrl": ("application/x-subrip", b"1"), "reportUrl": ("application/json", b"{")}
    urls = addresses(film)
    assert urls.keys() == kinds.keys()
    for name, (kind, begin) in kinds.items():
        answer = ask(urls[name])
        assert (answer.status, answer.headers.get_content_type()) == (200, kind), name
        assert begin in answer.body[:8], name
        assert "immutable" in answer.headers["Cache-Control"], name
    keys = bucket.keys(f"{PREFIX}videos/{film['id']}/")
    assert sorted(path_of(url).removeprefix("/") for url in urls.values()) == keys


def with_another(part, value):
    return lambda url: re.sub(rf"({part}=)[^&]+", rf"\g<1>{value}", url)


WRONG = {  # what is asked for instead of an address
    "unsigned": lambda url: url.partition("?")[0],
    "of another file": lambda url: url.replace("/video.mp4?", "/report.json?"),
    "longer": with_another("X-Amz-Expires", 604800),
    "another signature": with_another("X-Amz-Signature", "0" * 64),
}


@pytest.mark.parametrize("how", WRONG)
def test_a_changed_address_is_refused(film, how):
    changed = WRONG[how](film["videoUrl"])
    assert changed != film["videoUrl"]
    assert ask(changed).status == 403


def test_an_address_is_for_reading(film):
    assert ask(film["videoUrl"], "DELETE").status == 403
    assert ask(film["videoUrl"]).status == 200


def test_an_address_ends(bucket, film):
    """seed E3: one that was given away is not the world's for ever."""
    where = urllib.parse.urlsplit(film["videoUrl"])
    assert dict(urllib.parse.parse_qsl(where.query))["X-Amz-Expires"] == "86400"
    for age, status in ((0, 200), (120, 403)):
        query = sigv4.presign(bucket.way, "GET", where.path, [], bucket.host, 60, sigv4.stamp(time.time() - age))
        assert ask(where._replace(query=query).geturl()).status == status


def test_with_a_cdn_the_same_keys_are_its_own(stack, film):
    before = stack.settings
    stack.configure({**before, "cdn_domain": "cdn.example"})
    stack.run("start", "cgi")
    try:
        found = addresses(stack.get(f"/videos/{film['id']}").json)
    finally:
        stack.configure(before)
        stack.run("start", "cgi")
    assert found == {name: f"https://cdn.example{path_of(url)}" for name, url in addresses(film).items()}


def test_nothing_of_a_deleted_film_stays(stack, bucket, film):
    """seed E5: its keys are known, whatever its addresses look like."""
    prefix = f"{PREFIX}videos/{film['id']}/"
    assert bucket.keys(prefix)
    assert stack.delete(f"/videos/{film['id']}").status == 204
    wait_for("an empty prefix", lambda: bucket.keys(prefix) == [])
    assert (bucket.keys(), bucket.uploads()) == ([], [])
    assert ask(film["videoUrl"]).status == 404
