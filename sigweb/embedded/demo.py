"""`make demo`: the whole system on one machine, with its data under var/. `make servers`: its two servers alone."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from sigweb.embedded import addresses, installation, preflight
from sigweb.embedded.launcher import POLL_SECONDS, Crashed, Launcher, ParentMake, Stop, stop_signals
from sigweb.embedded.places import PlaceRefused, Places
from sigweb.embedded.postgres import PostgresFailed
from sigweb.embedded.processes import Child, Register, spawn
from sigweb.embedded.redis import RedisFailed
from sigweb.embedded.services import SETUP, Service, services
from sigweb.probe import healthy

READY_SECONDS = 120
LARGEST_LOG = 5 * 1024 * 1024
ROLES = {
    "teller": "enrols customers and verifies",
    "verifier": "verifies signatures",
    "supervisor": "approves and retires specimens, verifies",
    "modeladmin": "looks after the models (admin pages)",
    "auditor": "reads the audit trail",
    "admin": "everything, and people and branches (admin pages)",
}


class NotReady(RuntimeError):
    """The system did not become ready; the message is a sentence."""


def main() -> int:
    """Run until Ctrl-C; returns 0 after an asked-for stop, 1 with one sentence when something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--var", type=Path, default=installation.PROJECT / "var", help="folder of the data")
    parser.add_argument("--servers-only", action="store_true", help="PostgreSQL and Redis, migrated, for development")
    arguments = parser.parse_args()
    os.chdir(installation.PROJECT)
    # Ctrl-C is a stop from the very first moment on.
    with stop_signals():
        try:
            run(Places(arguments.var.resolve()), servers_only=arguments.servers_only)
        except Stop:
            return 0
        except (preflight.Refused, PlaceRefused, PostgresFailed, RedisFailed, NotReady, Crashed) as error:
            print(error, file=sys.stderr)
            return 1
    return 0


def run(places: Places, *, servers_only: bool) -> None:
    """Start everything, say where it is, and look after it until a stop is asked for."""
    began = time.monotonic()
    preflight.check_processor()
    port = preflight.port_of(os.environ)
    preflight.check_disk(places.root)
    places.make()
    with only_one(places):
        register = Register(places.register)
        if register.end_left_over():
            say("Stopped the processes that an earlier start had left behind.")
        preflight.check_memory(preflight.memory_available())
        if not servers_only:
            preflight.check_port(port)
        launcher = Launcher(register)
        try:
            make = ParentMake()
            start(launcher, places, port, make, servers_only=servers_only)
            announce(places, port, time.monotonic() - began, servers_only=servers_only)
            while not make.interrupted():
                time.sleep(POLL_SECONDS)
                for name in launcher.look_after():
                    say(f"The process {name} had ended and was started again; its log is {log_of(places, name)}.")
        finally:
            # Also after an error in start(): whatever was started ends here.
            say("Stopping.")
            launcher.stop()


def start(launcher: Launcher, places: Places, port: int, make: ParentMake, *, servers_only: bool) -> None:
    """Start the servers, set them up where needed, start the rest and wait until all is well."""
    start_servers(launcher, places)
    values = installation.variables(places)
    installation.write_environment_file(places, values)
    set_up(places, values, seed=not servers_only)
    if servers_only:
        return
    environment = installation.process_environment(values)
    # The pages first, so that on two cores nothing else holds them up.
    first, later = services(places, preflight.HOST, port)[:2], services(places, preflight.HOST, port)[2:]
    for service in first:
        launcher.add(service.name, partial(start_service, service, places, environment))
    wait_until_ready(launcher, places, port, make)
    for service in later:
        launcher.add(service.name, partial(start_service, service, places, environment))


def start_servers(launcher: Launcher, places: Places) -> None:
    """Start PostgreSQL and Redis side by side; create the data folder and the roles the first time."""
    postgres, redis = addresses.postgres(places), addresses.redis(places)
    for log in places.logs.glob("*.log"):
        if log.stat().st_size > LARGEST_LOG:
            log.replace(log.with_suffix(".log.1"))
    if not postgres.initialised:
        say("Creating the database.")
        postgres.initialise()
    database = launcher.add("postgres", postgres.start)
    queue = launcher.add("redis", redis.start)
    postgres.wait(database)
    stamp, fingerprint = places.root / "roles.stamp", installation.roles_fingerprint()
    if not installation.stamp_matches(stamp, fingerprint):
        postgres.provide_roles()
        stamp.write_text(fingerprint, encoding="ascii")
    redis.wait(queue)


