// What is typed into form[data-keep] stays in this tab until it was sent: a reload, or a log-in that ran out, loses
// nothing. On a page without such a form, what was sent is forgotten. The key names a random form and who fills it.
(() => {
  const PREFIX = "sigweb:";
  const form = document.querySelector("form[data-keep]");
  const keys = () => Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX));
  const read = (key) => {
    try {
      return JSON.parse(sessionStorage.getItem(key)) || {};
    } catch {
      return {};
    }
  };
  if (!form) {
    for (const key of keys()) if (read(key).sent) sessionStorage.removeItem(key);
    return;
  }
  const [whose, which] = [form.dataset.keepFor, form.dataset.keep];
  const key = `${PREFIX}${whose}:${which}`;
  for (const other of keys()) if (!other.startsWith(`${PREFIX}${whose}:`)) sessionStorage.removeItem(other);

  const fields = () => [...form.elements].filter((field) => field.name && !["hidden", "file", "submit"].includes(field.type));
  const ticked = (field) => field.type === "checkbox" || field.type === "radio";
  const name = (field) => (ticked(field) ? `${field.name}=${field.value}` : field.name);
  const write = (sent) => {
    const values = Object.fromEntries(fields().map((field) => [name(field), ticked(field) ? field.checked : field.value]));
    try {
      sessionStorage.setItem(key, JSON.stringify({ values, sent }));
    } catch { /* full or forbidden: then nothing is kept */ }
  };

  const kept = read(key).values;
  if (kept && "keepFresh" in form.dataset) {
    for (const field of fields()) {
      if (!(name(field) in kept)) continue;
      if (ticked(field)) field.checked = kept[name(field)];
      else field.value = kept[name(field)];
    }
  }
  if (kept) write(false);
  form.addEventListener("input", () => write(false));
  form.addEventListener("change", () => write(false));
  // After the other listeners, who may stop it.
  form.addEventListener("submit", (event) => setTimeout(() => { if (!event.defaultPrevented) write(true); }));
})();
