"""docker-compose.yml is the twin of the embedded system; the image files fit the requirements."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from sigweb.embedded import services
from sigweb.embedded.places import Places
from sigweb.embedded.postgres import SETTINGS
from sigweb.environment import Reader

ROOT = Path(__file__).resolve().parents[2]
DJANGO = ("migrate", "web", "embed", "train", "beat")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def service(compose: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = compose["services"][name]
    return found


def test_the_services_are_the_processes_of_the_demo(compose: dict[str, Any]) -> None:
    embedded = {s.name for s in services.services(Places(Path("/x")), "127.0.0.1", 8000)}
    assert set(compose["services"]) == embedded | {"postgres", "redis", "migrate"}


def test_each_service_runs_the_command_of_its_embedded_twin(compose: dict[str, Any]) -> None:
    assert service(compose, "migrate")["command"] == ["python", "-m", *services.SETUP]
    assert service(compose, "web")["command"] == ["python", "-m", *services.WEB, "--bind", "0.0.0.0:8000"]
    assert service(compose, "embed")["command"] == ["python", "-m", *services.EMBED]
    assert service(compose, "train")["command"] == ["python", "-m", *services.TRAIN]
    assert service(compose, "beat")["command"] == ["python", "-m", *services.BEAT, "--schedule", "/tmp/beat-schedule"]


def test_each_service_is_stopped_as_its_embedded_twin(compose: dict[str, Any]) -> None:
    for twin in services.services(Places(Path("/x")), "127.0.0.1", 8000):
        told = service(compose, twin.name).get("stop_signal", "SIGTERM")
        assert told == signal.Signals(twin.stop_signal).name, twin.name


@pytest.mark.parametrize("name", DJANGO)
def test_django_services_run_without_root_and_without_rights(compose: dict[str, Any], name: str) -> None:
    found = service(compose, name)
    assert found["user"] == "10001:10001"
    assert found["read_only"] is True
    assert found["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in found["security_opt"]


@pytest.mark.parametrize("name", DJANGO)
def test_every_secret_comes_from_a_file_that_is_declared(compose: dict[str, Any], name: str) -> None:
    found = service(compose, name)
    environment = found["environment"]
    for variable in ("SECRET_KEY", "DATA_KEYS", "DIGEST_KEY", "DATABASE_URL"):
        assert variable not in environment
        path = environment[f"{variable}_FILE"]
        assert path.removeprefix("/run/secrets/") in found["secrets"]
    assert set(found["secrets"]) <= set(compose["secrets"])


def test_the_owner_s_password_is_given_to_migrate_and_the_server_alone(compose: dict[str, Any]) -> None:
    holders = {
        name
        for name, found in compose["services"].items()
        if any(secret.startswith(("owner", "postgres")) for secret in found.get("secrets", []))
    }
    assert holders == {"migrate", "postgres"}


def test_the_order_of_starting(compose: dict[str, Any]) -> None:
    for name in ("web", "embed", "train", "beat"):
        depends = service(compose, name)["depends_on"]
        assert depends["migrate"]["condition"] == "service_completed_successfully"
        assert depends["postgres"]["condition"] == depends["redis"]["condition"] == "service_healthy"
    assert "migrate" not in service(compose, "migrate")["depends_on"]


def test_every_lasting_service_has_a_health_check_and_restarts(compose: dict[str, Any]) -> None:
    for name, found in compose["services"].items():
        if name == "migrate":
            continue
        assert found["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL"), name
        assert found["restart"] == "unless-stopped", name


def test_only_the_web_service_is_reached_from_outside_and_on_loopback(compose: dict[str, Any]) -> None:
    with_ports = {name: found["ports"] for name, found in compose["services"].items() if "ports" in found}
    assert with_ports == {"web": ["127.0.0.1:${PORT:-8000}:8000"]}
    assert compose["networks"]["inside"]["internal"] is True
    for name, found in compose["services"].items():
        assert ("outside" in found["networks"]) == (name == "web")


def test_data_live_in_volumes_and_embed_only_reads_models(compose: dict[str, Any]) -> None:
    used = {volume.partition(":")[0] for found in compose["services"].values() for volume in found.get("volumes", [])}
    assert {name for name in used if not name.startswith(".")} == set(compose["volumes"])
    models = {
        name: found["volumes"] for name, found in compose["services"].items() if name in DJANGO and name != "beat"
    }
    for name, volumes in models.items():
        (volume,) = [v for v in volumes if v.startswith("models:")]
        assert volume.endswith(":ro") == (name == "embed")


def test_both_kinds_of_server_get_their_roles_from_the_same_script(compose: dict[str, Any]) -> None:
    (mount,) = [v for v in service(compose, "postgres")["volumes"] if v.startswith("./")]
    source = ROOT / mount.partition(":")[0]
    assert source.exists()
    script = source.read_text()
    environment = service(compose, "postgres")["environment"]
    for variable in re.findall(r"\$\(cat \"\$(\w+)\"\)", script):
        assert variable in environment


def test_the_servers_are_set_up_alike(compose: dict[str, Any]) -> None:
    for name in ("log_min_error_statement", "log_statement", "log_error_verbosity"):
        assert f"{name}={SETTINGS[name]}" in service(compose, "postgres")["command"]
    redis = service(compose, "redis")["command"]
    assert redis[redis.index("--maxmemory-policy") + 1] == "noeviction"
    assert redis[redis.index("--appendonly") + 1] == "yes"


def test_make_secrets_writes_every_secret_once(compose: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    command = [sys.executable, "-S", "-m", "sigweb.embedded.secret_files", str(folder)]
    made: list[dict[str, str]] = []
    for sentence in ("8 secrets written", "All secrets are in"):
        # Whatever the umask: the containers' users read them.
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, umask=0o077)
        assert done.stdout.startswith(sentence)
        made.append({path.name: path.read_text() for path in folder.iterdir()})
    assert made[0] == made[1]
    assert set(made[0]) == {Path(s["file"]).name for s in compose["secrets"].values()}
    assert folder.stat().st_mode & 0o077 == 0
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o444}
    read = Reader({name.upper(): value for name, value in made[0].items()}, var=tmp_path)
    assert read.database("DATABASE_URL")["PASSWORD"] == made[0]["application_password"]
    assert read.database("DATABASE_URL")["HOST"] in compose["services"]
    assert read.database("OWNER_DATABASE_URL")["PASSWORD"] == made[0]["owner_password"]
    assert len(read.data_keys("DATA_KEYS")) == 1
    assert read.data_key("DIGEST_KEY")
    assert len(made[0]["secret_key"]) >= 50
    assert read.problems == {}


def test_the_web_image_has_no_tensorflow_and_neither_runs_as_root() -> None:
    text = (ROOT / "Dockerfile").read_text()
    stages = dict(re.findall(r"^FROM \S+ AS (\S+)\n(.*?)(?=^FROM |\Z)", text, re.MULTILINE | re.DOTALL))
    assert {"web", "train"} <= set(stages)
    for name in ("web", "train"):
        assert re.search(r"^USER sigweb$", stages[name], re.MULTILINE)
        assert f"COPY --from=packages-{name} " in stages[name]
    assert "requirements-web.txt" in stages["packages-web"]
    assert "tensorflow" not in (ROOT / "requirements-web.txt").read_text()


def requirements(name: str) -> list[str]:
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    return [line for line in lines if line]


def test_requirements_are_pinned_and_nothing_stands_twice() -> None:
    names: list[str] = []
    for file in ("requirements.txt", "requirements-train.txt", "requirements-web.txt"):
        for line in requirements(file):
            if line.startswith("-r "):
                assert (ROOT / line[3:]).exists()
                continue
            match = re.fullmatch(r"([a-z0-9-]+)==[\w.]+(; .*)?", line)
            assert match is not None, line
            names.append(match[1])
    assert len(names) == len(set(names))
    assert "-r requirements-web.txt" in requirements("requirements-train.txt")
    assert "-r requirements-train.txt" in requirements("requirements.txt")


def test_no_file_names_a_registry() -> None:
    for name in ("Dockerfile", "docker-compose.yml", "Makefile", ".ci/run", "requirements.txt", "pyproject.toml"):
        assert "://" not in re.sub(r"(redis|postgres)://", "", (ROOT / name).read_text())
