"""The configuration as an operator meets it: what stops a start and how it says so, where values are from, secrets."""

import os
import re
import subprocess

import pytest

from stack import BUILD, ROOT

SECRET = "a-word-that-nobody-may-see"
CHECK = {"videod": ["--check-config"], "videod-cgi": ["--check-config"], "videoctl": ["migrate", "--dir", "/nowhere"]}
CHECKERS = ["videod", "videod-cgi"]

# The daemon's alone.
DAEMON_KEYS = ["runway_api_key", "elevenlabs_api_key", "aws_access_key_id", "aws_secret_access_key",
               "aws_session_token"]

# The environment names of the system that this one takes the place of.
ALIASES = [
    ("RUNWAY_API_KEY", "runway_api_key", SECRET, "(set)"),
    ("ELEVENLABS_API_KEY", "elevenlabs_api_key", SECRET, "(set)"),
    ("AWS_ACCESS_KEY_ID", "aws_access_key_id", SECRET, "(set)"),
    ("AWS_SECRET_ACCESS_KEY", "aws_secret_access_key", SECRET, "(set)"),
    ("AWS_SESSION_TOKEN", "aws_session_token", SECRET, "(set)"),
    ("AWS_REGION", "aws_region", "eu-central-1", "eu-central-1"),
    ("S3_VIDEO_BUCKET", "s3_bucket", "films", "films"),
    ("CDN_DOMAIN", "cdn_domain", "cdn.example.com", "cdn.example.com"),
    ("TEMP_DIR", "work_dir", "/tmp/films", "/tmp/films"),
    ("ASSETS_DIR", "assets_dir", "/srv/assets", "/srv/assets"),
    ("FFMPEG_PATH", "ffmpeg", "/opt/ffmpeg", "/opt/ffmpeg"),
]
RANGES = [
    ("db_port", 1, 65535),
    ("runway_in_flight", 1, 1000),
    ("runway_poll_ms", 100, 60000),
    ("runway_task_deadline_sec", 10, 86400),
    ("runway_clip_mb", 1, 100000),
    ("elevenlabs_in_flight", 1, 100),
    ("voice_stability", 0, 100),
    ("voice_similarity", 0, 100),
    ("voice_style", 0, 100),
    ("voice_speed", 70, 120),
    ("max_video_credits", 0, 1000000000),
    ("max_video_characters", 0, 1000000000),
    ("max_store_day_credits", 0, 1000000000),
    ("max_store_day_characters", 0, 1000000000),
    ("probe_sec", 1, 86400),
    ("s3_part_mb", 5, 5120),
    ("s3_parts_at_once", 1, 64),
    ("s3_attempts", 1, 20),
    ("s3_deadline_sec", 1, 3600),
    ("videos_in_flight", 1, 1000),
    ("upload_store_mb", 1, 10000000),
    ("upload_keep_days", 1, 36500),
    ("store_in_flight", 1, 1000),
    ("children", 0, 256),
    ("child_deadline_sec", 1, 86400),
    ("child_nice", 0, 19),
    ("attempts", 1, 20),
    ("backoff_ms", 1, 3600000),
    ("backoff_cap_ms", 1, 86400000),
    ("video_deadline_sec", 1, 604800),
    ("priority", 0, 9),
    ("lost_leases", 1, 100),
    ("lease_sec", 30, 3600),
    ("poll_ms", 10, 60000),
    ("drain_sec", 0, 3600),
    ("keep_completed_jobs", 0, 10000000),
    ("keep_failed_jobs", 0, 10000000),
]
# A line that stops the start, and what is said of it.
WRONG_LINES = [
    ("db_usr = videod", "db_usr: there is no such key"),
    ("DB_USER = videod", "DB_USER: there is no such key"),
    ("db_user", 'not of the form "key = value"'),
    ("= videod", 'not of the form "key = value"'),
    ("[database]", 'not of the form "key = value"'),
    ("db_user =", "db_user: must have 1 to 128 bytes"),
    ("db_user = " + "x" * 129, "db_user: must have 1 to 128 bytes"),
    ("wake_socket =", "wake_socket: must be set"),
    ("wake_socket = wake.sock", "wake_socket: must be an absolute path"),
    ("wake_socket = /" + "x" * 107, "wake_socket: must have"),
    ("ffmpeg =   # none", "ffmpeg: must be set"),
    ("work_dir = ./work", "work_dir: must be an absolute path"),
    ("log_level = loud", "log_level: must be one of error, warning, info, debug"),
    ("provider = local", "provider: there is no such key"),
    ("scene_provider = elevenlabs", "scene_provider: must be one of local, runway"),
    ("voice_provider = runway", "voice_provider: must be one of local, elevenlabs"),
    ("runway_model = gen3a_turbo", "runway_model: must be a model that videod knows"),
    ("voice_presets = default", "voice_presets: must be name=ID pairs"),
    ("storage = s4", "storage: must be one of local, s3"),
    ("image_allow_private = maybe", "image_allow_private: must be yes or no"),
    ("poll_ms = 1s", "poll_ms: must be a whole number from 10 to 60000"),
    ("poll_ms = 1.5", "poll_ms: must be a whole number"),
    ("poll_ms = +50", "poll_ms: must be a whole number"),
    ("poll_ms = 0050", "poll_ms: must be a whole number"),
    ("poll_ms = 99999999999999999999", "poll_ms: must be a whole number"),
    ("poll_ms =", "poll_ms: must be a whole number"),
    ("public_url = http://a\x1b[2J", "public_url: has a byte that cannot be printed"),
    ("public_url = ftp://example.com", "public_url: must be http:// or https://"),
    ("public_url = https://example.com/shop", "public_url: must be http:// or https:// and a host, without a path"),
    ("cdn_domain = https://cdn.example.com", "cdn_domain: must be a host's name alone"),
    ("cache_server = localhost", "cache_server: must be the absolute path of a socket, or host:port"),
    ("db_password = " + SECRET, "db_password: must be the absolute path of the file"),
    ("db_password = /nowhere/key", "db_password: cannot read /nowhere/key"),
    *((f"{key} = {first - 1}", f"{key}: must be a whole number from {first} to {last}") for key, first, last in RANGES),
    *((f"{key} = {last + 1}", f"{key}: must be a whole number from {first} to {last}") for key, first, last in RANGES),
]
# Settings that do not go together.
WRONG_TOGETHER = [
    ("db_socket =", "db_socket, db_host: one of them must be set"),
    ("backoff_ms = 2000\nbackoff_cap_ms = 1000", "the cap must be no less"),
    ("work_dir = /srv\nmedia_dir = /srv/media", "must not hold media_dir"),
    ("work_dir = /srv/\nassets_dir = /srv", "must not hold assets_dir"),
    ("work_dir = /srv\nbought_dir = /srv/bought", "must not hold bought_dir"),
    ("media_dir = /srv\nbought_dir = /srv/bought", "must not hold bought_dir"),
    ("work_dir = /srv\nuploads_dir = /srv/uploads", "must not hold uploads_dir"),
    ("media_dir = /srv\nuploads_dir = /srv/uploads", "must not hold uploads_dir"),
    ("assets_dir = /srv\nuploads_dir = /srv", "must not hold uploads_dir"),
]
# Providers that the daemon does not start with but for the key of their account.
PROVIDERS = [
    ("scene_provider", "runway", "runway_api_key"),
    ("voice_provider", "elevenlabs", "elevenlabs_api_key"),
]


