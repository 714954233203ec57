"""Texts as films show them: ordered by the daemon's own lettering_write, drawn by videod-lettering, put on a ground."""

import json
import pathlib
import re
import subprocess

import media
from stack import BUILD

SIZES = {"16:9": (1920, 1080), "9:16": (1080, 1920), "1:1": (1080, 1080), "4:5": (1080, 1350)}
ORDER = BUILD / "drivers" / "lettering_order"
LETTERING = BUILD / "videod-lettering"


def write_orders(folder, texts):
    """From descriptions as tests/drivers/lettering_order.c reads them, with "ratio" for the size: (files, grounds)."""
    lines, files = [], []
    for number, text in enumerate(texts):
        width, height = SIZES[text.get("ratio", "9:16")]
        files.append(f"o{number}.json")
        size = {"file": files[-1], "prefix": f"p{number}", "width": width, "height": height}
        plain = {key: value for key, value in text.items() if key != "ratio"}
        lines.append(json.dumps({"style": "product_showcase", **size, **plain}) + "\n")
    done = subprocess.run([ORDER], input="".join(lines), capture_output=True, text=True, cwd=folder, check=True,
                          timeout=60)
    return files, [line.split() for line in done.stdout.splitlines()]


def draw(folder, texts, timeout=300):
    """What the program answers to each, and the "ground" that a card has; its pictures are in the folder."""
    files, grounds = write_orders(folder, texts)
    done = subprocess.run([LETTERING, *files], cwd=folder, capture_output=True, text=True, check=True, timeout=timeout)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return [{**answer, "ground": ground} for answer, ground in zip(answers, grounds, strict=True)]


def images(answer):
    """What is seen at once: the text, the first caption, the logo."""
    found = [answer.get("text"), (answer.get("captions") or [None])[0], answer.get("logo")]
    return [image for image in found if image]


def frame(folder, answer, ground, tail, *more, outputs=()):
    """ffmpeg's words on a ground (its input options) with the pictures on it, which go through the filters in tail."""
    inputs, graph, last = [*ground], [], "0:v"
    for number, image in enumerate(images(answer), 1):
        inputs += ["-i", folder / image["file"]]
        graph.append(f"[{last}][{number}:v]overlay={image['x']}:{image['y']}:format=rgb[v{number}]")
        last = f"v{number}"
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-y", *inputs, *more, "-filter_complex",
               ";".join([*graph, f"[{last}]{tail}"]), *outputs]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True, timeout=120)
    return done.stderr


def bands(text, answer):
    """A ground that shows what can be read on light and on dark, and takes little room in a file; a card has its own."""
    width, height = SIZES[text["ratio"]]
    colours = answer["ground"][:1] * 4 if "card" in text else ["F4EFE6", "C96F3B", "2E5E4E", "15181D"]
    boxes = ",".join(
        f"drawbox=x={width * i // 4}:y=0:w={width // 4}:h={height}:c=0x{colour}:t=fill"
        for i, colour in enumerate(colours)
    )
    return ["-f", "lavfi", "-i", f"color=s={width}x{height}:r=1:d=1,format=rgb24,{boxes}"]


def similarity(folder, answer, ground, reference, scale):
    """SSIM of a frame with its reference picture, which is as much smaller as scale says."""
    tail = f"scale=iw/{scale}:-2:flags=area,format=rgb24[a];[a][{len(images(answer)) + 1}:v]ssim"
    said = frame(folder, answer, ground, tail, "-i", reference, outputs=["-f", "null", "-"])
    return float(re.search(r"All:([\d.]+|inf)", said)[1])


def ink(folder, image):
    """How much of a picture is drawn: the sum of its alpha, in pixels."""
    raw = media.ffmpeg("-i", pathlib.Path(folder, image["file"]), "-vf", "alphaextract,format=gray",
                       "-f", "rawvideo", "-")
    return sum(raw) / 255
