"""Makes the reference pictures, or a sheet of them to look at. usage: golden.py make | sheet FILE"""

import itertools
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "scenario")]

import fits  # noqa: E402
import letters  # noqa: E402
import media  # noqa: E402
from cases import cases  # noqa: E402

SCALE = 5  # a reference is so much smaller than the film
PHOTOS = HERE.parents[1] / "assets" / "photos"
TILE, COLUMNS = 480, 8


def make_logo(folder):
    """A round badge with a hole, so that its alpha is seen."""
    ring = "if(lt(abs(hypot(X-150,Y-150)-105),45),255,0)"
    source = f"color=c=0xF2A65A:s=300x300,format=rgba,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='{ring}'"
    media.ffmpeg("-y", "-f", "lavfi", "-i", source, "-frames:v", "1", folder / "logo.png")


def drawn(folder):
    """name: (description, answer)"""
    make_logo(folder)
    texts = cases()
    return dict(zip(texts, zip(texts.values(), letters.draw(folder, texts.values()))))


def reference(name):
    return HERE / f"{name.replace(':', 'x')}.png"


def save(folder, text, answer, ground, tail, path):
    outputs = ["-frames:v", "1", "-map_metadata", "-1", "-fflags", "+bitexact", "-compression_level", "9",
               "-pred", "mixed", path]
    letters.frame(folder, answer, ground, tail, outputs=outputs)


def make(folder):
    for old in HERE.glob("*.png"):
        old.unlink()
    for name, (text, answer) in drawn(folder).items():
        tail = f"scale=iw/{SCALE}:-2:flags=area,format=rgb24"
        save(folder, text, answer, letters.bands(text, answer), tail, reference(name))
    for name, picture in fits.made(folder).items():
        shutil.copy(picture, reference(name))


def ground_of(number, text, answer):
    """A photograph of the demo where there is one; for cards and without photographs the bands."""
    photos = sorted(PHOTOS.glob("*.jpg")) + sorted(PHOTOS.glob("*.png"))
    if not photos or "card" in text:
        return letters.bands(text, answer)
    return ["-i", photos[number % len(photos)]]


def sheet(folder, path):
    fitted = f"scale={TILE}:{TILE}:force_original_aspect_ratio=decrease,pad={TILE + 8}:{TILE + 8}:-1:-1,format=rgb24"
    tiles = (folder / f"tile-{number:03}.png" for number in itertools.count())
    for number, (text, answer) in enumerate(drawn(folder).values()):
        width, height = letters.SIZES[text["ratio"]]
        cropped = folder / "ground.png"
        media.ffmpeg("-y", *ground_of(number, text, answer), "-vf", f"scale={width}:{height}:"
                     f"force_original_aspect_ratio=increase,crop={width}:{height}", "-frames:v", "1", cropped)
        save(folder, text, answer, ["-i", cropped], fitted, next(tiles))
    for picture in fits.made(folder).values():
        media.ffmpeg("-y", "-i", picture, "-vf", fitted, "-frames:v", "1", next(tiles))
    rows = -(-len(list(folder.glob("tile-*.png"))) // COLUMNS)
    media.ffmpeg("-y", "-i", folder / "tile-%03d.png", "-vf", f"tile={COLUMNS}x{rows}", "-frames:v", "1", path)


def main():
    with tempfile.TemporaryDirectory() as folder:
        if sys.argv[1:] == ["make"]:
            make(pathlib.Path(folder))
        elif sys.argv[1:2] == ["sheet"] and len(sys.argv) == 3:
            sheet(pathlib.Path(folder), pathlib.Path(sys.argv[2]).resolve())
        else:
            sys.exit(__doc__)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as failure:
        sys.exit(f"{failure}\n{failure.stderr}")
