"""Films of pictures in other shapes: each way to fit one into each ratio, a frame of a film that is really made."""

import json
import re
import subprocess

import media
from stack import BUILD

WAYS = {
    "cover": {"fit": "cover"},
    "cover-left": {"fit": "cover", "focus": [0, 0]},
    "contain": {"fit": "contain", "ground": [0x0B3D2E, 0xF2A65A]},
    "blur": {"fit": "blur"},
}
SHAPES = {"wide": (360, 200), "tall": (200, 360)}
SIZES = {"16:9": (384, 216), "9:16": (216, 384), "1:1": (216, 216), "4:5": (216, 270)}


def make_clips(folder):
    for shape, (width, height) in SHAPES.items():
        media.ffmpeg("-y", "-f", "lavfi", "-i", f"testsrc=s={width}x{height}:r=30:d=0.1", "-c:v", "libx264", "-qp", "8",
                     "-pix_fmt", "yuv420p", folder / f"{shape}.mp4")
    media.ffmpeg("-y", "-f", "lavfi", "-i", "sine=sample_rate=48000:duration=1", "-c:a", "aac", folder / "sound.m4a")


def made(folder):
    """name: a picture, one for each way, shape and ratio; a film has one ratio and all of the rest."""
    make_clips(folder)
    parts = [{"clip": f"{shape}.mp4", "frames": 1, **way} for shape in SHAPES for way in WAYS.values()]
    found = {}
    for ratio, size in SIZES.items():
        plan = {"size": size, "threads": 1, "quality": "standard", "sound": "sound.m4a", "out": "film.mp4", "parts": parts}
        (folder / "plan.json").write_text(json.dumps(plan))
        commands = json.loads(run(folder, [BUILD / "tests" / "pieces", "plan.json"]))
        for piece in commands["pieces"]:
            run(folder, piece["argv"])
        names = [f"fit-{shape}-{way}-{ratio}" for shape in SHAPES for way in WAYS]
        for piece, picture in zip(commands["pieces"], names, strict=True):
            found[picture] = folder / f"{picture}.png"
            media.ffmpeg("-y", "-i", folder / piece["file"], "-vf", "format=rgb24", "-frames:v", "1", "-map_metadata", "-1",
                         "-fflags", "+bitexact", "-compression_level", "9", "-pred", "mixed", found[picture])
    return found


def run(folder, argv):
    done = subprocess.run([str(a) for a in argv], cwd=folder, capture_output=True, check=True, timeout=120)
    return done.stdout


def similarity(picture, reference):
    """SSIM of two pictures."""
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-i", picture, "-i", reference, "-lavfi", "ssim", "-f", "null", "-"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True, timeout=60)
    return float(re.search(r"All:([\d.]+|inf)", done.stderr)[1])
