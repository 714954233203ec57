"""The ffmpeg and the ffprobe of a stack for tests (ffmpeg.sh): held, made to fail, and asked for what they did."""

import contextlib
import fcntl
import os
import pathlib
import shutil

STAND_IN = pathlib.Path(__file__).with_suffix(".sh")
MADE = os.environ.get("TEST_MADE")  # what was made in this run, for all its tests


class Ffmpeg:
    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        for name in ("ffmpeg", "ffprobe"):
            (folder / name).symlink_to(STAND_IN)
        if MADE:
            (folder / "made").symlink_to(MADE)
        else:
            (folder / "made").mkdir()

    def settings(self):
        return {name: self.folder / name for name in ("ffmpeg", "ffprobe")}

    @contextlib.contextmanager
    def hold(self, kind):
        """Steps of a kind begin and get no further, until the block ends."""
        with open(self.folder / f"hold-{kind}", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        os.unlink(file.name)

    def take(self, seconds):
        """From now on a step takes so long where it has nothing to make."""
        (self.folder / "pace").write_text(f"{seconds / 6:.3f}\n")

    @contextlib.contextmanager
    def ending(self, kind, times, status=9):
        """The next so many steps of a kind end at once, with this status and no output."""
        tokens = self.folder / f"end-{kind}"
        tokens.mkdir()
        for n in range(times):
            (tokens / str(n)).write_text(f"{status}\n")
        yield
        shutil.rmtree(tokens)

    def calls(self, kind):
        path = self.folder / "calls"
        return path.read_text().split().count(kind) if path.exists() else 0
