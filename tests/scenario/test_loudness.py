"""How films sound, measured in what is decoded from their AAC: by ffmpeg's ebur128, and sample by sample."""

import pytest

import media
import sounds

SCRIPT = "Light and strong shoes, made to be outside. Order them today."
PEAK = -1
NEAR = 0.5


def assert_loud(path):
    """EBU R 128 at the film's target."""
    lufs, peak = media.programme(path)
    assert lufs == pytest.approx(-14, abs=NEAR)
    assert peak <= PEAK


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """The same words by each of the voices that are there."""
    folder = tmp_path_factory.mktemp("voices")
    return {who: sounds.voice(folder / f"{who}.wav", SCRIPT, who) for who in ("slt", "rms", "awb")}


@pytest.fixture
def folder(tmp_path):
    return tmp_path


# --- how loud ---

DEMO = [(music, None, 100) for music in range(3)] + [(0, "slt", 30), (1, "rms", 30), (2, "awb", 100), (0, "rms", 100)]


@pytest.mark.parametrize("music, who, volume", DEMO)
def test_own_music_and_voices(folder, spoken, music, who, volume):
    """seed D8: nothing of the mix depends on how many there are in it."""
    voice = {"voice": spoken[who]} if who else {}
    made = sounds.Sound(folder, 180, music=sounds.MUSIC[music], musicMs=32000, musicIsRing=True, musicVolume=volume,
                        **voice)
    assert_loud(made.path)
    assert made.masters <= 2


# What is hard about each: its source as ffmpeg makes it, and the frames of the film.
HARD = {
    "a film of one second": ("voice", "atrim=end=1", 30),
    "a word in half a minute": ("voice", "atrim=end=0.5,adelay=12s:all=1", 900),
    "whispers and shouts": ("voice", "volume='if(lt(mod(t,2),1),1,0.02)':eval=frame", 120),
    "clipped": ("voice", "volume=30,alimiter=limit=1:level=0,aformat=sample_fmts=s16", 120),
    "with a constant beside it": ("voice", "volume=0.3,dcshift=0.5", 120),
    "hardly there": ("voice", "volume=0.004", 120),
    "noise as loud as can be": ("anoisesrc=a=1:r=48000:seed=1", "anull", 120),
    "drums": ("aevalsrc='0.9*exp(-20*mod(t,0.5))*sin(2*PI*180*t)*lt(mod(t,0.5),0.3)':s=48000", "anull", 120),
    "loud once": ("anoisesrc=a=0.9:r=48000:c=pink:seed=1", "volume='if(between(t,2,2.5),1,0.01)':eval=frame", 120),
    "six channels": ("anoisesrc=a=0.3:r=44100:c=pink:seed=1", "pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0", 90),
    "a telephone's": ("anoisesrc=a=0.3:r=8000:c=pink:seed=1", "anull", 90),
    "a fifth of a second": ("anoisesrc=a=0.3:r=44100:c=pink:seed=1", "atrim=end=0.2", 90),
}


@pytest.mark.parametrize("name", HARD)
def test_hard_sounds(folder, name):
    source, filters, frames = HARD[name]
    if source == "voice":
        made = sounds.Sound(folder, frames, voice=sounds.voice(folder / "in.wav", SCRIPT, filters=filters))
    else:
        music = sounds.synth(folder / "in.wav", source, 4, "-af", filters)
        made = sounds.Sound(folder, frames, music=music, musicMs=round(float(media.probe(
            music, "-show_format")["format"]["duration"]) * 1000))
    assert_loud(made.path)


def test_silence_stays_silence(folder):
    """There is no gain that makes it loud."""
    nothing = sounds.Sound(folder, 30)
    assert nothing.masters == 1
    assert max(map(abs, media.sound(nothing.path))) <= 1
    silent = sounds.synth(folder / "silent.wav", "anullsrc=r=48000:cl=mono", 1)
    assert max(map(abs, media.sound(sounds.Sound(folder, 30, voice=silent).path))) <= 1


def test_a_voice_of_silence_takes_nothing_from_the_music(folder):
    silent = sounds.synth(folder / "silent.wav", "anullsrc=r=48000:cl=mono", 1)
    made = sounds.Sound(folder, 120, voice=silent, music=sounds.MUSIC[0], musicMs=32000)
    assert_loud(made.path)


# --- voice and music ---


@pytest.fixture(scope="module")
def parts(tmp_path_factory, spoken):
    """Voice and music as they go into the same mix, by the music's volume. The music is as even as noise."""
    folder = tmp_path_factory.mktemp("parts")
    music = sounds.synth(folder / "music.wav", "anoisesrc=a=0.3:r=48000:c=pink:seed=1", 12)
    given = {"frames": 300, "voice": spoken["slt"], "music": music, "musicMs": 12000}
    found = {}
    for volume in (100, 50, 25):
        at = folder / str(volume)
        at.mkdir()
        found[volume] = sounds.stems(at, musicVolume=volume, **given)
    return found


def speaking(voice):
    """The stretches of 0.4 s, ten a second, in which the voice is heard throughout."""
    momentary = media.momentary(voice)
    return [i for i in range(4, len(momentary)) if min(momentary[i - 4 : i + 1]) > -30]


