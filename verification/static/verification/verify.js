// Comfort for the verify pages; without it everything still works through plain forms.
(() => {
  "use strict";

  const MOST_BYTES = 10 * 1024 * 1024;

  function chosenFile() {
    const drop = document.getElementById("vf-drop");
    if (!drop) return;
    const input = drop.querySelector("input[type=file]");
    const preview = document.getElementById("vf-preview");
    const note = document.getElementById("vf-file-note");

    function show() {
      const file = input.files[0];
      if (preview.src) URL.revokeObjectURL(preview.src);
      preview.hidden = true;
      preview.removeAttribute("src");
      drop.classList.toggle("vf-chosen", Boolean(file));
      note.textContent = "";
      if (!file) return;
      note.textContent = `${file.name} · ${Math.max(1, Math.round(file.size / 1024))} kB`;
      if (file.size > MOST_BYTES) note.textContent += ` · ${drop.dataset.tooLarge}`;
      preview.onload = () => { preview.hidden = false; };
      preview.onerror = () => { note.textContent += ` · ${drop.dataset.noPreview}`; };
      preview.src = URL.createObjectURL(file);
    }

    function take(files) {
      if (!files.length) return;
      const one = new DataTransfer();
      one.items.add(files[0]);
      input.files = one.files;
      show();
    }

    input.addEventListener("change", show);
    for (const name of ["dragenter", "dragover"]) {
      drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("vf-over"); });
    }
    for (const name of ["dragleave", "drop"]) {
      drop.addEventListener(name, () => drop.classList.remove("vf-over"));
    }
    drop.addEventListener("drop", (event) => { event.preventDefault(); take(event.dataTransfer.files); });
    document.addEventListener("paste", (event) => {
      if (event.clipboardData && event.clipboardData.files.length) take(event.clipboardData.files);
    });
    // A browser that comes back to the page may still hold the file.
    if (input.files.length) show();
  }

  function messages() {
    // 422 carries the sentences for the person; htmx leaves error answers out unless told.
    document.body.addEventListener("htmx:beforeSwap", (event) => {
      if (event.detail.xhr.status === 422) {
        event.detail.shouldSwap = true;
        event.detail.isError = false;
      }
    });
    document.body.addEventListener("htmx:afterSwap", () => {
      const box = document.querySelector("[data-vf-focus]");
      for (const field of document.querySelectorAll("#vf-form .is-invalid")) field.classList.remove("is-invalid");
      if (!box) return;
      for (const item of box.querySelectorAll("[data-vf-field]")) {
        document.getElementById(item.dataset.vfField)?.classList.add("is-invalid");
      }
      box.focus();
    });
  }

  function results() {
    const text = document.getElementById("vf-text");
    if (!text) return;
    const links = () => [...document.querySelectorAll("#vf-results a")];
    document.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      const all = [text, ...links()];
      const at = all.indexOf(document.activeElement);
      if (at < 0) return;
      const next = all[at + (event.key === "ArrowDown" ? 1 : -1)];
      if (!next) return;
      event.preventDefault();
      next.focus();
    });
  }

  function views() {
    for (const choice of document.querySelectorAll("input[name=vf-view]")) {
      choice.addEventListener("change", () => {
        for (const image of document.querySelectorAll("img[data-vf-view]")) {
          const url = new URL(image.src);
          url.searchParams.set("view", choice.value);
          image.src = url;
        }
      });
    }
  }

  chosenFile();
  messages();
  results();
  views();
})();
