// Keys for deciding: a accepts, r rejects (first the reason, then r or Enter), n goes on. Never while somebody types.
(() => {
  const form = document.querySelector("form[data-decide]");
  if (!form) return;
  const reason = form.querySelector("#vf-reason");
  const button = (key) => document.querySelector(`[data-key="${key}"]`);
  const press = (key) => { const found = button(key); if (found && !found.disabled) found.click(); };
  const typing = (target) => target.matches("input:not([type=hidden]), textarea, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (!form.isConnected) return; // of a verdict that was left without a reload
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || typing(event.target)) return;
    if (event.target.closest("dialog, .dropdown-menu, .rv-filter")) return;
    const key = event.key.toLowerCase();
    if (event.target === reason) {
      // In the list of reasons letters choose; Enter, and r once a reason is chosen, reject.
      if (!reason.value || (event.key !== "Enter" && key !== "r")) return;
      event.preventDefault();
      press("r");
      return;
    }
    if (!["a", "r", "n"].includes(key) || !button(key)) return;
    event.preventDefault();
    if (key === "r" && reason && !reason.value) reason.focus();
    else press(key);
  });
  // A rejection without a reason asks for it here instead of going to the server and back.
  form.addEventListener("submit", (event) => {
    if (event.submitter?.value !== "rejected" || !reason || reason.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    reason.focus();
  }, true);
})();
