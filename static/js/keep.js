// What is typed into form[data-keep] stays in this tab until it was sent: a reload, or a log-in that ran out, loses
// nothing. data-keep names the form by random ids and never by what is in it. With data-keep-here it is forgotten as
// soon as this tab shows another page of ours than this one; the log-in page does not load this file. With
// data-keep-ask what came back is asked again at once, as a search is. The choice of files is not kept: a picture in the
// tab's storage would outlive the log-in that allowed to see it.
(() => {
  const PREFIX = "sigweb:";
  const own = `${PREFIX}${document.querySelector("[data-person]").dataset.person}:`;
  const begun = new WeakSet();
  const read = (key) => {
    try {
      return JSON.parse(sessionStorage.getItem(key)) || {};
    } catch {
      return {};
    }
  };
  const keyOf = (form) => own + form.dataset.keep;
  const KEPT = "form[data-keep]";
  const ticked = (field) => field.type === "checkbox" || field.type === "radio";
  const name = (field) => (ticked(field) ? `${field.name}=${field.value}` : field.name);

  const begin = (form) => {
    if (begun.has(form)) return;
    begun.add(form);
    const key = keyOf(form);
    const kept = read(key);
    const note = form.querySelector("[data-keep-note]");
    const uploads = [...form.elements].filter((field) => field.type === "file");
    let files = Boolean(kept.files); // some had been chosen
    // What the page had shown (Django's hidden initial values) belongs to what was typed: by it a colleague's change is told.
    const kind = (field) => (field.name.startsWith("initial-") ? "shown" : field.type);
    const fields = () => [...form.elements].filter(
      (field) => field.name && !["hidden", "file", "submit"].includes(kind(field)) && !field.closest("[data-keep-not]"),
    );
    const write = (sent) => {
      const values = Object.fromEntries(fields().map((field) => [name(field), ticked(field) ? field.checked : field.value]));
      try {
        sessionStorage.setItem(key, JSON.stringify({ values, files, sent, here: "keepHere" in form.dataset }));
      } catch { /* full or forbidden: then nothing is kept */ }
    };
    const chosen = () => {
      if (!uploads.some((field) => field.files.length)) return;
      files = true;
      if (note) note.hidden = true;
    };

    if (kept.values && "keepFresh" in form.dataset) {
      for (const field of fields()) {
        if (!(name(field) in kept.values)) continue;
        if (ticked(field)) field.checked = kept.values[name(field)];
        else field.value = kept.values[name(field)];
      }
      // What was sent has not arrived, or the files have to be chosen again: that is said.
      if (note) note.hidden = !(kept.sent || kept.files);
    }
    if ("keepAsk" in form.dataset) {
      const back = form.dataset.keepFresh !== undefined && Object.values(kept.values || {}).some((value) => value && value !== true);
      // Typed before htmx listened, or put back by the browser: nobody else would ask for it.
      const typed = () => fields().some((field) => field.defaultValue !== undefined && !ticked(field) && field.value !== field.defaultValue);
      // When htmx is ready to take it.
      window.addEventListener("pageshow", () => { if (back || typed()) form.requestSubmit(); }, { once: true });
    }
    if (kept.values) write(false);
    form.addEventListener("input", () => write(false));
    form.addEventListener("change", () => { chosen(); write(false); });
    // After the other listeners, who may stop it; htmx sends by itself, and what came through it is told below.
    form.addEventListener("submit", (event) => setTimeout(() => write(!event.defaultPrevented)));
    form.addEventListener("htmx:beforeOnLoad", (event) => {
      if (event.target === form && event.detail.xhr.getResponseHeader("HX-Redirect")) sessionStorage.removeItem(key);
    });
    // The browser's Back brings back what stood in the fields, files too.
    window.addEventListener("pageshow", chosen);
  };

  const forms = [...document.querySelectorAll(KEPT)];
  const here = forms.map(keyOf);
  for (const key of Object.keys(sessionStorage).filter((each) => each.startsWith(PREFIX))) {
    const kept = read(key);
    if (!key.startsWith(own) || (!here.includes(key) && (kept.sent || kept.here))) sessionStorage.removeItem(key);
  }
  forms.forEach(begin);
  // A verdict that took its form's place brings a form of its own.
  document.addEventListener("htmx:load", ({ detail: { elt } }) => {
    if (elt.matches(KEPT)) begin(elt);
    elt.querySelectorAll(KEPT).forEach(begin);
  });
})();
