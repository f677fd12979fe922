// A whole cheque or page: its pages, the places where a signature may be, and the box that is judged.
(() => {
  const holder = document.getElementById("vf-page");
  if (!holder) return;
  const drop = document.getElementById("vf-drop");
  const form = document.getElementById("vf-form");
  const frame = document.getElementById("vf-frame");
  const image = document.getElementById("vf-page-image");
  const box = document.getElementById("vf-box");
  const places = document.getElementById("vf-places");
  const where = document.getElementById("vf-where");
  const choose = document.getElementById("vf-choose");
  const pages = document.getElementById("vf-pages");
  const of = document.getElementById("vf-pages-of");
  const turns = document.getElementById("vf-turns");
  const page = form.elements.page;
  const turn = form.elements.turn;
  const area = form.elements.area;
  const texts = holder.dataset;
  let file = null;
  let size = [1, 1];
  let count = 1;
  let shown = 1;
  let turned = 0; // degrees to the right
  let proposals = [];
  let at = null; // left, top, right, bottom in pixels of the page; null: the whole page
  let asking = null;

  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const whole = () => [0, 0, ...size];
  const place = (element, [left, top, right, bottom]) => {
    const [wide, high] = size;
    Object.assign(element.style, {
      left: `${(100 * left) / wide}%`,
      top: `${(100 * top) / high}%`,
      width: `${(100 * (right - left)) / wide}%`,
      height: `${(100 * (bottom - top)) / high}%`,
    });
  };
  const draw = () => {
    area.value = at ? at.map(Math.round).join() : "";
    place(box, at || whole());
    box.classList.toggle("is-whole", !at);
    for (const button of places.querySelectorAll("button")) {
      const its = proposals[button.dataset.place];
      const is = its ? Boolean(at) && its.every((value, side) => value === at[side]) : !at;
      button.setAttribute("aria-pressed", String(is));
    }
    for (const mark of frame.querySelectorAll(".vf-mark")) place(mark, proposals[mark.dataset.place]);
  };
  const tell = (words) => { where.textContent = words; };
  const set = (left, top, right, bottom) => {
    const least = Math.max(8, size[0] / 100);
    const wide = clamp(right - left, Math.min(least, size[0]), size[0]);
    const high = clamp(bottom - top, Math.min(least, size[1]), size[1]);
    const x = clamp(left, 0, size[0] - wide);
    const y = clamp(top, 0, size[1] - high);
    at = [x, y, x + wide, y + high];
    draw();
  };
  const pick = (number) => {
    at = proposals[number] ? [...proposals[number]] : null;
    draw();
    tell(at ? texts.place.replace("%n", Number(number) + 1).replace("%m", proposals.length) : texts.whole);
  };
  // Where the box is, in words, for those who do not see it.
  const say = () => {
    const share = (value, side) => Math.round((100 * value) / size[side]);
    const [left, top, right, bottom] = at || whole();
    tell(texts.at.replace("%x", share(left, 0)).replace("%y", share(top, 1))
      .replace("%w", share(right - left, 0)).replace("%h", share(bottom - top, 1)));
  };

  // The places to choose from: a button each, and a mark on the page.
  const offer = () => {
    for (const old of frame.querySelectorAll(".vf-mark")) old.remove();
    for (const old of places.querySelectorAll("[data-place]:not([data-place=''])")) old.remove();
    for (const number of proposals.keys()) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-plain btn-sm";
      button.dataset.place = number;
      button.textContent = number + 1;
      button.setAttribute("aria-label", texts.place.replace("%n", number + 1).replace("%m", proposals.length));
      places.insertBefore(button, places.lastElementChild);
      const mark = document.createElement("span");
      mark.className = "vf-mark";
      mark.dataset.place = number;
      mark.dataset.number = number + 1;
      mark.setAttribute("aria-hidden", "true");
      frame.insertBefore(mark, box);
    }
  };
  const open = (first) => {
    holder.hidden = false;
    choose.hidden = true;
    drop.classList.add("vf-staged");
    offer();
    if (first) set(...first);
    else { at = null; draw(); }
  };
  const forget = () => {
    file = null;
    asking = null;
    proposals = [];
    at = null;
    count = shown = 1;
    turned = 0;
    holder.hidden = choose.hidden = pages.hidden = turns.hidden = true;
    drop.classList.remove("vf-staged");
    page.value = "";
    turn.value = 0;
    area.value = "";
  };

  // A button that moves away under a pressed pointer is never clicked, so the picture waits until it is let go.
  let pressed = false;
  for (const name of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
    window.addEventListener(name, (event) => { pressed = name !== "pointercancel" && event.buttons > 0; }, true);
  }
  const released = async () => {
    // The click itself follows the pointer's release.
    while (pressed) await new Promise((resolve) => { setTimeout(resolve, 30); });
  };

  const ask = async (chosen, number, degrees) => {
    const body = new FormData();
    body.append("image", chosen);
    body.append("page", number);
    body.append("turn", degrees);
    body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    const answer = await fetch(drop.dataset.preview, { method: "POST", body });
    if (answer.status === 422) return { refused: await answer.text() };
    if (answer.redirected) return { refused: drop.dataset.expired };
    if (!answer.ok || !answer.headers.get("X-Page-Size")) return {};
    return { answer, picture: await answer.blob() };
  };
  const take = ({ answer, picture }) => {
    size = answer.headers.get("X-Page-Size").split(",").map(Number);
    proposals = JSON.parse(answer.headers.get("X-Boxes"));
    count = Number(answer.headers.get("X-Pages"));
    pages.hidden = count < 2;
    turns.hidden = false;
    turn.value = turned;
    page.max = count;
    page.value = count > 1 ? shown : "";
    of.textContent = of.dataset.of.replace("%n", count);
    if (image.src) URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(picture);
    // One signature and nothing else needs no box.
    if (proposals.length > 1 || count > 1 || !holder.hidden) open(proposals.length > 1 ? proposals[0] : null);
    else choose.hidden = false;
  };
  // The server's picture of a page of the file, turned, and where it may be signed. Gives the picture and whether it is
  // staged here with its boxes, or the sentence of a refusal, or nothing where the server is away.
  const look = (chosen, number = 1, degrees = 0) => {
    file = chosen;
    shown = number;
    turned = degrees;
    area.value = ""; // the box of another page
    const asked = (async () => {
      try {
        const found = await ask(chosen, number, degrees);
        await released();
        if (file !== chosen || shown !== number || turned !== degrees) return { late: true };
        if (found.answer) take(found);
        return { ...found, turned, staged: !holder.hidden, lying: found.answer?.headers.has("X-Lying") };
      } catch {
        return {}; // the form itself will tell when the server is away
      }
    })();
    asking = asked;
    asked.then(() => { if (asking === asked) asking = null; });
    return asked;
  };
  const leaf = async (number) => {
    const to = clamp(Math.round(number) || 1, 1, count);
    page.value = to;
    if (!file || to === shown) return;
    const { refused } = await look(file, to, turned);
    tell(refused || texts.page.replace("%n", to).replace("%m", count));
  };
  // The next page of the same scan lies as this one does, so a turn stays.
  const rotate = async (degrees) => {
    const found = await look(file, shown, (turned + degrees) % 360);
    if (!found.late) drop.dispatchEvent(new CustomEvent("vf:turned", { detail: found }));
  };

  turns.addEventListener("click", (event) => {
    const button = event.target.closest("[data-turn]");
    if (button) rotate(Number(button.dataset.turn));
  });
  page.addEventListener("change", () => leaf(Number(page.value)));
  page.addEventListener("keydown", (event) => {
    // Enter shows the page that was typed; what has not been seen is not judged.
    if (event.key !== "Enter" || Number(page.value) === shown) return;
    event.preventDefault();
    leaf(Number(page.value)).then(() => box.focus());
  });
  choose.addEventListener("click", () => {
    open(proposals[0] || [0.25, 0.25, 0.75, 0.75].map((share, side) => share * size[side % 2]));
    box.focus();
  });
  places.addEventListener("click", (event) => {
    const button = event.target.closest("[data-place]");
    if (!button) return;
    pick(button.dataset.place);
    box.focus();
  });

  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  holder.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target === page) return;
    const leaves = { PageUp: -1, PageDown: 1 }[event.key];
    if (/^[0-5]$/.test(event.key)) {
      if (event.key === "0" || proposals[event.key - 1]) pick(event.key - 1);
    } else if (event.key.toLowerCase() === "t") {
      rotate(event.shiftKey ? 270 : 90);
    } else if (leaves && count > 1) {
      leaf(shown + leaves);
    } else if (arrows[event.key] && event.target === box) {
      const step = Math.max(1, size[0] / 200);
      const by = arrows[event.key].map((way) => way * step);
      const move = event.shiftKey ? [0, 0, ...by] : [...by, ...by];
      set(...(at || whole()).map((value, side) => value + move[side]));
      say();
    } else if (event.key === "Enter" && event.target === box) {
      form.requestSubmit(document.getElementById("vf-submit"));
    } else {
      return;
    }
    event.preventDefault();
  });

  const point = (event) => {
    const seen = frame.getBoundingClientRect();
    return [
      clamp((event.clientX - seen.left) / seen.width, 0, 1) * size[0],
      clamp((event.clientY - seen.top) / seen.height, 0, 1) * size[1],
    ];
  };
  // A corner is pulled, the box is carried, or another one is drawn on the page.
  const dragged = (target) => {
    const before = [...(at || whole())];
    const corner = target.dataset.corner;
    if (corner) {
      const [across, down] = [corner.includes("e") ? 2 : 0, corner.includes("s") ? 3 : 1];
      return (from, to) => {
        const sides = [...before];
        sides[across] += to[0] - from[0];
        sides[down] += to[1] - from[1];
        set(Math.min(sides[0], sides[2]), Math.min(sides[1], sides[3]), Math.max(sides[0], sides[2]), Math.max(sides[1], sides[3]));
      };
    }
    if (target === box && at) return (from, to) => set(...before.map((value, side) => value + to[side % 2] - from[side % 2]));
    return (from, to) => set(Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.max(from[0], to[0]), Math.max(from[1], to[1]));
  };
  frame.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    const from = point(event);
    const act = dragged(event.target);
    const move = (moved) => act(from, point(moved));
    const end = () => {
      frame.removeEventListener("pointermove", move);
      box.focus();
      say();
    };
    frame.setPointerCapture(event.pointerId);
    frame.addEventListener("pointermove", move);
    frame.addEventListener("pointerup", end, { once: true });
    frame.addEventListener("pointercancel", end, { once: true });
  });

  // Whoever is quicker than the picture is judged on the box that it brings.
  form.addEventListener("htmx:confirm", (event) => {
    if (event.target !== form || !asking) return;
    event.preventDefault();
    asking.then(() => event.detail.issueRequest(true));
  });

  pages.hidden = true;
  window.sigwebBoxes = { look, forget, focus: () => (holder.hidden ? false : (box.focus(), true)) };
})();