class Program:
    """Runs programs with a configuration of their own and nothing of this process's environment."""

    def __init__(self, folder):
        self.folder = folder
        self.file = folder / "videod.conf"

    def run(self, program, text=None, environment=None, arguments=None):
        if text is not None:
            self.file.write_bytes(text if isinstance(text, bytes) else text.encode())
        config = ["--config", self.file] if text is not None else []
        command = [BUILD / program, *config, *(CHECK[program] if arguments is None else arguments)]
        environment = {"PATH": os.defpath, **(environment or {})}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20)

    def values(self, program, text=None, environment=None):
        """What --check-config prints: each key's value, and where it is from."""
        done = self.run(program, text, environment)
        assert (done.returncode, done.stderr) == (0, ""), done
        assert SECRET not in done.stdout
        return dict(re.fullmatch(r"(\w+) = (.*)   # (.*)", line).group(1, 2) for line in done.stdout.splitlines())

    def refused(self, program, text=None, environment=None, arguments=None):
        """What a program says that does not start."""
        done = self.run(program, text, environment, arguments)
        assert done.returncode == 1, done
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1
        assert SECRET not in done.stderr
        return done.stderr

    def secret(self, content=SECRET + "\n", mode=0o600):
        path = self.folder / "key"
        path.write_text(content)
        path.chmod(mode)
        return path


