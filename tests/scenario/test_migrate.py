"""videoctl migrate on an empty database, by two at once."""

import os
import re
import subprocess

import pytest

import stack as stacks

FILES = sorted(path.name for path in (stacks.ROOT / "db").glob("*.sql"))
LOCK = "videod_migrate"


@pytest.fixture(scope="module")
def stack():
    with stacks.running() as running:
        yield running


@pytest.fixture
def database(stack):
    """An empty database."""
    stack.sql("CREATE DATABASE fresh; GRANT ALL ON fresh.* TO videod@localhost")
    yield "fresh"
    stack.sql("DROP DATABASE fresh")


def migrate(stack, database):
    command = [stacks.BUILD / "videoctl", "--config", stack.env["CONFIG"], "migrate", "--dir", stacks.ROOT / "db"]
    environment = {**os.environ, "VIDEOD_DB_NAME": database}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def applied(process):
    out, error = process.communicate(timeout=60)
    assert (process.returncode, error) == (0, "")
    return int(re.fullmatch(r"(\d+) migrations? applied\n", out)[1])


def columns(stack, database):
    return stack.sql("SELECT table_name, column_name, column_type, is_nullable, column_key FROM"
                     f" information_schema.columns WHERE table_schema = '{database}' ORDER BY 1, ordinal_position")


def test_two_at_once(stack, database):
    with stack.session() as session:
        session.ask(f"SELECT GET_LOCK('{LOCK}', 10)")
        both = [migrate(stack, database) for _ in range(2)]
        waiting = "SELECT COUNT(*) FROM information_schema.processlist WHERE state = 'User lock'"
        stacks.wait_for("both wait for the lock", lambda: stack.sql(waiting) == [["2"]])
        session.ask(f"SELECT RELEASE_LOCK('{LOCK}')")
        assert sorted(applied(process) for process in both) == [0, len(FILES)]

    rows = stack.sql(f"SELECT version, name FROM {database}.schema_migrations ORDER BY version")
    assert rows == [[str(n), name] for n, name in enumerate(FILES, 1)]
    assert columns(stack, database) == columns(stack, "videod")
    assert applied(migrate(stack, database)) == 0
    assert rows == stack.sql(f"SELECT version, name FROM {database}.schema_migrations ORDER BY version")


def test_many_at_once_that_need_not_wait(stack, database):
    all_of_them = [migrate(stack, database) for _ in range(5)]
    assert sorted(applied(process) for process in all_of_them) == [0, 0, 0, 0, len(FILES)]


def test_the_stack_is_up_to_date(stack):
    assert applied(migrate(stack, "videod")) == 0
