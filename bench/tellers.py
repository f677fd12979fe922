"""From upload to verdict through the whole system, with 1 and with 20 tellers at once: `python -m bench.tellers`.

Starts a demo of its own (PostgreSQL, Redis, web server, workers) in a temporary folder. Each teller sends signatures
one after the other without pause and waits for the verdict page; the last line is a browser, until the verdict is seen.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from mlcore.synthesis import make_signer, signature_png

ROOT = Path(__file__).resolve().parent.parent
CUSTOMERS = {"100001": 11, "100002": 12, "100003": 13, "100006": 16}  # number and signer of the demo's customers
TELLERS = 20
EACH = 8
ALONE = 40
LINK = re.compile(r'href="(/verify/[0-9a-f-]{36}/)"')
FIELD = re.compile(r'name="(csrfmiddlewaretoken|token)" value="([^"]+)"')


@contextmanager
def demo() -> Iterator[tuple[str, dict[str, str]]]:
    """Yields the address and the log-ins of a running demo, and ends it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "sigweb.embedded.demo", "--var", folder],
            cwd=ROOT,
            env={**os.environ, "PORT": str(port)},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if "Ctrl-C stops everything" in line:
                    break
            else:
                raise SystemExit("The demo did not start.")
            logins = json.loads((Path(folder) / "demo-logins.json").read_text(encoding="utf-8"))
            yield f"http://127.0.0.1:{port}", logins
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)


class Teller:
    """A logged-in person who verifies signatures of one customer."""

    def __init__(self, address: str, password: str, number: str) -> None:
        self.address, self.session = address, requests.Session()
        form = dict(FIELD.findall(self.session.get(f"{address}/login/").text))
        self.session.post(f"{address}/login/", {**form, "username": "verifier", "password": password})
        page = self.session.get(f"{address}/verify/").text
        form = dict(FIELD.findall(page))
        found = self.session.post(f"{address}/verify/search/", {**form, "text": number}).text
        self.page = address + LINK.findall(found)[0]

    def verify(self, picture: bytes) -> float:
        """Seconds from sending the picture until the verdict page has arrived."""
        form = dict(FIELD.findall(self.session.get(self.page).text))
        began = time.perf_counter()
        answer = self.session.post(self.page, form, files={"image": ("cheque.png", picture, "image/png")}, timeout=60)
        taken = time.perf_counter() - began
        if answer.status_code != 200 or "/verifications/" not in answer.url:
            raise SystemExit(f"No verdict came back, but status {answer.status_code} at {answer.url}.")
        return taken


def told(name: str, seconds: list[float], whole: float) -> None:
    """Print p50, p95, the slowest and the throughput."""
    ordered = sorted(seconds)
    p50, p95 = (ordered[min(int(share * len(ordered)), len(ordered) - 1)] for share in (0.5, 0.95))
    print(
        f"{name:28}{len(ordered):5} verdicts  p50 {p50:6.3f} s  p95 {p95:6.3f} s  slowest {ordered[-1]:6.3f} s  "
        f"{len(ordered) / whole:5.1f} a second",
        flush=True,
    )


def timed(name: str, work: Callable[[], list[float]]) -> None:
    """Run `work` and tell what it took."""
    began = time.perf_counter()
    seconds = work()
    told(name, seconds, time.perf_counter() - began)


def together(tellers: list[Teller], pictures: list[list[bytes]]) -> list[float]:
    """All tellers at once, each with his own pictures."""
    seconds: list[float] = []

    def work(teller: Teller, own: list[bytes]) -> None:
        seconds.extend([teller.verify(picture) for picture in own])

    threads = [threading.Thread(target=work, args=pair) for pair in zip(tellers, pictures, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seconds


def in_a_browser(teller: Teller, pictures: list[bytes]) -> list[float]:
    """From the press of Enter until the verdict is on the screen of headless Chromium."""
    from playwright.sync_api import sync_playwright

    from tests import chromium
    from tests.browser import ARGUMENTS

    path = chromium.find()
    if not path:
        return []
    seconds = []
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS)).new_page()
        page.context.add_cookies(
            [{"name": c.name, "value": c.value or "", "url": teller.address} for c in teller.session.cookies]
        )
        for picture in pictures:
            page.goto(teller.page)
            page.set_input_files("input[type=file]", {"name": "cheque.png", "mimeType": "image/png", "buffer": picture})
            page.wait_for_load_state("networkidle")
            began = time.perf_counter()
            page.locator("#vf-submit").press("Enter")
            page.wait_for_selector("h1.word")
            seconds.append(time.perf_counter() - began)
    return seconds


def main() -> None:
    """Print a line for each number of tellers."""
    numbers = [list(CUSTOMERS)[index % len(CUSTOMERS)] for index in range(TELLERS)]
    drawn = [
        [signature_png(make_signer(CUSTOMERS[number]), 5000 + 100 * index + seed) for seed in range(EACH)]
        for index, number in enumerate(numbers)
    ]
    alone = [signature_png(make_signer(11), 4000 + seed) for seed in range(ALONE)]
    with demo() as (address, logins):
        tellers = [Teller(address, logins["verifier"], number) for number in numbers]
        tellers[0].verify(signature_png(make_signer(11), 3999))  # the first loads the model
        timed("1 teller", lambda: [tellers[0].verify(picture) for picture in alone])
        timed(f"{TELLERS} tellers", lambda: together(tellers, drawn))
        seen = [signature_png(make_signer(11), 4500 + seed) for seed in range(20)]
        timed("1 teller, Chromium", lambda: in_a_browser(tellers[0], seen))


if __name__ == "__main__":
    main()