@pytest.fixture
def settings(tmp_path):
    return Program(tmp_path)


@pytest.mark.parametrize("program", CHECKERS)
@pytest.mark.parametrize("line, said", WRONG_LINES, ids=lambda text: text[:60])
def test_wrong_line(settings, program, line, said):
    error = settings.refused(program, f"# the third line is wrong\n\n{line}\ndb_name = films\n")
    assert f"{settings.file}:3: {said}".replace('"', '\\"') in error


@pytest.mark.parametrize("text, said", WRONG_TOGETHER, ids=lambda text: text[:60])
def test_what_does_not_go_together(settings, text, said):
    for program in CHECKERS:
        assert said in settings.refused(program, text)


@pytest.mark.parametrize("key, provider, secret", PROVIDERS)
def test_only_the_daemon_needs_the_provider_s_key(settings, key, provider, secret):
    text = f"{key} = {provider}\n"
    assert f"{key}, {secret}: {provider} needs" in settings.refused("videod", text)
    assert settings.values("videod", f"{text}{secret} = {settings.secret()}\n")[key] == provider
    assert settings.values("videod-cgi", text)[key] == provider


@pytest.mark.parametrize("program", CHECK)
def test_each_program_stops_at_a_wrong_file(settings, program):
    assert f"{settings.file}:1: nothing: there is no such key" in settings.refused(program, "nothing = 1\n")
    assert f"{settings.file}:2: poll_ms: already set at {settings.file}:1" in settings.refused(
        program, "poll_ms = 50\npoll_ms = 50\n")
    assert "is not UTF-8 text" in settings.refused(program, b"db_user = \xff\n")
    assert "is not UTF-8 text" in settings.refused(program, b"db_user = a\0b\n")
    assert str(settings.file) in settings.refused(program, "# too long\n" * 10_000)
    settings.file.unlink()
    config = ["--config", settings.file, *CHECK[program]]
    assert str(settings.file) in settings.refused(program, arguments=config)


@pytest.mark.parametrize("program", ["videod", "videod-cgi"])
def test_a_wrong_file_stops_the_start_itself(settings, program):
    assert "videod.conf:1: nothing" in settings.refused(program, "nothing = 1\n", arguments=[])


@pytest.mark.parametrize("program", CHECK)
def test_unknown_variables_are_refused(settings, program):
    assert "VIDEOD_POLL: there is no such key" in settings.refused(program, "", {"VIDEOD_POLL": "50"})
    assert "VIDEOD_poll_ms: there is no such key" in settings.refused(program, "", {"VIDEOD_poll_ms": "50"})
    assert "VIDEOD_POLL_MS: poll_ms: must be" in settings.refused(program, "", {"VIDEOD_POLL_MS": "0"})


@pytest.mark.parametrize("name, key, value, shown", ALIASES, ids=[alias[0] for alias in ALIASES])
def test_known_names_are_taken_from_the_environment(settings, name, key, value, shown):
    own = f"VIDEOD_{key.upper()}"
    for program in CHECKERS:
        withheld = program != "videod" and key in DAEMON_KEYS
        assert settings.values(program, "", {name: value})[key] == ("(the daemon's)" if withheld else shown)
        assert (f"# {name}\n" in settings.run(program, "", {name: value}).stdout) is not withheld
    if value == SECRET:
        assert "must be the absolute path" in settings.refused("videod", "", {name: value, own: SECRET + "2"})
    else:
        assert settings.values("videod", f"{key} = {value}3", {name: value, own: value + "2"})[key] == value + "2"


