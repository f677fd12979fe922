// Find one customer's signatures among all dots.
(() => {
  const find = document.getElementById("vs-find");
  if (!find) return;
  const dots = [...document.querySelectorAll("#vs-all > svg")];
  const hit = document.getElementById("vs-hit");
  find.addEventListener("input", () => {
    const wanted = find.value.trim().toUpperCase();
    let count = 0;
    for (const dot of dots) {
      const is = !wanted || dot.querySelector("title").textContent.toUpperCase().startsWith(wanted);
      dot.classList.toggle("vs-faint", !is);
      if (is) count += 1;
    }
    hit.textContent = wanted ? String(count) : "";
  });
})();
