"""Makers of files that lie about themselves, burst when they are opened, or point elsewhere. All are small."""

import struct
import zlib

# --- pictures ---


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width=64, height=64, extra=b"", data=None, depth=8, colour=2):
    """One colour, RGB; extra: chunks before the picture. data: what is in place of the packed picture."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    if data is None:
        data = zlib.compress((b"\0" + b"\x30\x60\x90" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def bomb(size):
    """So many zero bytes, deflated: a block of 16 MB that is whole in itself, again and again."""
    packer = zlib.compressobj(9)
    head = packer.compress(bytes(1 << 24)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(1 << 24)) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + block * (size >> 24) + packer.flush()


def segment(marker, data):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg_size(jpeg, width, height):
    """The same with another size in its head."""
    at = next(jpeg.index(mark) for mark in (b"\xff\xc0", b"\xff\xc2") if mark in jpeg)
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def packed_bits(bits):
    """As a JPEG has them: whole bytes, a zero after each 0xFF."""
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")


def many_scans(side, count):
    """A progressive JPEG that is gone through so often; each time costs a few bytes."""
    blocks = (side // 8) ** 2
    run = "0" + "1" * 14  # "nothing more in 32767 blocks"
    again = segment(0xDA, b"\1\1\0\1\x3f\0") + packed_bits(run * (blocks // 32767 + 1))
    size = struct.pack(">BHHB", 8, side, side, 1) + b"\1\x11\0"
    return (b"\xff\xd8" + segment(0xDB, b"\0" + b"\1" * 64) + segment(0xC2, size)
            + segment(0xC4, b"\x00\1" + bytes(15) + b"\0") + segment(0xC4, b"\x10\1" + bytes(15) + b"\xe0")
            + segment(0xDA, b"\1\1\0\0\0\0") + packed_bits("0" * blocks) + again * count + b"\xff\xd9")


def riff(kind, *chunks):
    body = kind
    for name, data in chunks:
        body += name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def canvas(width, height, flags):
    return b"VP8X", bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


def animated_webp(webp, frames):
    frame = bytes(6) + (63).to_bytes(3, "little") * 2 + (10).to_bytes(3, "little") + b"\0" + webp[12:]
    return riff(b"WEBP", canvas(64, 64, 2), (b"ANIM", bytes(6)), *[(b"ANMF", frame)] * frames)


# --- sound ---


def wav(seconds=2, rate=48000, channels=1, bits=16, coding=1, says=None, align=None):
    """A tone; says: how many bytes of it there are said to be."""
    data = bytes(i % 64 * 4 for i in range(int(rate * seconds) * 2)) if seconds < 60 else b""
    align = channels * bits // 8 if align is None else align
    head = struct.pack("<HHIIHH", coding, channels & 0xFFFF, rate, rate * align & 0xFFFFFFFF, align & 0xFFFF, bits)
    says = len(data) if says is None else says
    return (b"RIFF" + struct.pack("<I", min(36 + says, 0xFFFFFFFF)) + b"WAVEfmt " + struct.pack("<I", len(head)) + head
            + b"data" + struct.pack("<I", says) + data)


def id3(body=b"", says=None):
    """A tag of an MP3, which many readers skip to see what comes behind it."""
    size = len(body) if says is None else says
    return b"ID3\4\0\0" + bytes(size >> shift & 127 for shift in (21, 14, 7, 0)) + body


def flac(samples, rate=48000):
    """Nothing but a head that says how many samples there are."""
    head = struct.pack(">HH", 4096, 4096) + bytes(6) + (rate << 44 | 15 << 36 | samples).to_bytes(8, "big") + bytes(16)
    return b"fLaC\x80\0\0\x22" + head + b"\xff\xf8" + bytes(200)


# --- films ---


def box(name, *parts):
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + name + body


def full(name, *parts):
    """With version and flags."""
    return box(name, bytes(4), *parts)


def words(*numbers):
    return struct.pack(f">{len(numbers)}I", *numbers)


OWN = struct.pack(">I", 12) + b"url \0\0\0\1"  # in this file
MATRIX = words(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def picture_entry(coding=b"jpeg", width=64, height=64, more=b""):
    return box(coding, bytes(6), b"\0\1", bytes(16), struct.pack(">HH", width, height), words(0x480000, 0x480000, 0),
               b"\0\1", bytes(32), b"\0\x18\xff\xff", more)


def sound_entry(coding=b"sowt", channels=2, rate=48000):
    return box(coding, bytes(6), b"\0\1", bytes(8), struct.pack(">HHHH", channels, 16, 0, 0), words(rate << 16))


def alias(path):
    """An entry of a list of files, as QuickTime writes one that is elsewhere."""
    name = path.rsplit("/", 1)[1].encode()
    whole = b"disk" + path.replace("/", ":").encode()
    body = (bytes(4) + bytes(10) + b"\4disk".ljust(28, b"\0") + bytes(12) + bytes([len(name)]) + name.ljust(63, b"\0")
            + bytes(16) + b"\xff\xff\xff\xff" + bytes(16) + struct.pack(">HH", 2, len(whole)) + whole
            + b"\0" * (len(whole) % 2) + b"\xff\xff\0\0")
    return box(b"alis", body)


def link(url):
    return full(b"url ", url.encode() + b"\0")


def track(entry, count, size, at, ticks, scale, refers=OWN, kind=b"vide"):
    """count samples of size bytes from at on, each of so many ticks."""
    head = {b"vide": full(b"vmhd", bytes(8)), b"soun": full(b"smhd", bytes(4))}.get(kind, full(b"nmhd"))
    table = box(b"stbl", full(b"stsd", words(1), entry), full(b"stts", words(1, count, ticks)),
                full(b"stsc", words(1, 1, count, 1)), full(b"stsz", words(size, count)), full(b"stco", words(1, at)))
    length = min(count * ticks, 0xFFFFFFFE)
    media = box(b"mdia", full(b"mdhd", words(0, 0, scale, length, 0x55C40000)),
                full(b"hdlr", b"mhlr", kind, bytes(13)),
                box(b"minf", head, box(b"dinf", full(b"dref", words(1), refers)), table))
    square = words(64 << 16, 64 << 16)
    return box(b"trak", box(b"tkhd", words(3, 0, 0, 1, 0, length), bytes(16), MATRIX, square), media)


FTYP = box(b"ftyp", b"qt  ", bytes(4), b"qt  mp42isom")
FIRST = len(FTYP) + 8  # where the samples begin


def header(*tracks, length=2000):
    general = full(b"mvhd", words(0, 0, 1000, length, 0x10000), b"\1\0", bytes(10), MATRIX, bytes(24), words(99))
    return box(b"moov", general, *tracks)


def movie(*tracks, data=b"", length=2000):
    return FTYP + box(b"mdat", data) + header(*tracks, length=length)


def stills(jpeg, count=48, ticks=1000, scale=24000, entry=None, refers=OWN, times=1, length=2000):
    """Seconds of the same JPEG. times: how many tracks of it there are."""
    one = track(entry or picture_entry(), count, len(jpeg), FIRST, ticks, scale, refers)
    return movie(*[one] * times, data=jpeg * min(count, 48), length=length)


def tones(count=96000, ticks=1, refers=OWN, is_here=True, times=1, length=2000):
    """Seconds of silence."""
    one = track(sound_entry(), count, 4, FIRST, ticks, 48000, refers, b"soun")
    return movie(*[one] * times, data=bytes(4 * count if is_here else 0), length=length)


def packed_header(size):
    """A header that is so large when it is unpacked."""
    packed = words(size) + bomb(size)
    return FTYP + box(b"mdat", bytes(64)) + box(b"moov", box(b"cmov", box(b"dcom", b"zlib"), box(b"cmvd", packed)))


# --- Matroska ---


def element(number, body):
    if isinstance(body, str):
        body = body.encode()
    return bytes.fromhex(number) + (1 << 56 | len(body)).to_bytes(8, "big") + body


def matroska(*parts):
    return element("1A45DFA3", element("4282", "matroska")) + element("18538067", b"".join(parts))


def attachment(name, data):
    file = element("466E", name) + element("4660", "text/plain") + element("465C", data) + element("46AE", b"\1")
    return element("1941A469", element("61A7", file))


def tracks(count):
    size = element("E0", element("B0", b"\x40") + element("BA", b"\x40"))
    numbers = (n.to_bytes(2, "big") for n in range(1, count + 1))
    return element("1654AE6B", b"".join(element("AE", element("D7", n) + element("73C5", n) + element("83", b"\1")
                                                + element("86", "V_MJPEG") + size) for n in numbers))
