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
  const unsent = new WeakMap(); // the file of a card that did not come through

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

  // A file that did not come through; `act`: what can be done about it here, beside taking it out.
  const failed = (file, text, act, replaces = "", leaf = null) => {
    const card = note("failed", file, text);
    unsent.set(card, { file, replaces, leaf });
    card.querySelector("[data-again]").hidden = act !== "again";
    card.querySelector("[data-crop]").hidden = act !== "crop";
    return card;
  };

  const cardOf = (id) => drafts.querySelector(`[data-draft="${id}"]`);
  const place = (holder, html) => {
    const box = document.createElement("template");
    box.innerHTML = html.trim();
    const card = box.content.firstElementChild;
    // The same picture a second time, and the one that this was cut from, make room.
    for (const id of [card.dataset.draft, card.dataset.replaced]) if (id) cardOf(id)?.remove();
    holder.replaceWith(card);
    // A file of several pages stays for the others; the signature is not to be enrolled twice.
    const whole = cardOf(card.dataset.whole)?.querySelector("input[name=drafts]");
    if (whole?.checked) whole.click();
    // Whoever came from a dialog stays where the card is.
    if (document.activeElement === document.body) card.querySelector("[data-crop], [data-remove]")?.focus();
  };

  // What the server is asked to check: a file, or another page of one that it has, or that one turned.
  const asked = ({ file, replaces, leaf }) => {
    const body = new FormData();
    body.append("customer", texts.customer);
    if (leaf) {
      body.append("page", leaf.page);
      body.append("turn", leaf.turn);
      return [leaf.address, body];
    }
    body.append("file", file, file.name);
    body.append("enrolment", enrolment);
    body.append("replaces", replaces);
    return [texts.add, body];
  };
  const send = async (task) => {
    const { file, holder, replaces, leaf } = task;
    const [address, body] = asked(task);
    try {
      const answer = await fetch(address, { method: "POST", body, headers: { "X-CSRFToken": token }, redirect: "manual" });
      const html = answer.headers.get("Content-Type")?.startsWith("text/html") && answer.status < 500 ? await answer.text() : "";
      // Only our own card may stand here, not the page of a proxy or the log-in.
      if (/^\s*<article class="draft/.test(html)) place(holder, html);
      else if (answer.type === "opaqueredirect" || answer.status === 403) holder.replaceWith(failed(file, texts.expired, ""));
      else holder.replaceWith(failed(file, texts.failed, "again", replaces, leaf));
    } catch {
      holder.replaceWith(failed(file, texts.offline, "again", replaces, leaf));
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

  // Each file gets a card: at the end, in place of the card `instead`, or after that of the draft `replaces`.
  const add = (files, { replaces = "", instead = null } = {}) => {
    for (const file of files) {
      const large = file.size > Number(texts.maxBytes);
      const holder = large ? failed(file, texts.tooLarge, "crop", replaces) : note("checking", file, texts.checking);
      if (instead) instead.replaceWith(holder);
      else if (cardOf(replaces)) cardOf(replaces).after(holder);
      else drafts.append(holder);
      if (!large) queue.push({ file, holder, replaces });
    }
    count();
    work();
    work();
  };

  // Another page, or the picture turned, gets a card behind that of its draft.
  const leaf = (name, wanted, place) => {
    const holder = note("checking", { name }, texts.leaf);
    place(holder);
    queue.push({ file: { name }, holder, replaces: "", leaf: wanted });
    count();
    work();
  };

  const named = (blob, name) => {
    const ending = blob.type === "image/jpeg" ? "jpg" : "png";
    return new File([blob], `${name.replace(/\.\w{1,5}$/, "")}.${ending}`, { type: blob.type });
  };
  // The cut-out of a draft takes its place once it is stored; that of a file which was never stored, at once.
  const crop = async (card, address) => {
    const kept = unsent.get(card);
    const cut = await window.sigweb.crop(address || kept.file);
    if (!cut) return;
    const file = named(cut, card.querySelector(".file").textContent);
    add([file], kept ? { instead: card, replaces: kept.replaces } : { replaces: card.dataset.draft });
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

  const photo = document.getElementById("photograph-button");
  const phone = document.getElementById("photograph-phone");
  photo.hidden = !window.sigweb.cameraWorks;
  document.getElementById("photograph-note").hidden = window.sigweb.cameraWorks;
  phone.hidden = window.sigweb.cameraWorks || !window.matchMedia("(pointer: coarse)").matches;
  photo.addEventListener("click", () => {
    window.sigweb.photograph((cut, number) => add([named(cut, texts.photo.replace("%n", number))]));
  });
  phone.querySelector("input").addEventListener("change", ({ target }) => {
    add([...target.files]);
    target.value = "";
  });

  drafts.addEventListener("click", async (event) => {
    const button = event.target.closest("button:is([data-remove], [data-crop], [data-again], [data-leaf])");
    if (!button) return;
    const card = button.closest(".draft");
    if ("crop" in button.dataset) {
      crop(card, button.dataset.crop);
      return;
    }
    if (button.dataset.leaf) {
      const page = card.querySelector("input[type=number]");
      const { leaf: address, turn = 0 } = button.dataset;
      const wanted = { address, turn, page: turn || !page ? 1 : page.value };
      leaf(card.querySelector(".file").textContent, wanted, (holder) => card.after(holder));
      if (page && !turn) page.value = Math.min(Number(page.value) + 1 || 1, Number(page.max)); // likely the next wish
      return;
    }
    if ("again" in button.dataset) {
      const { file, replaces, leaf: wanted } = unsent.get(card);
      if (wanted) leaf(file.name, wanted, (holder) => card.replaceWith(holder));
      else add([file], { instead: card, replaces });
      return;
    }
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
  drafts.addEventListener("keydown", (event) => {
    // Enter adds the page that was typed; it does not submit the form.
    if (event.key !== "Enter" || event.target.type !== "number") return;
    event.preventDefault();
    event.target.parentElement.querySelector("[data-leaf]:not([data-turn])").click();
  });
  // What the comparison says of a picture is marked on its card too. Who presses the button before it is known sees the
  // mark first; without one the form goes its way. A server that does not answer holds nobody up.
  const PATIENCE = 10_000;
  let comparing = 0;
  let held = null; // the button that was pressed
  let patience = 0;
  const release = (marked) => {
    const button = held;
    held = null;
    clearTimeout(patience);
    if (!button) return;
    if (!marked) return form.requestSubmit(button);
    window.sigweb.say(texts.look);
    document.getElementById("agreement").scrollIntoView({ block: "center" });
  };
  const isAgreement = (event) => event.target.id === "agreement";
  document.addEventListener("htmx:beforeRequest", (event) => { if (isAgreement(event)) comparing += 1; });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!isAgreement(event) || event.detail.successful) return;
    comparing = Math.max(0, comparing - 1);
    if (!comparing) release(false);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (!isAgreement(event)) return;
    comparing = Math.max(0, comparing - 1);
    const marks = [...drafts.querySelectorAll(".draft-mark")];
    for (const mark of marks) mark.hidden = !document.getElementById(mark.hash.slice(1));
    if (!comparing) release(marks.some((mark) => !mark.hidden));
  });
  form.addEventListener("submit", (event) => {
    const sending = busy || queue.length;
    if (!sending && !comparing) return;
    event.preventDefault(); // before the page-wide handler, which leaves a prevented form alone
    if (sending) return window.sigweb.say(texts.wait);
    if (held) return;
    held = event.submitter || document.getElementById("submit");
    patience = setTimeout(() => { comparing = 0; release(false); }, PATIENCE);
    window.sigweb.say(texts.comparing);
  });
  document.getElementById("refusal")?.focus();
  count();
})();
