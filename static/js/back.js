// On a page that says that something went wrong: back to the form, as the sentence advises.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-back]")) history.back();
});
