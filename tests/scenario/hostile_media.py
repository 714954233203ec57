"""Media that nobody should be asked to play: a table of what clients and vendors may send, and what is said to it.

Each is sent by its address, and a client's file that passes for an upload by its first bytes is uploaded too.
"""

import gzip
import io
import struct
import typing
import zipfile

import hostile_files as make

GB = 1 << 30


class Case(typing.NamedTuple):
    name: str
    make: typing.Callable  # of the Bait, for bytes
    says: str = ""  # beyond where it is: what the client reads, or the operator of a vendor's clip
    upload: str = ""  # the type as which it passes for an upload
    lure: tuple = ()  # options with which a careless reader of the file would open what it points at
    ways: tuple = ("address", "upload")  # both, where they are cheap


class Bait(typing.NamedTuple):
    """What a file may point at, and good pictures to be spoilt."""

    file: str
    url: str
    jpeg: bytes
    large: bytes  # a JPEG of another size
    webp: bytes


# --- texts that point elsewhere ---

ALL = ("-protocol_whitelist", "file,http,tcp,crypto,data")
HLS = (*ALL, "-f", "hls", "-allowed_extensions", "ALL")
CONCAT = (*ALL, "-f", "concat", "-safe", "0")
ALIAS = (*ALL, "-enable_drefs", "1", "-use_absolute_path", "1")


def hls(target):
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{target}\n#EXT-X-ENDLIST\n".encode()


def dash(target):
    return (f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
            f'mediaPresentationDuration="PT5S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" '
            f'bandwidth="1"><BaseURL>{target}</BaseURL></Representation></AdaptationSet></Period></MPD>').encode()


def concat(target):
    return f"ffconcat version 1.0\nfile '{target}'\nduration 5\n".encode()


def svg(b):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="64"'
            f' height="64"><image xlink:href="file://{b.file}"/><image xlink:href="{b.url}"/></svg>').encode()


def sdp(b):
    return ("v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n"
            f"a=control:{b.url}\n").encode()


def metadata(b):
    return f";FFMETADATA1\ntitle=x\n[STREAM]\nsrc={b.file}\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=9\n".encode()


def archive(name, data):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, data)
    return out.getvalue()


def huge(b):
    return make.jpeg_size(b.jpeg, 65500, 65500)


def profile(b):
    return make.png(extra=make.chunk(b"iCCP", b"x\0\0" + make.bomb(8 * GB)))


def text(b):
    return make.png(extra=make.chunk(b"zTXt", b"x\0\0" + make.bomb(8 * GB)))


GIF = b"GIF89a\x40\0\x40\0\x80\0\0" + bytes(60) + b";"

# --- pictures ---

NO_PICTURE = "is not a JPEG, PNG or WebP"
NOT_DECODED = "cannot be decoded"
JPEG, PNG, WEBP = "image/jpeg", "image/png", "image/webp"
UPLOAD = ("upload",)


def absurd_exif(jpeg):
    loop = struct.pack(">H", 9) + struct.pack(">HHII", 0x8769, 4, 1, 8) * 9 + make.words(8)
    return jpeg[:2] + make.segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08" + loop) * 400 + jpeg[2:]


