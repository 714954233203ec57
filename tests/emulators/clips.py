"""Small real films, made once: two seconds with something that moves, and from these every duration without encoding.

They are made by a thread of their own, so that no request ever waits for ffmpeg.
"""

import os
import queue
import struct
import subprocess
import threading
import traceback
import zlib

FPS = 24
LOOP_SECONDS = 2
COLOURS = ("b03030", "c08020", "a0a020", "30a030", "209090", "3050c0", "7030b0", "b03090")
CHUNK = 1 << 20


def ffmpeg(*arguments, stdin=b""):
    """ffmpeg's standard output."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-threads", "1", "-y", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, check=True, timeout=120).stdout


def colour_of(text):
    """A prompt always gets the same colour, and others most often another."""
    return COLOURS[zlib.crc32(text.encode("utf-8", "surrogatepass")) % len(COLOURS)]


def make_loop(path, ratio, colour, sound):
    width, height = map(int, ratio.split(":"))
    box = height // 4
    picture = (f"color=c=0x{colour}:s={width}x{height}:r={FPS}[ground];color=c=white:s={box}x{box}:r={FPS}[box];"
               f"[ground][box]overlay=x='(W-w)*abs(t-1)':y=(H-h)/2:shortest=1,noise=alls=4:allf=t,format=yuv420p")
    ears = ["-f", "lavfi", "-i", "sine=frequency=330:sample_rate=48000", "-c:a", "aac"] if sound else []
    ffmpeg("-f", "lavfi", "-i", picture, *ears, "-t", LOOP_SECONDS, "-c:v", "libx264", "-preset", "ultrafast",
           "-crf", 30, "-g", FPS, path)


def whole(path, make):
    """Makes a file that is not there yet, whole or not at all: the folder may be shared."""
    if path.exists():
        return
    part = path.with_name(f".{os.getpid()}-{path.name}")
    make(part)
    part.rename(path)


class Clips:
    def __init__(self, folder):
        self.folder = folder
        self.orders = queue.SimpleQueue()
        threading.Thread(target=self.work, daemon=True).start()

    def path(self, key):
        ratio, colour, sound, seconds = key
        return self.folder / f"clip-{ratio.replace(':', 'x')}-{colour}{'-sound' if sound else ''}-{seconds}.mp4"

    def order(self, key):
        if not self.path(key).exists():
            self.orders.put(key)

    def work(self):
        while True:
            try:
                self.make_clip(self.orders.get())
            except (OSError, subprocess.SubprocessError):
                traceback.print_exc()

    def make_clip(self, key):
        ratio, colour, sound, seconds = key
        loop = self.path((ratio, colour, sound, "loop"))
        whole(loop, lambda part: make_loop(part, ratio, colour, sound))
        whole(self.path(key), lambda part: ffmpeg("-stream_loop", -1, "-i", loop, "-t", seconds, "-c", "copy",
                                                  "-movflags", "+faststart", part))


def padded(path, size):
    """The pieces of a film that is made so large by a box that players skip."""
    data = path.read_bytes()
    yield data
    left = size - len(data)
    yield struct.pack(">I4s", left, b"free")
    for at in range(8, left, CHUNK):
        yield bytes(min(CHUNK, left - at))
