"""The sound of a film, made by the daemon's own commands, and sounds to make it from."""

import json
import os
import subprocess

import media
from stack import BUILD

MAKERS = BUILD / "drivers" / "film_sound"
MUSIC = [BUILD / "music" / f"{name}.m4a" for name in ("bright-morning", "quiet-harbour", "clear-path")]
SILENCE = -70
MASTERS = 3  # at most
DEFAULTS = {"voiceVolume": 100, "musicVolume": 30, "sceneVolume": 100}


def command(name, given):
    """The arguments of one of the commands."""
    done = subprocess.run([MAKERS, name, json.dumps(given, default=str)], capture_output=True, check=True)
    return done.stdout.decode().split("\0")[:-1]


def read(name, answer):
    return json.loads(subprocess.run([MAKERS, name], input=answer, capture_output=True, check=True).stdout)


def next_master(**given):
    done = subprocess.run([MAKERS, "gain", json.dumps(given)], capture_output=True, check=True)
    return json.loads(done.stdout)


def run(folder, arguments):
    done = subprocess.run(arguments, cwd=folder, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return done.stdout


def peak_bytes(folder, arguments):
    """The memory that a command took at most."""
    process = subprocess.Popen(arguments, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss * 1024


def listen(folder, sound):
    if not (sound.get("voice") or sound.get("music") or sound.get("noise")):
        return {"voice": SILENCE, "music": SILENCE, "noise": SILENCE}
    return read("heard", run(folder, command("listen", {**DEFAULTS, **sound})))


def mix_command(folder, sound, out="mix.wav"):
    return command("mix", {"sound": {**DEFAULTS, **sound}, "levels": listen(folder, sound), "out": out})


class Sound:
    """All of it, as the daemon does it."""

    def __init__(self, folder, frames, **sound):
        sound["frames"] = frames
        self.path, self.masters, self.measured = folder / "sound.m4a", 0, None
        self.mix = read("measured", run(folder, mix_command(folder, sound)))
        tried = {}
        while self.masters < MASTERS:
            known = {"tried": tried, "got": self.measured} if tried else {}
            found = next_master(mix=self.mix, **known)
            if not found:
                break
            tried, self.masters = found, self.masters + 1
            run(folder, command("master", {"mix": "mix.wav", "frames": frames, "out": "sound.m4a", **tried}))
            answer = run(folder, command("measure", {"file": "sound.m4a", "frames": frames}))
            self.measured = read("measured", answer)


SUM = "[said][ducked]amix=inputs=2:normalize=0"


def stems(folder, **sound):
    """Two files: the voice alone and the rest alone, each as it goes into the mix."""
    arguments, files = mix_command(folder, sound), []
    at = arguments.index("-filter_complex") + 1
    assert arguments[at].count(SUM) == 1
    for kept, other in (("said", "ducked"), ("ducked", "said")):
        filters = arguments[at].replace(SUM, f"[{other}]anullsink;[{kept}]anull")
        files.append(folder / f"{kept}.wav")
        run(folder, [*arguments[:at], filters, *arguments[at + 1 : -1], files[-1]])
    return files


# --- what it is made from ---


def synth(path, expression, seconds, *coding):
    """A sound by one of ffmpeg's sources."""
    media.ffmpeg("-y", "-f", "lavfi", "-i", expression, "-t", seconds, *coding, path)
    return path


def voice(path, script, who="slt", filters="anull"):
    text = path.with_suffix(".txt")
    text.write_text(script)
    media.ffmpeg("-y", "-f", "lavfi", "-i", f"flite=textfile={text}:voice={who}", "-af", filters, "-ar", "48000", path)
    return path
