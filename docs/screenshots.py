"""Pictures of every page for the guides, from a demo of its own: `.venv/bin/python docs/screenshots.py [FOLDER]`.

Each page wide, on a tablet and dark; the guides show the wide ones. Synthetic signers only; what the system says of
them is shown as it is. `--retraining` takes the pages of retraining alone, which need half an hour, `--workplace` the
others.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

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
SHOWN, COLOURS = 5, 256  # verdicts; of a picture
# Letters without a font are boxes, one as wide as the other.
DRAWN = """text => {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = "40px sans-serif";
  const letters = [...text].filter(letter => /\\p{Letter}/u.test(letter));
  return new Set(letters.map(letter => pen.measureText(letter).width)).size > 1;
}"""


class Question(NamedTuple):
    """Who asks of which customer of the demo; what is questioned: signer, seed, a forger's skill; amount and cheque."""

    asked_by: str
    customer: str
    signer: int
    seed: int
    skill: float | None
    amount: str
    cheque: str


# The first three are the samples that the demo lays out (customers.demo): genuine, practised forgery, another signer.
QUESTIONS = (
    Question("verifier", "100001", 11, 9001, None, "1,250.00", "000121"),
    Question("verifier", "100002", 12, 9102, 0.6, "80.00", "000457"),
    Question("verifier", "100003", 913, 9003, None, "5,000.00", "000311"),
    Question("verifier", "100009", 19, 9300, None, "12,400.00", "000977"),
    Question("verifier", "100007", 17, 9300, None, "640.50", "001208"),
    Question("supervisor", "100003", 13, 9003, None, "310.00", "000312"),
    Question("supervisor", "100012", 22, 9300, None, "75.20", "000018"),
    Question("supervisor", "100005", 15, 9003, None, "2,000.00", "000640"),
    Question("verifier", "100005", 15, 9001, None, "145.00", "000641"),
    Question("verifier", "100005", 15, 9101, 0.6, "9,900.00", "000642"),
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

    def take(
        self, name: str, user: str, path: str, *, prepare: Callable[[Page], None] | None = None, whole: bool = True
    ) -> None:
        """Pictures `name`.png, `name`-tablet.png and `name`-dark.png of the page at `path`; whole: down to its end."""
        for size in SIZES:
            page = self.log_in(user, size)
            page.goto(self.address + path)
            page.wait_for_load_state("networkidle")
            if prepare:
                prepare(page)
                page.wait_for_load_state("networkidle")
            self.keep(page, f"{name}{size}.png", whole=whole)
            page.context.close()
        print(name, flush=True)

    def take_in(self, language: str, name: str, user: str, path: str) -> None:
        """The wide picture of a page in another language, `name`-`language`.png."""
        page = self.log_in(user)
        page.click(f"[data-language] [value={language}]")
        page.wait_for_selector(f"html[lang={language}]")
        page.goto(self.address + path)
        page.wait_for_load_state("networkidle")
        if not page.evaluate(DRAWN, page.locator("h1").first.inner_text()):
            raise SystemExit(f"This machine has no letters for the language {language}; install fonts-noto-core.")
        self.keep(page, f"{name}-{language}.png")
        page.context.close()

    def keep(self, page: Page, name: str, *, whole: bool = True) -> None:
        """Take the picture.

        A whole page in a window as tall as it is: what sticks to the window's edge stays in its place, and pictures
        that load when they come into sight are there.
        """
        if whole and page.viewport_size:
            tall = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": page.viewport_size["width"], "height": max(tall, 900)})
            page.wait_for_load_state("networkidle")
            page.wait_for_function("[...document.images].every(image => image.complete || !image.offsetParent)")
        taken = Image.open(io.BytesIO(page.screenshot(full_page=whole, animations="disabled"))).convert("RGB")
        with_palette(taken).save(self.folder / name, optimize=True)


def with_palette(picture: Image.Image) -> Image.Image:
    """In 256 colours, a third of the size: the most frequent exactly, and those that lie best among the others."""
    counted = sorted(picture.getcolors(picture.width * picture.height) or [], reverse=True)
    exact = [channel for _, colour in counted[: COLOURS // 2] for channel in colour]
    others = picture.quantize(COLOURS // 2, method=Image.Quantize.MAXCOVERAGE).getpalette() or []
    palette = np.array((exact + others)[: 3 * COLOURS], dtype=np.int64).reshape(-1, 3)
    # Not Pillow's own way, which looks a colour up in coarse steps and finds white a little grey.
    packed = np.asarray(picture, dtype=np.int64) @ np.array([1 << 16, 1 << 8, 1])
    found, where = np.unique(packed, return_inverse=True)
    channels = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1)
    nearest = ((channels[:, None] - palette) ** 2).sum(axis=2).argmin(axis=1)
    mapped = Image.fromarray(nearest[where].reshape(packed.shape).astype(np.uint8), "P")
    mapped.putpalette(palette.astype(np.uint8).tobytes())
    return mapped


def find(page: Page, number: str) -> None:
    """From the search on the verify page to a customer's form."""
    page.fill("#vf-text", number)
    page.locator(".results a", has_text=number).first.click()
    page.wait_for_url("**/verify/*-*/")


def ask(tour: Tour) -> list[str]:
    """Put the questions; returns the paths of the verdicts."""
    pages = {user: tour.log_in(user) for user in ("verifier", "supervisor")}
    paths = []
    for question in QUESTIONS:
        page = pages[question.asked_by]
        page.goto(f"{tour.address}/verify/")
        find(page, question.customer)
        picture = signature_png(make_signer(question.signer), question.seed, forged_with=question.skill)
        page.set_input_files("input[type=file]", {"name": "cheque.png", "mimeType": "image/png", "buffer": picture})
        page.fill("[name=amount]", question.amount)
        page.fill("[name=cheque_number]", question.cheque)
        page.wait_for_load_state("networkidle")
        page.click("#vf-submit")
        page.wait_for_url("**/verifications/*-*/")
        page.wait_for_load_state("networkidle")
        paths.append(page.url.removeprefix(tour.address))
    for page in pages.values():
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
    tour.take("customer-in-training", "modeladmin", "/admin/mlcore/trainingrun/customer/", prepare=ask_of_training)


def ask_of_training(page: Page) -> None:
    """Was a customer of the demo in the training?"""
    page.get_by_label("Customer number or public id").fill("100005")
    page.get_by_role("button", name="Look").click()
    page.get_by_role("heading", name="Answer").wait_for()


def look_closer(page: Page, panel: str) -> None:
    """Open the dialog of the closest specimen."""
    page.locator("[data-closer]").first.click()
    page.locator(f"[data-show={panel}]").click()
    page.wait_for_function(
        "panel => [...document.querySelectorAll(`[data-panel=${panel}] img`)].every(image => image.naturalWidth)",
        arg=panel,
    )


def choose_waiting(page: Page) -> None:
    """All specimens that wait, in the administration's list, and on to the page that approves several."""
    for box in page.locator("input.action-select").all():
        box.check()
    page.select_option("select[name=action]", "approve")
    page.get_by_role("button", name="Go", exact=True).click()
    page.wait_for_url("**/approve/**")


def workplace(tour: Tour) -> None:
    """The pages of the workplace, in the order in which a signature passes them."""
    tour.take("customers", "teller", "/customers/")
    tour.take("enrol", "teller", "/customers/enrol/", prepare=enrol)
    tour.take("verify", "verifier", "/verify/", prepare=lambda page: find(page, "100001"))
    tour.take("cheque", "verifier", "/verify/", prepare=cheque_chosen)
    verdicts = ask(tour)
    for number, path in enumerate(verdicts[:SHOWN], start=1):
        tour.take(f"verdict-{number}", "supervisor", path)
    for panel in ("over", "heat"):
        tour.take(
            f"closer-{panel}",
            "supervisor",
            verdicts[1],
            prepare=lambda page, panel=panel: look_closer(page, panel),
            whole=False,
        )
    tour.take("customer", "supervisor", customer_path(tour, "100005"))
    tour.take("approve", "admin", "/admin/customers/specimen/?state__exact=pending", prepare=choose_waiting)
    tour.take("home", "supervisor", "/")
    tour.take_in("hi", "home", "supervisor", "/")
    tour.take_in("hi", "verdict-1", "supervisor", verdicts[0])
    tour.take("review", "supervisor", "/review/")
    tour.take("identify", "supervisor", "/identify/")
    tour.take("identification", "supervisor", identify(tour))
    tour.take("vectors", "modeladmin", "/vectors/")
    tour.take("verifications", "supervisor", "/verifications/?whose=all")


def main() -> None:
    """Start a demo, take the pictures, end it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path(__file__).parent / "images" / "pages")
    parser.add_argument("--retraining", action="store_true", help="the pages of retraining alone")
    parser.add_argument("--workplace", action="store_true", help="all other pages alone")
    options = parser.parse_args()
    with demo() as (address, logins), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=list(ARGUMENTS))
        tour = Tour(browser, address, logins, options.folder)
        if not options.retraining:
            workplace(tour)
        if not options.workplace:
            retrain(tour)
        browser.close()


if __name__ == "__main__":
    main()
