"""A picture that has a public address is passed on to the vendor by that; where the vendor cannot reach it, it is sent."""

import subprocess

import bought
import pytest
import sites
import stack as stacks
from bought import begin, film, ledger
from stack import scene

NAME = "shop.localhost"  # a public one has dots too; nobody but the daemon goes there
PICTURE = "/figs.jpg?size=large"


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return sites.certificate(tmp_path_factory.mktemp("tls"), f"DNS:{NAME}")


@pytest.fixture(scope="module")
def stack(pair):
    with bought.running(image_allow_private="yes", image_ca_file=pair[0]) as running:
        yield running


@pytest.fixture(scope="module")
def shop(stack, pair):
    with sites.running(NAME, pair, {PICTURE: (stack.assets / "picture.jpg").read_bytes()}) as origin:
        yield origin


def images(stack):
    """What the vendor was given for a picture, each time it was asked."""
    return [request["body"]["promptImage"] for request in stack.runway.seen("create")]


def one(address):
    return film(scene(0, prompt="Figs", imageUrl=address))


def test_by_its_address(stack, shop):
    begin(stack)
    video = stack.create(one(shop + PICTURE))
    stack.wait_completed(video)
    assert images(stack) == [shop + PICTURE] and stack.runway.seen("upload") == []
    assert ledger(stack, video) == ["scene 0 kept"]


def test_by_an_upload_where_the_vendor_cannot_go(stack, shop):
    begin(stack)
    stack.runway.setup(unreachable=[shop.removeprefix("https://")])
    video = stack.create(one(shop + PICTURE))
    stack.wait_completed(video)
    address, sent = images(stack)
    assert address == shop + PICTURE and sent.startswith("runway://") and len(stack.runway.seen("upload")) == 1
    assert ledger(stack, video) == ["scene 0 refused", "scene 0 kept"] and len(stack.runway.billed()) == 1


def test_ours_by_an_upload(stack):
    begin(stack)
    video = stack.create(one("/assets/picture.jpg"))
    stack.wait_completed(video)
    (sent,) = images(stack)
    assert sent.startswith("runway://") and len(stack.runway.seen("upload")) == 1


def test_the_daemon_does_not_start_without_the_authority(tmp_path):
    (tmp_path / "videod.conf").write_text(f"work_dir = {tmp_path}/work\nlettering = {stacks.BUILD}/videod-lettering\n"
                                          f"image_ca_file = {tmp_path}/nothing.pem\n")
    done = subprocess.run([stacks.BUILD / "videod", "--config", tmp_path / "videod.conf"], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 1 and "image_ca_file: " in done.stderr and "nothing.pem" in done.stderr


def test_nobody_else_may_sign_for_the_shop(stack, shop, tmp_path):
    begin(stack)
    other, _ = sites.certificate(tmp_path, f"DNS:{NAME}")
    with stack.changed(image_ca_file=other, attempts=1):
        video = stack.create(one(shop + PICTURE))
        failed = bought.wait_status(stack, video, "failed")
    assert failed["error"].startswith("A picture could not be used") and images(stack) == []