PICTURES = [
    Case("empty", lambda b: b"", NO_PICTURE),
    Case("one byte", lambda b: b"\xff", NO_PICTURE),
    Case("SVG", svg, NO_PICTURE),
    Case("SVG, packed", lambda b: gzip.compress(svg(b)), NO_PICTURE),
    Case("HTML", lambda b: f"<html><img src='{b.url}'></html>".encode(), NO_PICTURE),
    Case("PostScript", lambda b: f"%!PS\n({b.file}) run\n".encode(), NO_PICTURE),
    Case("HLS of a file", lambda b: hls(b.file), NO_PICTURE, lure=HLS),
    Case("HLS of an address", lambda b: hls(b.url), NO_PICTURE, lure=HLS),
    Case("list of a file", lambda b: concat(b.file), NO_PICTURE, lure=CONCAT),
    Case("list of an address", lambda b: concat(b.url), NO_PICTURE, lure=CONCAT),
    Case("GIF", lambda b: GIF, NO_PICTURE),
    Case("BMP", lambda b: b"BM" + struct.pack("<IIIIiiHH", 4096, 0, 54, 40, 32, 32, 1, 24) + bytes(4000), NO_PICTURE),
    Case("TIFF", lambda b: b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHIII", 0x100, 4, 1, 1 << 31, 0), NO_PICTURE),
    Case("film", lambda b: make.stills(b.jpeg), NO_PICTURE),
    Case("HEIF", lambda b: make.box(b"ftyp", b"heic", bytes(4)) + make.full(b"meta", bytes(64)), NO_PICTURE),
    Case("zip bomb", lambda b: archive("picture.jpg", bytes(1 << 24)), NO_PICTURE),
    Case("GIF with a JPEG in it", lambda b: b"GIF89a" + b.jpeg, NO_PICTURE),
    Case("JPEG, head only", lambda b: b.jpeg[:20], NOT_DECODED, JPEG),
    Case("JPEG, half", lambda b: b.jpeg[: len(b.jpeg) // 2], NOT_DECODED, JPEG),
    Case("JPEG of 65500x65500", huge, NOT_DECODED, JPEG),
    Case("PNG of 8193x16", lambda b: make.png(8193, 16), "8193x16", PNG),
    Case("JPEG, gone through for ever", lambda b: make.many_scans(8192, 20000), "takes too long to decode", JPEG,
         ways=UPLOAD),
    Case("JPEG with a damaged one behind it", lambda b: b.jpeg + make.jpeg_size(b.jpeg, 4000, 32), NO_PICTURE, JPEG),
    Case("JPEG that is a playlist", lambda b: b"\xff\xd8\xff\xe0" + hls(b.file), NOT_DECODED, JPEG),
    Case("PNG, half", lambda b: make.png(300, 300)[:200], NOT_DECODED, PNG),
    Case("PNG without a picture", lambda b: make.png(data=b""), NOT_DECODED, PNG),
    Case("PNG of 2147483647x1", lambda b: make.png(0x7FFFFFFF, 1, data=b"x"), NOT_DECODED, PNG),
    Case("PNG of 1x100000", lambda b: make.png(1, 100000), "1x100000", PNG),
    Case("PNG of 8x8", lambda b: make.png(8, 8), "8x8; 16 to 8192", PNG),
    Case("PNG bomb", lambda b: make.png(60000, 60000, data=make.bomb(10 * GB)), NOT_DECODED, PNG),
    Case("PNG, bomb of a profile", profile, NOT_DECODED, PNG),
    Case("WebP of 16384x16384", lambda b: make.riff(b"WEBP", make.canvas(16384, 16384, 0), (b"VP8 ", bytes(99))),
         NOT_DECODED, WEBP),
    Case("WebP, moving", lambda b: make.animated_webp(b.webp, 5000), NOT_DECODED, WEBP),
    Case("WebP, half", lambda b: b.webp[: len(b.webp) // 2], NOT_DECODED, WEBP),
]

# --- voices and music ---

NO_SOUND = "is not a sound file"
MP3, WAV, M4A, OGG, FLAC = "audio/mpeg", "audio/wav", "audio/mp4", "audio/ogg", "audio/flac"

SOUNDS = [
    Case("empty", lambda b: b"", NO_SOUND),
    Case("HLS of a file", lambda b: hls(b.file), NO_SOUND, lure=HLS),
    Case("HLS of an address, with a tag before it", lambda b: make.id3() + hls(b.url), NO_SOUND, MP3),
    Case("DASH of a file", lambda b: dash(b.file), NO_SOUND),
    Case("DASH of an address, with a tag before it", lambda b: make.id3() + dash(b.url), NO_SOUND, MP3),
    Case("list of a file, with a tag before it", lambda b: make.id3() + concat(b.file), NO_SOUND, MP3),
    Case("SDP", sdp, NO_SOUND),
    Case("SDP, with a tag before it", lambda b: make.id3() + sdp(b), NO_SOUND, MP3),
    Case("metadata", metadata, NO_SOUND),
    Case("subtitles", lambda b: b"1\n00:00:00,000 --> 00:59:00,000\nx\n\n", NO_SOUND),
    Case("module", lambda b: b"Extended Module: " + bytes(4000), NO_SOUND),
    Case("MIDI", lambda b: b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk" + bytes(400), NO_SOUND),
    Case("MP3 of tags only", lambda b: make.id3(bytes(1 << 20)) * 8, NO_SOUND, MP3),
    Case("MP3, a tag of 256 MB", lambda b: make.id3(b"x" * 99, says=(1 << 28) - 1), NO_SOUND, MP3),
    Case("MP3, then nothing like it", lambda b: b"\xff\xfb\x90\0" + bytes(range(256)) * 99, NO_SOUND, MP3),
    Case("WAV of no sound", lambda b: make.wav(0), "does not say how long", WAV),
    Case("WAV of 2 GB", lambda b: make.wav(2, says=0x7FFE0000), "is damaged", WAV),
    Case("WAV, cut off", lambda b: make.wav(2, says=48000 * 2 * 60), "is damaged", WAV),
    Case("WAV of 65535 channels", lambda b: make.wav(1, channels=65535), NO_SOUND, WAV),
    Case("WAV of no channel", lambda b: make.wav(1, channels=0), NO_SOUND, WAV),
    Case("WAV of 4294967295 samples a second", lambda b: make.wav(60, rate=0xFFFFFFFF), NO_SOUND, WAV),
    Case("WAV of 1 sample a second", lambda b: make.wav(60, rate=1) + bytes(9999), "samples a second", WAV),
    Case("WAV of an unknown coding", lambda b: make.wav(1, coding=0x1234), "its coding", WAV),
    Case("FLAC of 2^36 samples", lambda b: make.flac((1 << 36) - 1), "lasts 1431656 s", FLAC),
    Case("FLAC, head only", lambda b: make.flac(96000), "does not say how long", FLAC),
    Case("Ogg, then nothing like it", lambda b: b"OggS" + bytes(4000), NO_SOUND, OGG),
    Case("film without sound", lambda b: make.stills(b.jpeg), "there is no sound", M4A),
    Case("elsewhere, by a path", lambda b: make.tones(refers=make.alias(b.file)), "does not say how long", M4A, ALIAS),
    Case("elsewhere, by an address", lambda b: make.tones(refers=make.link(b.url), is_here=False), NO_SOUND, M4A),
    Case("film of 99 tracks", lambda b: make.tones(1, times=99), NO_SOUND, M4A),
    Case("film of 27 hours", lambda b: make.tones(9, 518400000, length=97200000), "lasts 97200 s", M4A),
    Case("film with a header of 4 GB", lambda b: make.packed_header(4 * GB - (1 << 24)), NO_SOUND, M4A),
    Case("Matroska of attachments", lambda b: make.matroska(make.attachment(b.file, bytes(999)) * 99), NO_SOUND),
    Case("picture", lambda b: b.jpeg, NO_SOUND),
]

# --- clips, which come from a vendor; the client reads always the same ---

UNUSABLE = "What the video service made for the scene cannot be used"

CLIPS = [
    Case("empty", lambda b: b""),
    Case("HTML", lambda b: b"<html></html>" * 99),
    Case("HLS of a file", lambda b: hls(b.file), lure=HLS),
    Case("HLS of an address", lambda b: hls(b.url), lure=HLS),
    Case("DASH of an address", lambda b: dash(b.url)),
    Case("list of a file", lambda b: concat(b.file), lure=CONCAT),
    Case("elsewhere, by a path", lambda b: make.stills(b.jpeg, refers=make.alias(b.file)), "cannot be decoded",
         lure=ALIAS),
    Case("half", lambda b: make.stills(b.jpeg)[: -len(b.jpeg) * 8], "ends before"),
    Case("GIF", lambda b: GIF),
    Case("AVI", lambda b: make.riff(b"AVI ", (b"LIST", b"hdrl" + bytes(400)))),
    Case("MPEG-TS", lambda b: (b"G\x40\0\x10" + bytes(184)) * 40),
    Case("a coding of long ago", lambda b: make.stills(bytes(99), entry=make.picture_entry(b"cvid")), "(cinepak)"),
    Case("a million pictures", lambda b: make.stills(b.jpeg, 1000000, 1, 500000), "500000 frames a second"),
    Case("27 hours", lambda b: make.stills(b.jpeg, 2, 48600, 1, length=97200000), "97200 s"),
    Case("65535x65535", lambda b: make.stills(huge(b), entry=make.picture_entry(b"jpeg", 65535, 65535)), "4096"),
    Case("65500x65500 within", lambda b: make.stills(huge(b)), "cannot be decoded"),
    Case("99 tracks", lambda b: make.stills(b.jpeg, times=99)),
    Case("no picture", lambda b: make.tones(), "no picture"),
    Case("a header of 4 GB", lambda b: make.packed_header(4 * GB - (1 << 24))),
    Case("Matroska of attachments", lambda b: make.matroska(make.attachment(b.file, bytes(999)) * 99)),
    Case("Matroska of 999 tracks", lambda b: make.matroska(make.tracks(999))),
]

# --- what is used, because nothing is wrong with what is seen of it, within the same limits ---

HARMLESS = [
    Case("JPEG with a page behind it", lambda b: b.jpeg + archive("x", b"PK") + svg(b), upload=JPEG, ways=UPLOAD),
    Case("JPEG with others behind it", lambda b: b.large + b.jpeg * 9, upload=JPEG, ways=UPLOAD),
    Case("JPEG with absurd Exif", lambda b: absurd_exif(b.jpeg), upload=JPEG, ways=UPLOAD),
    Case("PNG, bomb of a text", text, upload=PNG, ways=UPLOAD),
]
