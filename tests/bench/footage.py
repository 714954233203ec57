"""What measurements of films are made with: clips of the sample pictures, texts drawn on clear ground, and children
that are measured. Made anew in a scratch folder each time."""

import json
import os
import pathlib
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TEST_BUILD", ROOT / "build"))
PHOTOS = ROOT / "assets" / "photos"
FONT = "/usr/share/fonts/truetype/lato/Lato-Black.ttf"

# The way of the camera over the picture, in pixels a second, and the grain of its sensor. All are about as hard to encode,
# so that it means nothing which one comes last.
TAKES = [
    ("mountains-trail-tall.jpg", 60, 20, 2),
    ("dandelions-tall.webp", -40, 30, 2),
    ("spaniels-tall.jpg", 20, -60, 2),
    ("fig-tall.webp", 30, 30, 2),
    ("room-tall.jpg", -60, 40, 2),
]


class Child:
    """What a command has cost: seconds of processor, most memory in MB, seconds by the clock."""

    def __init__(self, argv, folder, out=subprocess.DEVNULL):
        begun = time.monotonic()
        child = subprocess.Popen([str(a) for a in argv], cwd=folder, stdin=subprocess.DEVNULL, stdout=out)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        self.wall = time.monotonic() - begun
        self.cpu = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss / 1024
        if child.returncode != 0:
            raise SystemExit(f"exit status {child.returncode}: {' '.join(map(str, argv))}")


def stolen_ticks():
    """What a host did not give this machine of its processors since it began, and all that there was; see proc(5)."""
    ticks = [int(field) for field in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return ticks[7], sum(ticks)


def ffmpeg(folder, *arguments):
    return Child(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], folder)


def at_once(*works):
    """Runs them at the same time; their results in order."""
    results = [None] * len(works)

    def run(i):
        results[i] = works[i]()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if None in results:
        raise SystemExit("a child failed")
    return results


def make_clip(folder, name, take, size, fps, seconds):
    """As a vendor sends it: H.264 of a high rate."""
    picture, dx, dy, grain = take
    w, h = size
    room = 120  # for the camera's way
    moved = f"crop={w}:{h}:x='(iw-ow)/2+({dx})*(t-{seconds}/2)':y='(ih-oh)/2+({dy})*(t-{seconds}/2)'"
    filters = (f"scale={w + room}:{h + room}:force_original_aspect_ratio=increase:flags=lanczos,loop=-1:1,"
               f"setpts=N/{fps}/TB,fps={fps},{moved},noise=alls={grain}:allf=t,"
               "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p")
    tags = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"]
    ffmpeg(folder, "-i", PHOTOS / picture, "-vf", filters, "-frames:v", round(fps * seconds), "-c:v", "libx264",
           "-preset", "veryfast", "-crf", 16, *tags, name)


def make_text(folder, name, text, size, font_size):
    """White letters on a dark band; what is around them is clear."""
    pathlib.Path(folder, f"{name}.txt").write_text(text)
    draw = f"drawtext=textfile={name}.txt:expansion=none:fontfile={FONT}:fontsize={font_size}:fontcolor=white"
    ffmpeg(folder, "-f", "lavfi", "-i", f"color=c=black@0.45:s={size[0]}x{size[1]},format=rgba",
           "-vf", f"{draw}:x=(w-text_w)/2:y=(h-text_h)/2", "-frames:v", 1, name)


def plan(folder, **members):
    """The daemon's own commands for a film: see pieces.c. Their files are written."""
    pathlib.Path(folder, "plan.json").write_text(json.dumps(members))
    printed = subprocess.run([BUILD / "tests" / "pieces", "plan.json"], cwd=folder, capture_output=True, check=True)
    made = json.loads(printed.stdout)
    for name, text in made["files"].items():
        pathlib.Path(folder, name).write_text(text)
    return made


def encoder(argv):
    """Where the encoder's own options are in one of the daemon's commands."""
    return argv.index("-preset"), argv.index("-map_metadata")


def lossless(argv, out):
    """The same command, but every pixel of its frames is kept."""
    begin, end = encoder(argv)
    return [*argv[:begin], "-preset", "ultrafast", "-qp", "0", *argv[end:-1], out]


def ssim(folder, film, reference):
    """All frames against the reference's, as ffmpeg's filter sees it."""
    argv = ["ffmpeg", "-nostdin", "-hide_banner", "-i", film, "-i", reference, "-lavfi",
            "[0:v]setpts=N[a];[1:v]setpts=N[b];[a][b]ssim", "-f", "null", "-"]
    said = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=True).stderr
    return float(said.rsplit("All:", 1)[1].split()[0])