def set_up(places: Places, values: dict[str, str], *, seed: bool) -> None:
    """Migrate, install the base model and seed, unless nothing of that has changed since the last time."""
    stamp = places.root / ("setup.stamp" if seed else "setup-servers.stamp")
    fingerprint = installation.setup_fingerprint()
    logins = places.root / "demo-logins.json"
    if installation.stamp_matches(stamp, fingerprint) and (logins.exists() or not seed):
        return
    say("Setting up the database, the model and the demo's data." if seed else "Setting up the database.")
    command = [sys.executable, "-m", *SETUP]
    if seed:
        command += ["--passwords-file", str(logins)]
    environment = {**installation.process_environment(values), **installation.owner_environment(places)}
    log = log_of(places, "setup")
    child = spawn("setup", command, log=log, environment=environment)
    try:
        code = child.process.wait()
    finally:
        child.wait_or_kill(0)
    if code:
        raise NotReady(f"Setting up failed; the reason is at the end of {log}:\n{tail(log)}")
    stamp.write_text(fingerprint, encoding="ascii")


def start_service(service: Service, places: Places, environment: dict[str, str]) -> Child:
    """Start one of the Django processes."""
    return spawn(
        service.name,
        service.command,
        log=log_of(places, service.name),
        environment=environment,
        stop_signal=service.stop_signal,
        grace=service.grace,
    )


def wait_until_ready(launcher: Launcher, places: Places, port: int, make: ParentMake) -> None:
    """Wait until /healthz answers 200 and every process is still there."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        for name, child in launcher.children.items():
            if child.ended() is not None:
                log = log_of(places, name)
                raise NotReady(f"The process {name} did not start; the reason is at the end of {log}:\n{tail(log)}")
        if healthy(preflight.HOST, port):
            return
        if make.interrupted():
            raise Stop
        time.sleep(0.05)
    log = log_of(places, "web")
    raise NotReady(f"The system was not ready after {READY_SECONDS} s; the reason is at the end of {log}:\n{tail(log)}")


def announce(places: Places, port: int, seconds: float, *, servers_only: bool) -> None:
    """Print where the system is and how to log in."""
    if servers_only:
        say(f"PostgreSQL and Redis run (ready in {seconds:.1f} s); .env.example points at them. Ctrl-C stops them.")
        return
    logins: dict[str, str] = json.loads((places.root / "demo-logins.json").read_text(encoding="utf-8"))
    say(f"\nSigWeb is ready: http://{preflight.HOST}:{port}/  (in {seconds:.1f} s)\n")
    say(f"  {'log-in':<12} {'password':<24} may")
    for user, password in logins.items():
        say(f"  {user:<12} {password:<24} {ROLES.get(user, '')}")
    say(f"\nSignatures to verify, named after the customer's number, are in {places.root / 'samples'}.")
    say(f"Data, logs and these log-ins are kept in {places.root}. Ctrl-C stops everything.\n")


@contextmanager
def only_one(places: Places) -> Iterator[None]:
    """Hold the lock of the data folder; refuses when another launcher holds it. The kernel frees it at any death."""
    with open(places.root / "launcher.lock", "a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise preflight.Refused(f"The demo runs already, as process {lock.read().strip() or '?'}.") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def log_of(places: Places, name: str) -> Path:
    """The log file of a process."""
    return places.logs / f"{name}.log"


def tail(log: Path, lines: int = 8) -> str:
    """The last lines of a log."""
    with suppress(OSError):
        return "\n".join("  " + line for line in log.read_text(errors="replace").splitlines()[-lines:])
    return ""


def say(text: str) -> None:
    """Print at once, also into a pipe; a reader that has gone does not stop the demo."""
    with suppress(OSError):
        print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