def test_the_environment_counts_before_the_file(settings):
    assert settings.values("videod", "poll_ms = 50")["poll_ms"] == "50"
    assert settings.values("videod", "poll_ms = 50", {"VIDEOD_POLL_MS": "60"})["poll_ms"] == "60"


def test_the_environment_names_the_file(settings):
    settings.file.write_text("poll_ms = 50\n")
    for program in CHECKERS:
        assert settings.values(program, environment={"VIDEOD_CONFIG": str(settings.file)})["poll_ms"] == "50"


def test_both_programs_say_the_same_and_it_can_be_read_again(settings):
    text = 'poll_ms = 50   # often\n\n#db_user = x\ncdn_domain=cdn.example.com\n  log_level  =  debug\r\n'
    values = settings.values("videod", text)
    assert (values["poll_ms"], values["log_level"], values["db_user"]) == ("50", "debug", "videod")
    assert settings.values("videod-cgi", text) == {**values, **{key: "(the daemon's)" for key in DAEMON_KEYS}}
    again = "".join(f"{key} = {value}\n" for key, value in values.items() if value not in ("(set)", "(not set)"))
    assert settings.values("videod", again) == values


def test_every_key_is_documented(settings):
    manual = (ROOT / "lib" / "video" / "videod.conf.5").read_text()
    example = (ROOT / "systemd" / "videod.conf.example").read_text()
    for key in settings.values("videod", ""):
        assert f"Ic {key}" in manual, key
        assert re.search(rf"^#?\s*{key} =", example, re.M), key


@pytest.mark.parametrize("key", ["db_password", *DAEMON_KEYS])
def test_a_secret_is_read_from_its_file_and_never_shown(settings, key):
    for program in ["videod"] if key in DAEMON_KEYS else CHECKERS:
        assert settings.values(program, f"{key} = {settings.secret()}")[key] == "(set)"
        assert settings.values(program, "", {f"VIDEOD_{key.upper()}": str(settings.secret())})[key] == "(set)"
        assert settings.values(program, "")[key] == "(not set)"


@pytest.mark.parametrize("key", DAEMON_KEYS)
def test_the_daemons_keys_are_nobody_elses(settings, key):
    """A file that is not there stops the daemon; the others start, and so have not opened it."""
    text = f"{key} = {settings.folder / 'nowhere'}"
    assert f"{key}: cannot read" in settings.refused("videod", text)
    assert settings.values("videod-cgi", text)[key] == "(the daemon's)"
    unreadable = f"{key} = {settings.secret(mode=0)}"
    assert settings.values("videod-cgi", unreadable, {key.upper(): SECRET})[key] == "(the daemon's)"
    for program in ["videod-cgi", "videoctl"]:
        assert key not in settings.run(program, text, {"VIDEOD_DB_SOCKET": "/nowhere/sock"},
            CHECK["videoctl"] if program == "videoctl" else []).stderr


def test_a_secret_comes_from_the_service_manager(settings):
    settings.secret().rename(settings.folder / "db_password")
    environment = {"CREDENTIALS_DIRECTORY": str(settings.folder)}
    assert settings.values("videod", "", environment)["db_password"] == "(set)"


@pytest.mark.parametrize("content, mode, said", [
    (SECRET, 0o604, "is open to everybody"),
    ("", 0o600, "its first line must be the secret"),
    ("\n" + SECRET, 0o600, "its first line must be the secret"),
    (SECRET + "\x07", 0o600, "in printable text"),
    (SECRET + "\0", 0o600, "holds a NUL byte"),
    (SECRET * 500, 0o600, "key"),
], ids=["open to everybody", "empty", "on the second line", "a bell", "a NUL", "13 kB"])
def test_a_secret_that_cannot_be_used_is_not_shown_either(settings, content, mode, said):
    error = settings.refused("videod", f"db_password = {settings.secret(content, mode)}")
    assert said in error and f"{settings.file}:1: db_password: " in error
