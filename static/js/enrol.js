// Enrolment: every file is sent and checked by itself; the form then submits the chosen drafts.
(() => {
  const form = document.getElementById("enrol");
  if (!form) return;
  const drafts = document.getElementById("drafts");
  const input = document.getElementById("files");
  const drop = document.getElementById("drop");
  const tally = document.getElementById("tally");
  const texts = form.dataset;
  const token = form.elements.csrfmiddlewaretoken.value;
  const enrolment = form.elements.enrolment.value;
  let busy = 0;
  const queue = [];

  // A reload, or coming back, finds the same drafts again. The id is random and names nobody.
  const here = new URL(location.href);
  here.searchParams.set("enrolment", enrolment);
  history.replaceState(null, "", here);

  const count = () => {
    const chosen = drafts.querySelectorAll("input[name=drafts]:checked").length;
    const room = Number(texts.room);
    let text = texts.chosen;
    if (busy || queue.length) text = texts.wait;
    else if (!chosen) text = texts.none;
    else if (chosen > room) text = texts.many;
    else if (!texts.customer && chosen < Number(texts.fully)) text = texts.thin;
    tally.textContent = text.replace("%n", chosen).replace("%r", room);
    compare();
  };

  // Whether the chosen pictures belong together is asked anew when the choice has changed and nothing is under way.
  let compared = "";
  const compare = () => {
    const fragment = document.getElementById("agreement");
    if (!fragment || busy || queue.length || !window.htmx) return;
    const ids = [...drafts.querySelectorAll("input[name=drafts]:checked")].map((box) => box.value).join();
    if (ids === compared) return;
    compared = ids;
    window.htmx.trigger(fragment, "drafts-changed");
  };

  const note = (template, file, text) => {
    const card = document.getElementById(template).content.firstElementChild.cloneNode(true);
    card.querySelector(".file").textContent = file.name;
    card.querySelector(".text").textContent = text;
    return card;
  };

  const place = (holder, html) => {
    const box = document.createElement("template");
    box.innerHTML = html.trim();
    const card = box.content.firstElementChild;
    const twin = card && card.dataset.draft && drafts.querySelector(`[data-draft="${card.dataset.draft}"]`);
    if (twin) twin.remove();
    holder.replaceWith(card);
  };

  const send = async ({ file, holder }) => {
    const body = new FormData();
    body.append("file", file);
    body.append("enrolment", enrolment);
    body.append("customer", texts.customer);
    try {
      const answer = await fetch(texts.add, { method: "POST", body, headers: { "X-CSRFToken": token }, redirect: "manual" });
      const html = answer.headers.get("Content-Type")?.startsWith("text/html") && answer.status < 500 ? await answer.text() : "";
      // Only our own card may stand here, not the page of a proxy or the log-in.
      if (/^\s*<article class="draft/.test(html)) place(holder, html);
      else holder.replaceWith(note("failed", file, texts.failed));
    } catch {
      holder.replaceWith(note("failed", file, texts.offline));
    }
  };

  const work = async () => {
    if (busy >= 2) return;
    const next = queue.shift();
    if (!next) return;
    busy += 1;
    await send(next);
    busy -= 1;
    count();
    work();
  };

  const add = (files) => {
    for (const file of files) {
      if (file.size > Number(texts.maxBytes)) {
        drafts.append(note("failed", file, texts.tooLarge));
        continue;
      }
      const holder = note("checking", file, texts.checking);
      drafts.append(holder);
      queue.push({ file, holder });
    }
    count();
    work();
    work();
  };

  input.addEventListener("change", () => {
    add([...input.files]);
    input.value = ""; // else the form would send them a second time
  });
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("is-over"); });
  }
  for (const name of ["dragleave", "drop"]) {
    drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.remove("is-over"); });
  }
  drop.addEventListener("drop", (event) => add([...event.dataTransfer.files]));
  // A file dropped beside the box must not replace the page and with it what was typed.
  for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files || [])];
    if (files.length) add(files);
  });

  drafts.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-remove]");
    if (!button) return;
    const card = button.closest(".draft");
    if (button.dataset.remove) {
      button.disabled = true;
      try {
        const answer = await fetch(button.dataset.remove, { method: "POST", headers: { "X-CSRFToken": token } });
        if (!answer.ok && answer.status !== 404) throw new Error(String(answer.status));
      } catch {
        button.disabled = false;
        window.sigweb.say(texts.failed);
        return;
      }
    }
    card.remove();
    count();
    input.focus();
  });
  drafts.addEventListener("change", count);
  form.addEventListener("submit", (event) => {
    if (!busy && !queue.length) return;
    event.preventDefault(); // before the page-wide handler, which leaves a prevented form alone
    window.sigweb.say(texts.wait);
  });
  document.getElementById("refusal")?.focus();
  count();
})();
