// Find one customer's signatures among all dots, and go from dot to dot by the keys.
(() => {
  const find = document.getElementById("vs-find");
  if (!find) return;
  const plane = document.getElementById("vs-all");
  const dots = [...plane.querySelectorAll(":scope > svg")];
  const hit = document.getElementById("vs-hit");
  const name = (dot) => dot.getAttribute("aria-label");
  const place = (dot) => [parseFloat(dot.getAttribute("x")), parseFloat(dot.getAttribute("y"))];
  const counted = (count) => (count === 1 ? plane.dataset.one : plane.dataset.many.replace("#", count));
  const tell = (wanted, count) => (hit.textContent = wanted ? `${wanted}: ${counted(count)}` : "");

  find.addEventListener("input", () => {
    const wanted = find.value.trim().toUpperCase();
    const found = dots.filter((dot) => name(dot).toUpperCase().startsWith(wanted));
    for (const dot of dots) dot.classList.toggle("vs-faint", !found.includes(dot));
    tell(wanted, found.length);
  });

  const show = (dot) => {
    const own = dots.filter((other) => name(other) === name(dot));
    for (const other of dots) other.classList.toggle("vs-same", own.includes(other));
    tell(name(dot), own.length);
  };
  const hide = () => {
    for (const other of dots) other.classList.remove("vs-same");
    find.dispatchEvent(new Event("input"));
  };

  // The nearest dot that lies more that way than to the side.
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const next = (from, [right, down]) => {
    const [x, y] = place(from);
    let best = null;
    let least = Infinity;
    for (const dot of dots) {
      const [dx, dy] = [place(dot)[0] - x, place(dot)[1] - y];
      const along = dx * right + dy * down;
      const apart = Math.hypot(dx, dy);
      if (along > 0 && along >= apart * 0.7 && apart < least) [best, least] = [dot, apart];
    }
    return best;
  };
  let current = dots[0];
  current.setAttribute("tabindex", "0");
  plane.addEventListener("keydown", (event) => {
    const to = ways[event.key] && next(current, ways[event.key]);
    if (!ways[event.key]) return;
    event.preventDefault();
    if (!to) return;
    current.removeAttribute("tabindex");
    current = to;
    current.setAttribute("tabindex", "0");
    current.focus();
  });
  plane.addEventListener("focusin", (event) => dots.includes(event.target) && show(event.target));
  plane.addEventListener("focusout", hide);
  plane.addEventListener("mouseover", (event) => {
    const dot = event.target.closest("#vs-all > svg");
    if (dot) show(dot);
  });
  plane.addEventListener("mouseout", hide);
})();
