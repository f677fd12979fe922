// What every page needs: trouble with a request said in words, no form sent twice, questions before what hurts.
(() => {
  const trouble = document.getElementById("trouble");
  const say = (text) => {
    if (!trouble) return;
    trouble.querySelector("[data-text]").textContent = text;
    trouble.hidden = false;
  };
  window.sigweb = { say };

  const texts = trouble ? trouble.dataset : {};
  document.addEventListener("htmx:sendError", () => say(texts.offline));
  document.addEventListener("htmx:timeout", () => say(texts.offline));
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    say(status === 403 ? texts.forbidden : status === 429 ? texts.busy : texts.failed);
  });
  // This event follows every answer, that of an error too.
  document.addEventListener("htmx:afterOnLoad", (event) => {
    if (trouble && event.detail.successful) trouble.hidden = true;
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    // The session ended: the log-in page must not appear inside a list of results.
    if (new URL(event.detail.xhr.responseURL, location.href).pathname.startsWith("/login/")) {
      event.detail.shouldSwap = false;
      // What renews itself just stops: a reload would take away what somebody is writing.
      if (event.detail.target.matches("[data-poll]")) event.detail.target.remove();
      else location.reload();
    }
  });

  // From the search box down into the customers found, and back.
  document.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const text = step && document.querySelector("form[role=search] input[type=search]");
    if (!text) return;
    const stops = [text, ...document.querySelectorAll(".results a")];
    const at = stops.indexOf(document.activeElement);
    if (at < 0 || !stops[at + step]) return;
    event.preventDefault();
    stops[at + step].focus();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-hide]")) event.target.closest("[data-hide]").closest(".callout").hidden = true;
    if (event.target.closest("[data-print]")) window.print();
    const view = event.target.closest("[data-view]");
    if (view) {
      for (const button of view.parentElement.querySelectorAll("[data-view]")) {
        button.setAttribute("aria-pressed", String(button === view));
      }
      for (const image of document.querySelectorAll("img[data-original][data-ink]")) {
        image.src = image.dataset[view.dataset.view];
      }
    }
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) {
      event.preventDefault();
      return;
    }
    if (form.hasAttribute("data-log-out")) sessionStorage.clear(); // what was typed is nobody else's business
    // Back to what is shown now; a verdict that took its form's place has another address than the page had.
    if (form.hasAttribute("data-language")) form.elements.next.value = location.pathname + location.search;
    if (form.method !== "post" || form.hasAttribute("hx-post") || event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    // After this turn, so that the button's own name and value are still sent.
    setTimeout(() => {
      for (const button of form.querySelectorAll("button[type=submit]")) button.disabled = true;
    });
  });
  // Coming back with the browser's button shows the page as it was left.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("button[type=submit]")) button.disabled = false;
    }
  });
  document.addEventListener("error", (event) => {
    const image = event.target;
    if (image.tagName !== "IMG" || !image.closest(".sig")) return;
    const note = document.createElement("span");
    note.textContent = texts.picture || image.alt;
    image.replaceWith(note);
  }, true);
})();
