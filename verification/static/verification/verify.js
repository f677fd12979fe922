// Comfort for the verify pages; without it everything still works through plain forms.
(() => {
  const MOST_BYTES = 10 * 1024 * 1024;

  // The chosen file: shown at once, dropped, pasted or photographed as well as chosen.
  const drop = document.getElementById("vf-drop");
  if (drop) {
    const input = drop.querySelector("input[type=file]");
    const preview = document.getElementById("vf-preview");
    const note = document.getElementById("vf-file");
    const boxes = window.sigwebBoxes;

    const picture = (blob) => {
      if (preview.src) URL.revokeObjectURL(preview.src);
      preview.src = URL.createObjectURL(blob);
    };
    // What this browser can not show, such as TIFF, the server draws; or it says what is wrong with the file.
    const ask = async (file) => {
      const body = new FormData();
      body.append("image", file);
      body.append("csrfmiddlewaretoken", input.form.elements.csrfmiddlewaretoken.value);
      try {
        const answer = await fetch(drop.dataset.preview, { method: "POST", body });
        if (answer.ok) return await answer.blob();
        if (answer.status === 422) return await answer.text();
      } catch { /* the form itself will tell when the server is away */ }
      return drop.dataset.noPreview;
    };
    let told = [];
    const tell = (...words) => { note.textContent = [...told, ...words].filter(Boolean).join(" · "); };
    // What the server made of the file, as it was chosen or turned.
    const drawn = ({ refused, picture: page, staged, turned, lying }) => {
      if (refused) return tell(refused);
      tell(turned && drop.dataset.turned.replace("%d", turned), lying && drop.dataset.lying);
      preview.parentElement.hidden = true;
      if (staged || !page) return;
      preview.onload = () => { preview.parentElement.hidden = false; };
      preview.onerror = null;
      picture(page);
    };
    // What was said of the file before does not hold for this one.
    const unsay = () => {
      const said = document.querySelector("[data-vf-focus]");
      said?.querySelectorAll(`[data-vf-field="${input.id}"]`).forEach((entry) => entry.remove());
      if (!said?.querySelector("p")) said?.remove();
      input.removeAttribute("aria-invalid");
      input.classList.remove("is-invalid");
    };
    const show = async () => {
      const file = input.files[0];
      preview.parentElement.hidden = true;
      boxes?.forget();
      drop.classList.toggle("vf-chosen", Boolean(file));
      note.textContent = "";
      if (!file) return;
      unsay();
      told = [file.name];
      if (!file.size) return tell(drop.dataset.empty);
      told.push(`${Math.max(1, Math.round(file.size / 1024))} kB`);
      if (file.size > MOST_BYTES) return tell(drop.dataset.tooLarge);
      tell();
      const local = () => {
        preview.onload = () => { preview.parentElement.hidden = false; };
        preview.onerror = async () => {
          preview.onerror = () => tell(drop.dataset.noPreview);
          const found = await ask(file);
          if (input.files[0] !== file) return;
          if (typeof found === "string") tell(found);
          else picture(found);
        };
        picture(file);
      };
      if (!boxes) return local();
      const found = await boxes.look(file);
      if (input.files[0] !== file || found.late) return;
      if (found.refused || found.picture) drawn(found);
      else local(); // the server is away
      // Then Enter judges, unless somebody types meanwhile.
      const free = [document.body, input, document.getElementById("vf-submit")].includes(document.activeElement);
      if (free && !boxes.focus()) document.getElementById("vf-submit").focus();
    };
    const take = (files) => {
      if (!files || !files.length) return;
      const one = new DataTransfer();
      one.items.add(files[0]);
      input.files = one.files;
      show();
      document.getElementById("vf-submit").focus();
    };

    input.addEventListener("change", show);
    drop.addEventListener("vf:turned", ({ detail }) => drawn(detail));
    for (const name of ["dragenter", "dragover"]) {
      drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("is-over"); });
    }
    for (const name of ["dragleave", "drop"]) {
      drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.remove("is-over"); });
    }
    drop.addEventListener("drop", (event) => take(event.dataTransfer.files));
    // A file dropped beside the box must not replace the page and with it what was typed.
    for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
    document.addEventListener("paste", (event) => take(event.clipboardData?.files));
    const photo = document.getElementById("photograph-button");
    if (photo) {
      photo.hidden = !window.sigweb.cameraWorks;
      document.getElementById("photograph-note").hidden = window.sigweb.cameraWorks;
      photo.addEventListener("click", () => {
        const named = (blob) => new File([blob], `${photo.dataset.name}.jpg`, { type: blob.type });
        window.sigweb.photograph((blob) => take([named(blob)]), { single: true });
      });
    }
    // Coming back with the browser's button brings the file back as well, later than this line runs.
    window.addEventListener("pageshow", (event) => { if (!event.persisted) show(); });
    // Enter judges wherever the focus is, as long as it is nowhere else needed.
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target !== document.body || !input.files.length) return;
      input.form.requestSubmit(document.getElementById("vf-submit"));
    });
  }

  // 422 carries sentences for the person; htmx leaves the answers to errors out unless told.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status !== 422) return;
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  });
  const mark = () => {
    const form = document.getElementById("vf-form");
    if (!form) return;
    for (const field of form.querySelectorAll("[aria-invalid]")) {
      field.removeAttribute("aria-invalid");
      field.classList.remove("is-invalid");
    }
    const box = form.querySelector("[data-vf-focus]");
    if (!box) return;
    for (const entry of box.querySelectorAll("[data-vf-field]")) {
      const field = document.getElementById(entry.dataset.vfField);
      field?.setAttribute("aria-invalid", "true");
      field?.classList.add("is-invalid");
    }
    box.focus();
  };
  document.addEventListener("htmx:afterSwap", mark);
  mark();
})();
