// Draws the curves of a run, and of a comparison DET curves and histograms, from the JSON that stands in the page.
(() => {
  const read = (id) => {
    const element = document.getElementById(id);
    return element ? JSON.parse(element.textContent) : null;
  };
  const colour = (name) => getComputedStyle(document.body).getPropertyValue(name).trim();
  let drawn = [];

  const options = (x, y) => ({
    responsive: true,
    maintainAspectRatio: false,
    animation: false,
    interaction: { mode: "nearest", axis: "x", intersect: false },
    plugins: { legend: { display: false } },
    scales: { x: axis(x), y: axis(y) },
  });
  const axis = ({ title, ...more }) => ({
    grid: { color: colour("--hairline-color") },
    border: { color: colour("--border-color") },
    ...more,
    ticks: { color: colour("--rt-quiet"), maxTicksLimit: 6, ...more.ticks },
    title: { display: Boolean(title), text: title, color: colour("--rt-quiet") },
  });
  const line = (data, name, more = {}) => ({
    data, borderColor: colour(name), backgroundColor: colour(name), borderWidth: 2, pointRadius: 0, pointHitRadius: 8, ...more,
  });
  const draw = (canvas, config) => {
    const chart = new window.Chart(canvas, config);
    drawn.push(chart);
    return chart;
  };

  // --- a run -------------------------------------------------------------------------------------------------
  // A line of one point has no length, so that point is drawn.
  const radius = (data) => (data.length === 1 ? 4 : 0);
  const points = (curves, name) => (curves[name] || []).map((y, index) => ({ x: curves.step[index], y }));

  function runCurves() {
    const curves = read("run-curves");
    const section = document.getElementById("run-charts");
    if (!curves || !section) return;
    section.hidden = !curves.step.length;
    if (section.hidden) return;
    for (const canvas of section.querySelectorAll("canvas[data-curve]")) {
      const data = points(curves, canvas.dataset.curve);
      const chart = window.Chart.getChart(canvas);
      if (chart) {
        Object.assign(chart.data.datasets[0], { data, pointRadius: radius(data) });
        chart.update();
      } else {
        const from = canvas.dataset.curve === "loss" ? {} : { beginAtZero: true };
        draw(canvas, { type: "line", data: { datasets: [line(data, "--rt-a", { pointRadius: radius(data) })] }, options: options({ type: "linear" }, from) });
      }
    }
  }

  // --- a comparison --------------------------------------------------------------------------------------------
  // Normal deviates, by Acklam's rational approximation (relative error under 1.2e-9): a DET curve of normal scores is
  // a straight line then (Martin et al. 1997).
  function probit(p) {
    const a = [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239];
    const b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572];
    const c = [-0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783];
    const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416];
    const poly = (coefficients, x) => coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
    if (p < 0.02425) {
      const q = Math.sqrt(-2 * Math.log(p));
      return poly(c, q) / (poly(d, q) * q + 1);
    }
    if (p > 1 - 0.02425) return -probit(1 - p);
    const q = p - 0.5;
    return (poly(a, q * q) * q) / (poly(b, q * q) * q * q + 1);
  }
  const SHARES = [0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4];
  const name = (share) => `${+(share * 100).toFixed(1)} %`;

  function detAxis(title) {
    return {
      title, type: "linear", min: probit(0.0005), max: probit(0.5),
      afterBuildTicks: (scale) => { scale.ticks = SHARES.map((share) => ({ value: probit(share) })); },
      ticks: { callback: (_, index) => name(SHARES[index]), autoSkip: false, maxTicksLimit: SHARES.length },
    };
  }

  function det(canvas, words) {
    const found = read("comparison-det");
    if (!found) return;
    const inside = (share) => Math.min(Math.max(share, 0.0005), 0.5);
    const curve = (side) => side.far
      .map((far, index) => ({ far, frr: side.frr[index] }))
      .filter(({ far, frr }) => far < 0.5 && frr < 0.5)
      .map(({ far, frr }) => ({ x: probit(inside(far)), y: probit(inside(frr)), far, frr }));
    const config = options(detAxis(words.far), detAxis(words.frr));
    config.plugins.legend = { display: true, labels: { color: colour("--body-fg"), boxHeight: 2 } };
    config.plugins.tooltip = { callbacks: { title: () => "", label: ({ dataset, raw }) => `${dataset.label}: ${name(raw.far)} / ${name(raw.frr)}` } };
    const datasets = [];
    if (found.champion) datasets.push(line(curve(found.champion), "--rt-b", { label: words.champion, borderDash: [6, 4] }));
    if (found.candidate) datasets.push(line(curve(found.candidate), "--rt-a", { label: words.candidate }));
    draw(canvas, { type: "line", data: { datasets }, options: config });
  }

  function histogram(canvas, words) {
    const found = read("comparison-histograms");
    const side = found?.[canvas.dataset.histogram];
    if (!side) return;
    const middles = found.edges.slice(1).map((edge, index) => (edge + found.edges[index]) / 2);
    const shares = (counts) => {
      const all = counts.reduce((sum, count) => sum + count, 0) || 1;
      return counts.map((count) => count / all);
    };
    const used = middles.map((_, index) => ["champion", "candidate"].some((which) =>
      found[which] && (found[which].genuine[index] || found[which].skilled[index])));
    const first = Math.max(used.indexOf(true), 0);
    const last = used.lastIndexOf(true) + 1 || middles.length;
    const bars = (counts, name_, label) => ({ label, data: shares(counts).slice(first, last), backgroundColor: `color-mix(in srgb, ${colour(name_)} 65%, transparent)`, categoryPercentage: 1, barPercentage: 1, grouped: false });
    const config = options(
      { title: words.score, ticks: { callback: (_, index) => middles.slice(first, last)[index].toFixed(0), autoSkip: true } },
      { title: words.share, beginAtZero: true, ticks: { callback: (value) => name(value) } },
    );
    config.plugins.legend = { display: true, labels: { color: colour("--body-fg"), boxWidth: 12 } };
    config.plugins.tooltip = { callbacks: { label: ({ dataset, raw }) => `${dataset.label}: ${name(raw)}` } };
    draw(canvas, {
      type: "bar",
      data: {
        labels: middles.slice(first, last),
        datasets: [bars(side.genuine, "--rt-a", words.genuine), bars(side.skilled, "--rt-b", words.skilled)],
      },
      options: config,
    });
  }

  function comparison() {
    const words = document.getElementById("comparison-charts")?.dataset;
    if (!words) return;
    for (const canvas of document.querySelectorAll("canvas[data-det]")) det(canvas, words);
    for (const canvas of document.querySelectorAll("canvas[data-histogram]")) histogram(canvas, words);
  }

  function everything() {
    for (const chart of drawn) chart.destroy();
    drawn = [];
    if (!window.Chart) return;
    window.Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    runCurves();
    comparison();
  }
  everything();
  document.addEventListener("htmx:afterSettle", runCurves);
  // Another theme, other colours.
  new MutationObserver(everything).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", everything);
})();
