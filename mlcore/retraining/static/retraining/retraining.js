// Pages of retraining: dialogs, no form sent twice, figures that renew themselves and say so when they can not.
(() => {
  const connection = document.getElementById("connection");
  let heard = new Date();

  const say = (text) => {
    if (!connection) return;
    connection.textContent = text.replace("%s", heard.toLocaleTimeString());
    connection.hidden = false;
  };
  // Polling ends with the element that polls; a copy that does not takes its place.
  const stop = (event) => {
    const element = event.detail.elt;
    if (!element.hasAttribute("data-polls")) return;
    const still = element.cloneNode(true);
    for (const name of ["hx-get", "hx-trigger"]) still.removeAttribute(name);
    element.replaceWith(still);
  };

  document.addEventListener("htmx:sendError", () => say(connection.dataset.lost));
  document.addEventListener("htmx:timeout", () => say(connection.dataset.lost));
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 403) {
      say(connection.dataset.out);
      stop(event);
      return;
    }
    say(connection.dataset.failed);
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, pathInfo } = event.detail;
    if (!xhr.responseURL || new URL(xhr.responseURL).pathname === new URL(pathInfo.requestPath, location.href).pathname) {
      if (xhr.status < 400) {
        heard = new Date();
        connection.hidden = true;
      }
      keepScroll();
      return;
    }
    // The session ended: the log-in page must not appear inside this one.
    event.detail.shouldSwap = false;
    say(connection.dataset.out);
    stop(event);
  });

  // What is swapped while somebody reads it stays where it was.
  let scrolled = 0;
  let reading = false;
  function keepScroll() {
    const log = document.getElementById("run-log");
    scrolled = log ? log.scrollTop : 0;
    reading = document.activeElement === log && log !== null;
  }
  document.addEventListener("htmx:afterSettle", () => {
    const log = document.getElementById("run-log");
    if (log) log.scrollTop = scrolled;
    if (log && reading) log.focus({ preventScroll: true });
    const live = document.getElementById("run-live");
    const said = document.getElementById("run-said");
    if (live && said && said.textContent !== live.dataset.said) said.textContent = live.dataset.said;
    if (live && !live.hasAttribute("data-polls")) document.getElementById("cancel-run")?.close();
  });

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.showModal();
    if (event.target.closest("[data-closes]")) event.target.closest("dialog").close();
  });

  // What keep.js has brought back is not left folded away.
  for (const note of document.querySelectorAll("details [data-keep-note]:not([hidden])")) note.closest("details").open = true;

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.id === "logout-form") sessionStorage.clear(); // what was typed is nobody else's business
    if (form.method !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
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
})();
