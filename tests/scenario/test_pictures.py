"""Pictures that are not there, in odd ways: the client is told so, and nothing about the server's files."""

import pytest

import daemons
from daemons import quick
from stack import scene, wait_for


@pytest.fixture(scope="module")
def stack():
    with daemons.running() as running:
        yield running


@pytest.mark.parametrize("name", ["folder", "a" * 300, "%FF" * 90, "picture.jpg/inside"],
                         ids=["a folder", "a long name", "a long name that is no text", "below a file"])
def test_there_is_no_such_picture(stack, name):
    (stack.assets / "folder").mkdir(exist_ok=True)
    video = stack.create({**quick(), "scenes": [scene(1, imageUrl=f"/assets/{name}")]})
    wait_for("its failure", lambda: stack.status(video)["status"] == "failed")
    assert stack.status(video)["error"] == "A picture could not be used: scene 1: the picture is not there."


def test_what_is_wrong_with_the_server_is_not_the_clients_business(stack):
    with stack.changed(ffprobe=stack.folder / "nowhere"):
        video = stack.create({**quick(), "scenes": [scene(1, imageUrl="/assets/picture.jpg")]})
        wait_for("its failure", lambda: stack.status(video)["status"] == "failed")
    assert stack.status(video)["error"] == "A picture could not be used (scene 1)."
    assert "nowhere" in stack.log("daemon")