@pytest.mark.parametrize("music", range(3))
def test_the_voice_is_ten_above_the_music(folder, spoken, music):
    """Also where the music is as loud as can be asked for."""
    voice, bed = sounds.stems(folder, frames=180, voice=spoken["awb"], music=sounds.MUSIC[music], musicMs=32000,
                              musicIsRing=True, musicVolume=100)
    spoken_at = speaking(voice)
    assert len(spoken_at) > 10
    above = [media.momentary(voice)[i] - media.momentary(bed)[i] for i in spoken_at]
    assert sum(above) / len(above) >= 10


def test_music_is_back_when_the_voice_is_silent(parts):
    voice, bed = parts[100]
    during = speaking(voice)
    heard = media.momentary(bed)
    after = heard[during[-1] + 20 : during[-1] + 40]
    assert min(after) - max(heard[i] for i in during) > 8


@pytest.mark.parametrize("louder, softer", [(100, 50), (50, 25)])
def test_half_the_volume_is_ten_decibels(parts, louder, softer):
    """seed D10: where nobody speaks; and where one does, the louder one is the more ducked."""
    last = speaking(parts[100][0])[-1]
    loud, soft = (media.momentary(parts[volume][1])[last + 20 : last + 40] for volume in (louder, softer))
    assert [a - b for a, b in zip(loud, soft)] == pytest.approx([10] * 20, abs=0.3)


def test_volume_zero_is_no_music_at_all(folder, spoken):
    """seed D10: not even the command differs."""
    given = {"frames": 60, "voice": str(spoken["slt"]), **sounds.DEFAULTS}
    levels = {"voice": -17, "music": -20, "noise": -70}
    mute = {**given, "music": "music.m4a", "musicVolume": 0}
    assert sounds.command("mix", {"sound": mute, "levels": levels, "out": "mix.wav"}) == sounds.command(
        "mix", {"sound": given, "levels": levels, "out": "mix.wav"})


# --- where ---

WORDS = [(0, 700, 500), (700, 1400, 1533), (1400, 2100, 2601)]  # from, to and at, in ms
WORD = "0.3*sin(2*PI*500*t)*between(mod(t,0.7),0.1,0.4)"


def starts(pcm, gap=4800):
    """Where samples are loud again after a while."""
    loud = [i for i, v in enumerate(pcm) if abs(v) > 600]
    return [b for a, b in zip([-gap, *loud], loud) if b - a >= gap]


def test_each_stretch_of_the_voice_is_in_its_place_to_the_sample(folder):
    """seed D9: also in the film itself, where AAC's priming must not move anything; and the film is no longer."""
    voice = sounds.synth(folder / "voice.wav", f"aevalsrc='{WORD}':s=48000", 2.1, "-c:a", "pcm_f32le")
    speech = [{"from": a, "to": b, "at": c} for a, b, c in WORDS]
    made = sounds.Sound(folder, 101, voice=voice, speech=speech)
    media.ffmpeg("-y", "-f", "lavfi", "-i", "color=s=64x64:r=30:d=3.3666667", "-i", made.path, "-c:v", "libx264",
                 "-c:a", "copy", folder / "film.mp4")
    heard = media.sound(folder / "film.mp4")
    assert starts(heard) == pytest.approx([(at + 100) * 48 for _, _, at in WORDS], abs=3)  # a sine's first samples
    (audio,) = media.probe(folder / "film.mp4", "-select_streams", "a", "-show_streams")["streams"]
    assert float(audio["start_time"]) == 0
    assert float(audio["duration"]) == pytest.approx(101 / 30, abs=0.001)
    assert 0 <= len(heard) - 101 * 1600 < 1024  # what the last packet of AAC has over


def test_the_voice_is_heard_to_its_last_sample(folder):
    """seed D9: nothing of the last word is faded, gated or cut."""
    voice = sounds.synth(folder / "voice.wav", "aevalsrc='0.3*sin(2*PI*500*t)':s=48000", 1.0)
    made = sounds.Sound(folder, 45, voice=voice)
    heard = media.loudness(media.sound(made.path), 0.01)
    assert min(heard[60:99]) > 0.9 * max(heard[60:99])
    assert max(heard[102:]) < 0.02 * max(heard)


# --- the loop ---

NOISE = "anoisesrc=a=0.3:r=48000:seed=1"
SEAMS = {
    "cut anywhere": "anull",
    "silent at both ends": "volume='between(t,0.1,2.7)':eval=frame",
    "faded at both ends": "afade=t=in:d=0.4,afade=t=out:st=2.6:d=0.4",
}


