// The dialog that shows the questioned signature and one specimen large, laid over each other, and what differs.
(() => {
  const dialog = document.getElementById("closer");
  if (!dialog) return;
  const openers = [...document.querySelectorAll("[data-closer]")];
  const range = document.getElementById("cl-range");
  const top = document.getElementById("cl-top");
  let at = 0;
  let panel = "sides";

  const addresses = (opener) => ({
    "questioned-clip": `${dialog.dataset.questioned}?view=clip`,
    "specimen-original": `${opener.dataset.specimen}?view=original`,
    specimen: `${opener.dataset.closer}?layer=specimen`,
    questioned: `${opener.dataset.closer}?layer=questioned`,
    heat: `${opener.dataset.closer}?layer=heat`,
  });
  // Pictures are asked for when their panel is looked at: every look is recorded.
  const draw = () => {
    const opener = openers[at];
    document.getElementById("cl-title").textContent = opener.dataset.title;
    for (const part of dialog.querySelectorAll("[data-panel]")) part.hidden = part.dataset.panel !== panel;
    for (const button of dialog.querySelectorAll("[data-show]")) {
      button.setAttribute("aria-pressed", String(button.dataset.show === panel));
    }
    const found = addresses(opener);
    for (const image of dialog.querySelectorAll(`[data-panel="${panel}"] img`)) {
      const address = found[image.dataset.source];
      if (image.getAttribute("src") !== address) image.src = address;
    }
  };
  const fade = () => { top.style.opacity = range.value / 100; };
  const step = (by) => { at = (at + by + openers.length) % openers.length; draw(); };

  for (const [index, opener] of openers.entries()) {
    opener.addEventListener("click", () => { at = index; draw(); dialog.showModal(); });
    for (const image of opener.closest("li").querySelectorAll("img")) {
      image.addEventListener("click", () => opener.click());
    }
  }
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // beside the dialog
    const show = event.target.closest("[data-show]");
    if (show) { panel = show.dataset.show; draw(); }
    const move = event.target.closest("[data-step]");
    if (move) step(Number(move.dataset.step));
  });
  dialog.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || event.target === range) return;
    event.preventDefault();
    step(by);
  });
  range.addEventListener("input", fade);
  dialog.addEventListener("close", () => openers[at].focus());
  fade();
})();
