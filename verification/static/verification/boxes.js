// A whole cheque or page: its pages, the places where a signature may be, and the box that is judged.
(() => {
  const frame = document.getElementById("vf-frame");
  if (!frame) return;
  const drop = document.getElementById("vf-drop");
  const form = document.getElementById("vf-form");
  const holder = document.getElementById("vf-page");
  const image = document.getElementById("vf-page-image");
  const box = document.getElementById("vf-box");
  const choose = document.getElementById("vf-choose");
  const pages = document.getElementById("vf-pages");
  const of = document.getElementById("vf-pages-of");
  const page = form.elements.page;
  const area = form.elements.area;
  const small = () => drop.querySelector(".vf-preview");
  let file = null;
  let size = [1, 1];
  let proposals = [];
  let at = null; // left, top, right, bottom in pixels of the page; null: the whole page

  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const draw = () => {
    area.value = at ? at.map(Math.round).join() : "";
    box.hidden = !at;
    if (!at) return;
    const share = [at[0] / size[0], at[1] / size[1], (at[2] - at[0]) / size[0], (at[3] - at[1]) / size[1]];
    ["left", "top", "width", "height"].forEach((name, index) => { box.style[name] = `${100 * share[index]}%`; });
  };
  const set = (left, top, right, bottom) => {
    const least = Math.max(8, size[0] / 100);
    const wide = clamp(right - left, least, size[0]);
    const high = clamp(bottom - top, least, size[1]);
    const x = clamp(left, 0, size[0] - wide);
    const y = clamp(top, 0, size[1] - high);
    at = [x, y, x + wide, y + high];
    draw();
  };
  const open = (first) => {
    holder.hidden = false;
    small().hidden = true;
    choose.hidden = true;
    if (first) set(...first);
    else { at = null; draw(); }
  };
  const forget = () => {
    file = null;
    proposals = [];
    at = null;
    holder.hidden = true;
    choose.hidden = true;
    pages.hidden = true;
    page.value = "";
    draw();
  };

  const look = async (chosen) => {
    file = chosen;
    const body = new FormData();
    body.append("image", chosen);
    body.append("page", page.value || "1");
    body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    let answer;
    try {
      answer = await fetch(drop.dataset.preview, { method: "POST", body });
    } catch { return; } // the form itself will tell when the server is away
    if (!answer.ok || file !== chosen || !answer.headers.get("X-Page-Size")) return;
    size = answer.headers.get("X-Page-Size").split(",").map(Number);
    proposals = JSON.parse(answer.headers.get("X-Boxes"));
    const count = Number(answer.headers.get("X-Pages"));
    pages.hidden = count < 2;
    page.max = count;
    if (count > 1 && !page.value) page.value = 1;
    of.textContent = of.dataset.of.replace("%n", count);
    if (image.src) URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(await answer.blob());
    // One signature and nothing else needs no box.
    if (proposals.length > 1 || count > 1) open(proposals.length > 1 ? proposals[0] : null);
    else choose.hidden = false;
  };

  page.addEventListener("change", () => { if (file) look(file); });
  choose.addEventListener("click", () => {
    open(proposals[0] || [0.25 * size[0], 0.25 * size[1], 0.75 * size[0], 0.75 * size[1]]);
    box.focus();
  });

  box.addEventListener("keydown", (event) => {
    const step = Math.max(1, size[0] / 200);
    const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    if (by && at) {
      event.preventDefault();
      const move = event.shiftKey ? [0, 0, ...by] : [...by, ...by];
      set(...at.map((value, index) => value + move[index]));
    } else if (/^[1-5]$/.test(event.key) && proposals[event.key - 1]) {
      event.preventDefault();
      set(...proposals[event.key - 1]);
    } else if (event.key === "0") {
      event.preventDefault();
      at = null;
      draw();
      document.getElementById("vf-submit").focus();
    } else if (event.key === "Enter") {
      event.preventDefault();
      form.requestSubmit();
    }
  });

  const point = (event) => {
    const seen = image.getBoundingClientRect();
    return [
      clamp((event.clientX - seen.left) / seen.width, 0, 1) * size[0],
      clamp((event.clientY - seen.top) / seen.height, 0, 1) * size[1],
    ];
  };
  frame.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const [x, y] = point(event);
    const resize = event.target.matches("[data-handle]");
    const before = resize || event.target === box ? [...at] : null;
    if (!before) set(x, y, x, y);
    const move = (moved) => {
      const [u, v] = point(moved);
      if (resize) set(before[0], before[1], Math.max(u, before[0]), Math.max(v, before[1]));
      else if (before) set(before[0] + u - x, before[1] + v - y, before[2] + u - x, before[3] + v - y);
      else set(Math.min(x, u), Math.min(y, v), Math.max(x, u), Math.max(y, v));
    };
    const end = () => {
      frame.removeEventListener("pointermove", move);
      box.focus();
    };
    frame.setPointerCapture(event.pointerId);
    frame.addEventListener("pointermove", move);
    frame.addEventListener("pointerup", end, { once: true });
    frame.addEventListener("pointercancel", end, { once: true });
  });

  pages.hidden = true;
  window.sigwebBoxes = { look, forget };
})();