@pytest.mark.parametrize("name", SEAMS)
def test_the_loop_has_no_seam(folder, name):
    """No hole and no bump: noise goes on as evenly as it was, and no sample jumps further than noise does."""
    music = sounds.synth(folder / "music.wav", NOISE, 3, "-af", SEAMS[name], "-c:a", "pcm_f32le")
    sounds.run(folder, sounds.mix_command(folder, {"frames": 270, "music": music, "musicMs": 3000}))
    body = media.sound(folder / "mix.wav")[media.RATE : 7 * media.RATE]
    heard = media.loudness(body, 0.05)
    usual = sorted(heard)[len(heard) // 2]
    assert 0.85 * usual < min(heard) and max(heard) < 1.15 * usual


def test_a_tone_has_no_click_at_its_seam(folder):
    music = sounds.synth(folder / "music.wav", "sine=441.37:sample_rate=48000", 3.1, "-c:a", "pcm_f32le")
    sounds.run(folder, sounds.mix_command(folder, {"frames": 270, "music": music, "musicMs": 3100}))
    body = media.sound(folder / "mix.wav")[media.RATE : 7 * media.RATE]
    steps = [abs(b - a) for a, b in zip(body, body[1:])]
    assert max(steps) < 1.5 * max(steps[: media.RATE])


@pytest.mark.parametrize("music, seconds", enumerate((32, 40, 36)))
def test_our_own_music_is_a_ring(folder, music, seconds):
    """Where it begins again nothing is faded, no beat comes late and no sample jumps: it is what it was at its beginning."""
    given = {"frames": (seconds + 10) * 30, "music": sounds.MUSIC[music], "musicMs": seconds * 1000, "musicIsRing": True}
    sounds.run(folder, sounds.mix_command(folder, {**given, "musicVolume": 100}))
    heard = media.sound(folder / "mix.wav")
    period = round(float(media.probe(sounds.MUSIC[music], "-show_format")["format"]["duration"]) * media.RATE)
    assert abs(period - seconds * media.RATE) < 0.02 * media.RATE
    first, again = (heard[at : at + 4 * media.RATE] for at in (3 * media.RATE, 3 * media.RATE + period))
    assert max(map(abs, first)) > 1000 and max(abs(a - b) for a, b in zip(first, again)) <= 2
    steps = [abs(b - a) for a, b in zip(heard, heard[1:])]
    assert max(steps[period - 100 : period + 100]) <= max(steps[media.RATE : period - media.RATE])


def test_long_music_is_not_kept_in_memory(folder):
    music = sounds.synth(folder / "music.wav", "sine=441:sample_rate=8000", 1200, "-c:a", "pcm_u8")
    given = {"frames": 60, "music": music, "musicMs": 1200000}
    assert sounds.peak_bytes(folder, sounds.mix_command(folder, given)) < 150_000_000


# --- scenes ---


def test_scenes_are_heard_in_their_time(folder, spoken):
    """seed D11: a clip without sound is silence between those that have some, and their sound is under the voice."""
    clip = folder / "clip.mp4"
    media.ffmpeg("-y", "-f", "lavfi", "-i", "color=s=64x64:r=30:d=1", "-f", "lavfi", "-i",
                 "anoisesrc=a=0.1:c=pink:seed=1:d=1", "-c:v", "libx264", "-c:a", "aac", clip)
    noise = [{"clip": clip, "at": 1000, "length": 1000}, {"clip": clip, "at": 3000, "length": 900}]
    made = sounds.Sound(folder, 150, noise=noise)
    assert_loud(made.path)
    heard = media.loudness(media.sound(made.path))
    usual = max(heard)
    assert [i // 10 for i, v in enumerate(heard) if v > usual / 4 and i % 10 == 5] == [1, 3]
    assert max(heard[:9] + heard[21:29] + heard[41:]) < usual / 100
    voice, bed = sounds.stems(folder, frames=150, noise=noise, voice=spoken["slt"])
    above = [media.momentary(voice)[i] - media.momentary(bed)[i] for i in speaking(voice)]
    assert min(above) >= 10


# --- files ---

CODINGS = {
    "in.wav": ("-c:a", "pcm_s24le"),
    "in.mp3": ("-c:a", "libmp3lame"),
    "in.ogg": ("-c:a", "libvorbis"),
    "in.opus": ("-c:a", "libopus", "-f", "ogg"),
    "in.flac": ("-c:a", "flac"),
    "in.m4a": ("-c:a", "aac"),
    "in.aac": ("-c:a", "aac"),
    "in.webm": ("-c:a", "libopus"),
    "in.mkv": ("-c:a", "pcm_f32le"),
}


@pytest.mark.parametrize("name", CODINGS)
def test_kinds_of_files(folder, name):
    tone = sounds.synth(folder / name, "sine=1000:sample_rate=48000", 2, "-af", "volume=-6dB", *CODINGS[name])
    heard = sounds.listen(folder, {"frames": 60, "voice": tone, "music": tone, "musicMs": 2000})
    assert heard["voice"] == pytest.approx(heard["music"], abs=2)  # that fades in and out
    assert heard["voice"] > -40


@pytest.mark.parametrize("text", ["#EXTM3U\n{}\n", "ffconcat version 1.0\nfile {}\n"])
def test_a_list_of_files_is_no_sound(folder, text):
    """Nothing that names another file is read."""
    sounds.synth(folder / "tone.wav", "sine=1000", 1)
    (folder / "music.mp3").write_text(text.format("tone.wav"))
    with pytest.raises(AssertionError):
        sounds.listen(folder, {"frames": 60, "music": folder / "music.mp3"})
