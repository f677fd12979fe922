// Keys for deciding: a accepts, r rejects (first the reason, then r or Enter), n goes on, ? tells them. Never while
// somebody types.
(() => {
  const form = document.querySelector("form[data-decide]");
  if (!form) return;
  const reason = form.querySelector("#vf-reason");
  const note = form.querySelector("#vf-note");
  const keys = document.getElementById("rv-keys");
  const button = (key) => document.querySelector(`[data-key="${key}"]`);
  const press = (key) => { const found = button(key); if (found && !found.disabled) found.click(); };
  const typing = (target) => target.matches("input:not([type=hidden]), textarea, [contenteditable]");

  // The reason "other" needs a note.
  const demand = () => {
    const other = reason.value === "other";
    note.required = other;
    form.querySelector(".optional").hidden = other;
  };
  if (reason) {
    reason.addEventListener("change", demand);
    demand();
  }
  form.querySelector('[data-key="?"]').addEventListener("click", () => keys.showModal());

  document.addEventListener("keydown", (event) => {
    if (!form.isConnected) return; // of a verdict that was left without a reload
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || document.querySelector("dialog[open]")) return;
    const chosen = event.key === "Enter" && reason?.value;
    if (event.target === note && chosen) {
      event.preventDefault();
      press("r");
    }
    if (typing(event.target) || event.target.closest(".dropdown-menu, .rv-filter")) return;
    const key = event.key.toLowerCase();
    if (event.target === reason && key !== "?") {
      // In the list of reasons letters choose; Enter, and r once a reason is chosen, reject.
      if (!reason.value || (event.key !== "Enter" && key !== "r")) return;
      event.preventDefault();
      press("r");
      return;
    }
    if (!["a", "r", "n", "?"].includes(key) || !button(key)) return;
    event.preventDefault();
    if ("unseen" in document.documentElement.dataset && "ar".includes(key)) return; // see unseen.js
    if (key === "r" && reason && !reason.value) reason.focus();
    else press(key);
  });
})();
