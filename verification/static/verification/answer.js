// The verdict takes the form's place without a reload; Back brings the form as it was left, its file and box too.
(() => {
  const here = location.pathname;
  const ask = document.getElementById("vf-ask");
  const form = document.getElementById("vf-form");
  const answer = document.getElementById("vf-answer");
  const title = document.title;
  let shown = "";
  let coming = "";

  const show = async (address) => {
    // Enter pressed twice brings the same verdict twice.
    if (address === coming || address === shown) return;
    coming = address;
    try {
      await window.htmx.ajax("GET", address, { target: answer, swap: "innerHTML", select: "#main > *" });
    } catch { /* what is not there is fetched in the ordinary way */ }
    coming = "";
    const word = answer.querySelector("h1");
    if (!word) return location.assign(address);
    shown = address;
    history.pushState({}, "", address);
    ask.remove();
    answer.hidden = false;
    window.scrollTo(0, 0);
    word.tabIndex = -1;
    word.focus();
  };
  const back = () => {
    shown = "";
    answer.hidden = true;
    answer.replaceChildren();
    answer.before(ask);
    document.title = title;
    document.getElementById("vf-submit").focus();
  };

  if (answer && form) {
    form.addEventListener("htmx:beforeOnLoad", (event) => {
      const address = event.detail.xhr.getResponseHeader("HX-Redirect");
      if (event.target !== form || !address) return;
      event.preventDefault();
      show(address);
    });
  }
  window.addEventListener("popstate", () => {
    if (shown && location.pathname === here) back();
    else if (location.pathname !== (shown || here)) location.reload();
  });
})();
