"""Reading the configuration."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sigweb.environment import Reader, broker_url, variables

KEY = base64.b64encode(b"a" * 32).decode()
OTHER = base64.b64encode(b"b" * 32).decode()


def reader(**values: str) -> Reader:
    return Reader(values, var=Path("/nowhere"))


def test_a_value_comes_from_the_variable_or_from_its_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(" from the file\n")
    assert reader(SECRET_KEY="plain").text("SECRET_KEY") == "plain"
    assert reader(SECRET_KEY_FILE=str(secret)).text("SECRET_KEY") == "from the file"
    assert reader(SECRET_KEY="plain", SECRET_KEY_FILE=str(secret)).text("SECRET_KEY") == "from the file"
    assert reader().text("SECRET_KEY", default="x") == "x"


def test_a_file_that_can_not_be_read_is_noted_and_read_as_missing(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "absent", tmp_path, binary):
        read = reader(SECRET_KEY_FILE=str(path), SECRET_KEY="not this one")
        assert read.text("SECRET_KEY") == ""
        assert "SECRET_KEY_FILE" in read.problems["SECRET_KEY"]


@pytest.mark.parametrize(("text", "flag"), [("1", True), ("True", True), ("off", False), ("no", False), ("", True)])
def test_flags(text: str, flag: bool) -> None:
    read = reader(FOUR_EYES=text)
    assert read.flag("FOUR_EYES", default=True) is flag
    assert read.problems == {}


def test_an_unclear_flag_is_noted_and_keeps_the_safe_default() -> None:
    read = reader(FOUR_EYES="maybe")
    assert read.flag("FOUR_EYES", default=True) is True
    assert read.problems["FOUR_EYES"] == "FOUR_EYES must be true or false."


def test_numbers_and_lists() -> None:
    read = reader(A="0", B="x", C=" a, ,b ")
    assert read.number("A", default=5) == 0
    assert read.number("missing", default=5) == 5
    assert read.number("B", default=5) == 5
    assert set(read.problems) == {"B"}
    assert read.items("C") == ["a", "b"]
    assert read.items("missing", default="c,d") == ["c", "d"]


def test_data_keys_must_be_32_bytes_of_base64() -> None:
    read = reader(GOOD=f"{KEY}, {OTHER}", BAD=f"{KEY},short,not base64 at all!")
    assert read.data_keys("GOOD") == [KEY, OTHER]
    assert read.problems == {}
    assert read.data_keys("BAD") == [KEY]
    assert "short" not in read.problems["BAD"]


def test_the_digest_key_is_a_single_one() -> None:
    read = reader(DIGEST_KEY=f"{KEY},{OTHER}")
    assert read.data_key("DIGEST_KEY") == KEY
    assert read.problems["DIGEST_KEY"] == "DIGEST_KEY must be one key."
    assert reader().data_key("DIGEST_KEY") == ""


def test_a_database_url_with_a_socket_folder_and_an_awkward_password() -> None:
    read = reader(DATABASE_URL="postgres://app:p%40ss%2Fw@/sigweb?host=%2FSome%20Where%2Frun")
    config = read.database("DATABASE_URL")
    assert (config["USER"], config["PASSWORD"], config["NAME"]) == ("app", "p@ss/w", "sigweb")
    assert config["OPTIONS"] == {"host": "/Some Where/run"}


@pytest.mark.parametrize("url", ["sqlite:///db", "mysql://u:secret@h/d", "nonsense", "postgres://u:secret@h:port/d"])
def test_another_kind_of_database_is_noted_without_the_url(url: str) -> None:
    read = reader(DATABASE_URL=url)
    assert read.database("DATABASE_URL") == {}
    assert read.problems["DATABASE_URL"] == "DATABASE_URL must be a postgres:// URL."


def test_no_database_url() -> None:
    read = reader()
    assert read.database("DATABASE_URL") == {}
    assert read.problems == {}


def test_embedded_means_the_servers_under_var(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "sigweb_app-password").write_text("generated\n")
    read = Reader({"DATABASE_URL": "embedded://", "REDIS_URL": "embedded://"}, var=tmp_path)
    config = read.database("DATABASE_URL")
    assert (config["USER"], config["PASSWORD"]) == ("sigweb_app", "generated")
    assert read.redis("REDIS_URL").startswith("unix:///")
    assert reader(REDIS_URL="redis://h/1").redis("REDIS_URL") == "redis://h/1"


def test_celery_gets_its_own_form_of_a_socket_url() -> None:
    assert broker_url("unix:///run/redis.sock?db=3") == "redis+socket:///run/redis.sock?virtual_host=3"
    assert broker_url("unix:///run/redis.sock") == "redis+socket:///run/redis.sock?virtual_host=0"
    assert broker_url("redis://host:6379/1") == "redis://host:6379/1"


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "env"
    file.write_text("# comment\n\nA=file\nB='quoted'\nC_FILE=/file\nD=file\n")
    for name, value in {"ENV_FILE": str(file), "A": "shell", "C": "shell", "D_FILE": "/shell"}.items():
        monkeypatch.setenv(name, value)
    found = variables(tmp_path)
    assert (found["A"], found["B"], found["C"], found["D_FILE"]) == ("shell", "quoted", "shell", "/shell")
    assert "C_FILE" not in found
    assert "D" not in found


def test_dot_env_is_read_before_the_demo_s_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENV_FILE", raising=False)
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "demo.env").write_text("SIGWEB_A=demo\n")
    assert variables(tmp_path)["SIGWEB_A"] == "demo"
    (tmp_path / ".env").write_text("SIGWEB_A=own\n")
    assert variables(tmp_path)["SIGWEB_A"] == "own"


def test_settings_open_no_connection_and_import_no_heavy_library() -> None:
    code = (
        "import sys, socket\n"
        "def refuse(*_): raise AssertionError('a connection')\n"
        "socket.socket.connect = refuse\n"
        "import django; django.setup()\n"
        "import sigweb.urls\n"
        "heavy = {'tensorflow', 'keras', 'matplotlib', 'tf2onnx'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "SECRET_KEY": "x",
        "DJANGO_SETTINGS_MODULE": "sigweb.settings",
    }
    root = Path(__file__).resolve().parent.parent.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
