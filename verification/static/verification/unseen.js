// A decision brings the next referral under the same keys and buttons, and is final: nothing is decided before the
// pictures of this one stand there and half a second has passed, so that a double tap or click decides only one.
// In force before anything can be pressed, hence neither deferred nor part of review.js, which asks for data-unseen.
(() => {
  const page = document.documentElement;
  page.dataset.unseen = "";
  // A picture that can not be shown ends the wait as well.
  window.addEventListener("load", () => setTimeout(() => delete page.dataset.unseen, 500));
  // The click, since the submission would first ask for a missing reason. Keys and Enter press the button, too.
  document.addEventListener("click", (event) => {
    if ("unseen" in page.dataset && event.target.closest("[data-decide] [type=submit]")) event.preventDefault();
  }, true);
})();
