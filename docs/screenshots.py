"""Pictures of every page for the guides, from a demo of its own: `.venv/bin/python docs/screenshots.py [FOLDER]`.

Each page wide, on a tablet and dark; the guides show the wide ones. Synthetic signers only.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bench.tellers import demo
from mlcore.synthesis import make_signer, signature_png
from tests import chromium
from tests.browser import ARGUMENTS
from tests.mlcore.pages_of_cheques import cheque, png

SHORT_TRAINING, HALF_AN_HOUR = 150, 30 * 60 * 1000  # steps; milliseconds
SIZES = {"": (1280, 900, "light"), "-tablet": (768, 1024, "light"), "-dark": (1280, 900, "dark")}
# Customer of the demo, his signer, and what is questioned: signer, seed, amount, cheque.
QUESTIONS = (
    ("100001", (11, 9300), "1,250.00", "000121"),
    ("100002", (12, 9300), "80.00", "000457"),
    ("100009", (19, 9300), "12,400.00", "000977"),
    ("100007", (17, 9300), "640.50", "001208"),
    ("100003", (14, 9300), "5,000.00", "000311"),
)


class Tour:
    """One browser on one demo; takes a picture of a page in every size."""

    def __init__(self, browser: Browser, address: str, logins: dict[str, str], folder: Path) -> None:
        self.browser, self.address, self.logins, self.folder = browser, address, logins, folder
        folder.mkdir(parents=True, exist_ok=True)

    def log_in(self, user: str, size: str = "") -> Page:
        """A fresh page of this size, logged in."""
        width, height, scheme = SIZES[size]
        context = self.browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"{self.address}/login/")
        page.fill("#id_username", user)
        page.fill("#id_password", self.logins[user])
        page.press("#id_password", "Enter")
        page.wait_for_load_state("networkidle")
        return page

    def take(self, name: str, user: str, path: str, *, prepare: Callable[[Page], None] | None = None) -> None:
        """Pictures `name`.png, `name`-tablet.png and `name`-dark.png of the page at `path`."""
        for size in SIZES:
            page = self.log_in(user, size)
            page.goto(self.address + path)
            page.wait_for_load_state("networkidle")
            if prepare:
                prepare(page)
                page.wait_for_load_state("networkidle")
            self.keep(page.screenshot(full_page=True, animations="disabled"), f"{name}{size}.png")
            page.context.close()
        print(name, flush=True)

    def take_in(self, language: str, name: str, user: str, path: str) -> None:
        """The wide picture of a page in another language, `name`-`language`.png."""
        page = self.log_in(user)
        page.click(f"[data-language] [value={language}]")
        page.wait_for_selector(f"html[lang={language}]")
        page.goto(self.address + path)
        page.wait_for_load_state("networkidle")
        self.keep(page.screenshot(full_page=True, animations="disabled"), f"{name}-{language}.png")
        page.context.close()

    def keep(self, png: bytes, name: str) -> None:
        """In 128 colours, a third of the size."""
        picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(128, dither=Image.Dither.NONE)
        picture.save(self.folder / name, optimize=True)


def find(page: Page, number: str) -> None:
    """From the search on the verify page to a customer's form."""
    page.fill("#vf-text", number)
    page.locator(".results a", has_text=number).first.click()
    page.wait_for_url("**/verify/*-*/")


def ask(tour: Tour) -> list[str]:
    """Put the questions as the verifier; returns the paths of the verdicts."""
    page, paths = tour.log_in("verifier"), []
    for number, (signer, seed), amount, cheque_number in QUESTIONS:
        page.goto(f"{tour.address}/verify/")
        find(page, number)
        picture = signature_png(make_signer(signer), seed)
        page.set_input_files("input[type=file]", {"name": "cheque.png", "mimeType": "image/png", "buffer": picture})
        page.fill("[name=amount]", amount)
        page.fill("[name=cheque_number]", cheque_number)
        page.wait_for_load_state("networkidle")
        page.click("#vf-submit")
        page.wait_for_url("**/verifications/*-*/")
        page.wait_for_load_state("networkidle")
        paths.append(page.url.removeprefix(tour.address))
    page.context.close()
    return paths


def identify(tour: Tour) -> str:
    """Search for the writer of a signature as the supervisor; returns the path of the answer."""
    page = tour.log_in("supervisor")
    page.goto(f"{tour.address}/identify/")
    picture = signature_png(make_signer(12), 9400)
    page.set_input_files("input[type=file]", {"name": "mail.png", "mimeType": "image/png", "buffer": picture})
    page.fill("[name=purpose]", "Returned mail without a name, case 2041")
    page.wait_for_load_state("networkidle")
    page.click("#vf-submit")
    page.wait_for_url("**/identify/*-*/")
    path = page.url.removeprefix(tour.address)
    page.context.close()
    return path


