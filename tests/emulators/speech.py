"""Real speech whose times are known: flite says each word alone, and the words are joined with pauses of our own.

So the time of each word is exact; its characters share it evenly. What flite cannot say is a hum of the same kind.
"""

import array
import hashlib
import itertools
import os
import re
import unicodedata

from clips import ffmpeg

RATE = 44100
BATCH = 24  # words that one ffmpeg says
LOUD = 300  # below it, the beginning and the end of a word are silence
HUM_SECONDS = 0.08  # a letter
SIGN_SECONDS = 0.1  # a word without letters: silence
PAUSES = {".": 0.3, "!": 0.3, "?": 0.3, ",": 0.14, ";": 0.2, ":": 0.2, "\n": 0.3, " ": 0.05}

ENCODERS = {
    "mp3": lambda rate, kbits: ["-c:a", "libmp3lame", "-ar", rate, "-b:a", f"{kbits}k", "-f", "mp3"],
    "pcm": lambda rate, kbits: ["-c:a", "pcm_s16le", "-ar", rate, "-f", "s16le"],
    "wav": lambda rate, kbits: ["-c:a", "pcm_s16le", "-ar", rate, "-f", "wav"],
    "ulaw": lambda rate, kbits: ["-c:a", "pcm_mulaw", "-ar", rate, "-f", "mulaw"],
    "alaw": lambda rate, kbits: ["-c:a", "pcm_alaw", "-ar", rate, "-f", "alaw"],
    "opus": lambda rate, kbits: ["-c:a", "libopus", "-ar", rate, "-b:a", f"{kbits}k", "-f", "ogg"],
}


def sayable(word):
    plain = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]", "", plain)


def key_of(*parts):
    return hashlib.sha1("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()[:20]


def trimmed(data):
    samples = array.array("h", data)
    loud = [n for n, value in enumerate(samples) if abs(value) > LOUD] or [0, len(samples) - 1]
    return samples[loud[0] : loud[-1] + 1]


def hum(seconds):
    wave = [*range(-900, 900, 36), *range(900, -900, -36)]
    return array.array("h", itertools.islice(itertools.cycle(wave), int(seconds * RATE)))


def silence(seconds):
    return array.array("h", bytes(2 * int(seconds * RATE)))


class Speaker:
    def __init__(self, folder):
        self.folder = folder

    def file(self, *parts):
        return self.folder / f"word-{key_of(*parts)}.raw"

    def learn(self, words, voice, speed):
        """Has those words said that are not in the cache yet."""
        missing = sorted({word for word in words if word and not self.file(word, voice, speed).exists()})
        for start in range(0, len(missing), BATCH):
            batch = missing[start : start + BATCH]
            files = [(path := self.file(word, voice, speed), path.with_suffix(f".{os.getpid()}-{id(batch)}"))
                     for word in batch]
            inputs = [text for word in batch for text in ("-f", "lavfi", "-i", f"flite=text={word}:voice={voice}")]
            outputs = [text for n, (_, part) in enumerate(files) for text in
                       ("-map", n, "-af", f"atempo={speed}", "-ar", RATE, "-ac", 1, "-f", "s16le", part)]
            ffmpeg(*inputs, *outputs)
            for path, part in files:
                samples = trimmed(part.read_bytes())
                part.write_bytes(samples.tobytes())
                part.rename(path)

    def word(self, token, voice, speed):
        spoken = sayable(token)
        if spoken:
            return array.array("h", self.file(spoken, voice, speed).read_bytes())
        letters = sum(character.isalnum() for character in token)
        return hum(letters * HUM_SECONDS) if letters else silence(SIGN_SECONDS)

    def say(self, text, voice, speed=1.0):
        """Samples, and where each character of the text starts and ends, in samples."""
        tokens = re.findall(r"\S+|\s+", text)
        self.learn(map(sayable, tokens), voice, speed)
        sound, starts, ends = array.array("h"), [], []
        for token in tokens:
            begin = len(sound)
            if not token.isspace():
                sound.extend(self.word(token, voice, speed))
            pause = max(PAUSES.get(character, 0) for character in (token if token.isspace() else token[-1]))
            sound.extend(silence(pause / speed))
            edges = [begin + (len(sound) - begin) * n // len(token) for n in range(len(token) + 1)]
            starts += edges[:-1]
            ends += edges[1:]
        return sound, starts, ends

    def encode(self, sound, output_format):
        """Through a file, so that a format whose head says its length says the right one."""
        kind, rate, *kbits = output_format.split("_")
        part = self.folder / f"sound-{key_of(os.getpid(), id(sound))}"
        source = part.with_suffix(".raw")
        source.write_bytes(sound.tobytes())
        ffmpeg("-f", "s16le", "-ar", RATE, "-ac", 1, "-i", source, *ENCODERS[kind](rate, *kbits or [0]), part)
        data = part.read_bytes()
        source.unlink()
        part.unlink()
        return data


def alignment(text, starts, ends):
    return {"characters": list(text), "character_start_times_seconds": [round(at / RATE, 3) for at in starts],
            "character_end_times_seconds": [round(at / RATE, 3) for at in ends]}


def normalized(text, starts, ends):
    """What was said: the same, but each stretch of white space is one space."""
    runs = [(found.start(), found.end()) for found in re.finditer(r"\s+|\S", text)]
    plain = "".join(" " if text[start].isspace() else text[start] for start, _ in runs)
    return alignment(plain, [starts[start] for start, _ in runs], [ends[end - 1] for _, end in runs])
