#!/usr/bin/python3
"""What each preset and rate factor costs and gives, on frames as the daemon composes them: three clips with text, one of
them noisy. docs/performance.md has what came of it. BENCH_FACTORS: only these rate factors."""

import itertools
import os
import pathlib
import sys
import tempfile

import footage

SIZE = (720, 1280)
SECONDS, FRAMES = 2, 60
THREADS = 2
TAKES = [
    ("mountains-trail-tall.jpg", 60, 20, 2),
    ("spaniels-tall.jpg", 20, -60, 4),
    ("room-tall.jpg", -60, 40, 9),  # a dark room: much noise
]
KINDS = [  # preset, more parameters
    ("ultrafast", ""),
    ("superfast", ""),
    ("superfast", "mbtree=1:rc-lookahead=10"),
    ("veryfast", ""),
    ("faster", ""),
    ("fast", ""),
    ("medium", ""),
]
FACTORS = tuple(map(int, os.environ.get("BENCH_FACTORS", "18 20 23").split()))


def make_frames(folder):
    """The composed frames of three clips, with nothing lost; their files."""
    place = {"x": 40, "y": 800, "width": 600, "height": 140}
    footage.make_text(folder, "text.png", "Made to be looked at", (600, 140), 48)
    parts, files = [], []
    for number, take in enumerate(TAKES):
        footage.make_clip(folder, f"clip-{number}.mp4", take, SIZE, 24, SECONDS)
        parts.append({"clip": f"clip-{number}.mp4", "frames": FRAMES, "text": {"file": "text.png", **place}, "entrance": "rise"})
    for piece in footage.plan(folder, size=SIZE, threads=THREADS, sound="none", out="none", parts=parts)["pieces"]:
        files.append(f"true-{piece['file']}")
        footage.Child(footage.lossless(piece["argv"], files[-1]), folder)
        footage.ffmpeg(folder, "-i", files[-1], "-f", "rawvideo", f"{files[-1]}.yuv")
    return files


def encode(folder, file, preset, factor, more):
    raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{SIZE[0]}x{SIZE[1]}", "-r", 30, "-i", f"{file}.yuv"]
    settings = ["-preset", preset, "-profile:v", "high", "-crf", factor, "-g", 60, "-x264-params", f"open-gop=0:{more}"]
    return footage.ffmpeg(folder, *raw, "-c:v", "libx264", "-threads", THREADS, *settings, "out.mp4")


def main():
    with tempfile.TemporaryDirectory(prefix="presets-") as name:
        folder = pathlib.Path(name)
        files = make_frames(folder)
        print(f"{'':56} CRF   CPU s     KB    SSIM: still  moving   noisy     all", flush=True)
        for (preset, more), factor in itertools.product(KINDS, FACTORS):
            cpu, size, likeness = 0, 0, []
            for file in files:
                cpu += encode(folder, file, preset, factor, more).cpu
                size += (folder / "out.mp4").stat().st_size / 1000
                likeness.append(footage.ssim(folder, "out.mp4", file))
            likeness.append(sum(likeness) / len(likeness))
            print(f"{preset + ' ' + more:56} {factor:3} {cpu:7.1f} {size:6.0f}        "
                  + " ".join(f"{v:7.4f}" for v in likeness), flush=True)


if __name__ == "__main__":
    sys.exit(main())