def cheque_chosen(page: Page) -> None:
    """A photographed cheque in a customer's form, turned upright, with the box around its signature."""
    find(page, "100001")
    lying = np.rot90(cheque(11, 9300)[0])
    page.set_input_files("input[type=file]", {"name": "cheque.png", "mimeType": "image/png", "buffer": png(lying)})
    page.get_by_role("button", name="Turn right").click()
    page.get_by_text("turned 90° to the right").wait_for()
    page.fill("[name=amount]", "1,250.00")
    page.fill("[name=cheque_number]", "000121")


def customer_path(tour: Tour, number: str) -> str:
    """The address of a customer's page."""
    page = tour.log_in("supervisor")
    page.fill("#q", number)
    page.locator(".results a", has_text=number).first.click()
    page.wait_for_url("**/customers/*-*/")
    path = page.url.removeprefix(tour.address)
    page.context.close()
    return path


def enrol(page: Page) -> None:
    """A form with three pictures that belong together and one that does not."""
    page.fill("[name=number]", "200001")
    page.fill("[name=name]", "Nora Field")
    chosen = [(41, 0), (41, 1), (41, 2), (12, 9700)]
    files = [signature_png(make_signer(signer), seed) for signer, seed in chosen]
    page.set_input_files(
        "#files",
        [
            {"name": f"card-{number}.png", "mimeType": "image/png", "buffer": data}
            for number, data in enumerate(files, start=1)
        ],
    )
    page.wait_for_selector("#agreement .callout", timeout=30_000)


def retrain(tour: Tour) -> None:
    """A short training as the model administrator: its form, how it goes, and what came of it."""
    form = "/admin/mlcore/trainingrun/retrain/"
    tour.take("retrain", "modeladmin", form)
    page = tour.log_in("modeladmin")
    page.goto(tour.address + form)
    page.get_by_text("Advanced").click()
    page.get_by_label("Training steps").fill(str(SHORT_TRAINING))
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url("**/change/")
    path = page.url.removeprefix(tour.address)
    expect(page.locator("#run-charts")).to_be_visible(timeout=HALF_AN_HOUR)
    tour.take("training-run", "modeladmin", path)
    compare = page.get_by_role("link", name="Compare with the champion")
    compare.wait_for(timeout=HALF_AN_HOUR)
    tour.take("training-run-done", "modeladmin", path)
    compare.click()
    page.wait_for_url("**/comparison/")
    tour.take("comparison", "modeladmin", page.url.removeprefix(tour.address))
    page.context.close()
    tour.take("model-versions", "modeladmin", "/admin/mlcore/modelversion/")


def look_closer(page: Page, panel: str) -> None:
    """Open the dialog of the closest specimen."""
    page.locator("[data-closer]").first.click()
    page.locator(f"[data-show={panel}]").click()
    page.wait_for_function(
        "panel => [...document.querySelectorAll(`[data-panel=${panel}] img`)].every(image => image.naturalWidth)",
        arg=panel,
    )


def tour_everything(tour: Tour) -> None:
    """All pages, in the order in which a signature passes them."""
    tour.take("customers", "teller", "/customers/")
    tour.take("enrol", "teller", "/customers/enrol/", prepare=enrol)
    tour.take("customer", "supervisor", customer_path(tour, "100005"))
    tour.take("verify", "verifier", "/verify/", prepare=lambda page: find(page, "100001"))
    tour.take("cheque", "verifier", "/verify/", prepare=cheque_chosen)
    verdicts = ask(tour)
    for number, path in enumerate(verdicts, start=1):
        tour.take(f"verdict-{number}", "supervisor", path)
    for panel in ("over", "heat"):
        tour.take(
            f"closer-{panel}", "supervisor", verdicts[0], prepare=lambda page, panel=panel: look_closer(page, panel)
        )
    tour.take("home", "supervisor", "/")
    tour.take_in("hi", "home", "supervisor", "/")
    tour.take_in("hi", "verdict-1", "supervisor", verdicts[0])
    tour.take("review", "supervisor", "/review/")
    tour.take("identify", "supervisor", "/identify/")
    tour.take("identification", "supervisor", identify(tour))
    tour.take("vectors", "modeladmin", "/vectors/")
    tour.take("verifications", "supervisor", "/verifications/?whose=all")
    retrain(tour)


def main() -> None:
    """Start a demo, take the pictures, end it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path(__file__).parent / "images" / "pages")
    parser.add_argument("--retraining", action="store_true", help="the pages of retraining alone")
    options = parser.parse_args()
    show = retrain if options.retraining else tour_everything
    with demo() as (address, logins), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=list(ARGUMENTS))
        show(Tour(browser, address, logins, options.folder))
        browser.close()


if __name__ == "__main__":
    main()
