"""What a film really is, as ffprobe and ffmpeg see it, and pictures and sounds to make films from."""

import array
import functools
import json
import pathlib
import re
import struct
import subprocess

FPS = 30
RATE = 48000


def ffmpeg(*arguments):
    """ffmpeg's standard output."""
    command = ["ffmpeg", "-nostdin", "-v", "error", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=True, timeout=120).stdout


# --- making ---


def make_picture(path, size, ground, marks=(), exif_turn=None):
    """One colour, with boxes (x, y, width, height, colour) on it. exif_turn: stored on its side, and saying so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    boxes = "".join(f",drawbox=x={x}:y={y}:w={w}:h={h}:t=fill:c=0x{colour}" for x, y, w, h, colour in marks)
    turn = ",transpose=cclock" if exif_turn else ""
    kind = {".jpg": ["-q:v", "2"], ".webp": ["-quality", "95"], ".png": ["-pix_fmt", "rgb24"]}[path.suffix]
    source = f"color=c=0x{ground}:s={size[0]}x{size[1]},format=rgb24{boxes}{turn}"
    ffmpeg("-y", "-f", "lavfi", "-i", source, "-frames:v", "1", *kind, path)
    if exif_turn:
        path.write_bytes(with_orientation(path.read_bytes(), exif_turn))


def with_orientation(jpeg, orientation):
    """The JPEG with an Exif segment that says which way is up; 6: turn it clockwise."""
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    tiff = b"MM\0\x2a\0\0\0\x08" + struct.pack(">H", 1) + entry + b"\0\0\0\0"
    body = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def make_tone(path, hertz, seconds):
    path.parent.mkdir(parents=True, exist_ok=True)
    source = f"sine=frequency={hertz}:sample_rate={RATE}:duration={seconds}"
    ffmpeg("-y", "-f", "lavfi", "-i", source, "-c:a", "aac", "-b:a", "192k", path)


def speak(script, folder):
    """The narration alone: samples at 48 kHz, one channel."""
    text = pathlib.Path(folder, "script.txt")
    text.write_text(script)
    return samples("-f", "lavfi", "-i", f"flite=textfile={text}:voice=slt", channels=1)


# --- looking ---


def probe(path, *arguments):
    command = ["ffprobe", "-v", "error", "-of", "json", *arguments, str(path)]
    return json.loads(subprocess.run(command, capture_output=True, check=True, timeout=120).stdout)


def video_packets(path):
    """(pts, dts, duration, is a key frame) in the order of decoding."""
    found = probe(path, "-select_streams", "v:0", "-show_packets", "-show_entries", "packet=pts,dts,duration,flags")
    return [(p["pts"], p["dts"], p["duration"], "K" in p["flags"]) for p in found["packets"]]


def boxes(path):
    """The names of an MP4's outermost boxes, in order."""
    data, at, names = pathlib.Path(path).read_bytes(), 0, []
    while at < len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        if size == 1:
            size = struct.unpack_from(">Q", data, at + 8)[0]
        assert size >= 8, f"a box of {size} bytes at {at}"
        names.append(name.decode())
        at += size
    return names


def raw_frames(path, filters):
    return ffmpeg("-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", "-vf", filters, "-f", "rawvideo", "-")


def colours(path, area):
    """The mean colour of an area (x, y, width, height as parts of the frame) in each frame."""
    x, y, w, h = area
    crop = f"crop=iw*{w}:ih*{h}:iw*{x}:ih*{y}"
    raw = raw_frames(path, f"{crop},scale=1:1:flags=area,format=rgb24")
    return [tuple(raw[i : i + 3]) for i in range(0, len(raw), 3)]


def frames(path, filters, size):
    """Frames as bytes, one byte a pixel, each as large as size says."""
    raw = raw_frames(path, f"{filters},scale={size[0]}:{size[1]}:flags=neighbor")
    area = size[0] * size[1]
    return [raw[i : i + area] for i in range(0, len(raw), area)]


BRIGHT = bytes(n > 215 for n in range(256))


def white(path, upper=1, width=540, every="1"):
    """How many pixels in the upper part are near white, in each frame that is chosen: the letters of a text."""
    size = (width, round(width * upper))
    found = frames(path, f"select='{every}',crop=iw:ih*{upper}:0:0,format=gray", size)
    return [frame.translate(BRIGHT).count(1) for frame in found]


def bounds(frame, width, test):
    """The box (x, y, width, height) around the bytes of a frame for which test holds; None: there are none."""
    marked = frame.translate(bytes(test(n) for n in range(256)))
    rows = [marked[i : i + width] for i in range(0, len(marked), width)]
    hit = [i for i, row in enumerate(rows) if 1 in row]
    if not hit:
        return None
    left = min(rows[i].find(1) for i in hit)
    right = max(rows[i].rfind(1) for i in hit)
    return left, hit[0], right - left + 1, hit[-1] - hit[0] + 1


def samples(*arguments, channels=2, filters="anull"):
    """Decoded sound, 16 bits, at 48 kHz."""
    raw = ffmpeg(*arguments, "-vn", "-af", filters, "-ac", channels, "-ar", RATE, "-f", "s16le", "-")
    return array.array("h", raw)


def sound(path, filters="anull"):
    """One channel of a film's sound."""
    return samples("-i", path, "-map", "0:a:0", channels=1, filters=filters)


def loudness(pcm, seconds=0.1):
    """The root mean square of each stretch of so many seconds."""
    step = int(RATE * seconds)
    parts = (pcm[i : i + step] for i in range(0, len(pcm) - step + 1, step))
    return [(sum(v * v for v in part) / step) ** 0.5 for part in parts]


def last_sound(pcm, threshold):
    """The second at which the last sample louder than threshold is."""
    return next((i for i in range(len(pcm) - 1, -1, -1) if abs(pcm[i]) > threshold), 0) / RATE


# --- loudness as EBU R 128 has it ---


def programme(path):
    """(integrated loudness in LUFS, true peak in dBTP) of a whole film."""
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-i", str(path), "-map", "0:a:0"]
    command += ["-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, check=True, timeout=120).stderr.decode()
    summary = said[said.rindex("Summary:") :]
    return tuple(float(re.search(rf"{name}:\s+(\S+)", summary)[1]) for name in ("I", "Peak"))


@functools.lru_cache(maxsize=8)
def momentary(path):
    """LUFS of the last 0.4 s, ten times a second."""
    printed = ffmpeg("-i", path, "-af", "ebur128=metadata=1,ametadata=mode=print:key=lavfi.r128.M:file=-", "-f", "null",
                     "-").decode()
    return [float(found) for found in re.findall(r"lavfi\.r128\.M=(\S+)", printed)]
