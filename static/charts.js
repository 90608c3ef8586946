// Charts of the figures that stand in a table beside them. A canvas carries
// data-chart='{"type": "bar" or "line", "labels": [...], "series": [{"label", "values": [...]}],
// "unit": "hits"}'; its colours are the page's own, in both themes.

const dark = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const drawn = new Map();

// A custom property holds light-dark(); only a used colour tells which of the two is meant.
function colour(canvas, name) {
  const probe = canvas.parentElement.appendChild(document.createElement("i"));
  probe.className = `chart-colour-${name}`;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function draw(canvas) {
  const { type, labels, series, unit } = JSON.parse(canvas.dataset.chart);
  const ink = colour(canvas, "ink");
  const line = colour(canvas, "line");
  const axis = { ticks: { color: ink }, grid: { color: line }, border: { color: line } };
  drawn.get(canvas)?.destroy();
  drawn.set(canvas, new Chart(canvas, {
    type,
    data: {
      labels,
      datasets: series.map(({ label, values }, index) => ({
        label,
        data: values,
        borderColor: colour(canvas, index % 4),
        backgroundColor: colour(canvas, index % 4),
        borderDash: type === "line" ? [[], [6, 3], [2, 2], [8, 3, 2, 3]][index % 4] : [],
        pointStyle: ["circle", "rect", "triangle", "rectRot"][index % 4],
        borderWidth: type === "line" ? 2 : 0,
        maxBarThickness: 32,
      })),
    },
    options: {
      animation: still.matches ? false : { duration: 200 },
      maintainAspectRatio: false,
      plugins: { legend: { display: series.length > 1, labels: { color: ink, usePointStyle: true } } },
      scales: {
        x: axis,
        y: {
          ...axis,
          beginAtZero: true,
          ticks: { ...axis.ticks, precision: 0 },
          title: { display: Boolean(unit), text: unit, color: ink },
        },
      },
    },
  }));
}

const drawAll = () => {
  for (const [canvas, chart] of drawn) {
    if (canvas.isConnected) continue;
    chart.destroy();
    drawn.delete(canvas);
  }
  document.querySelectorAll("canvas[data-chart]").forEach(draw);
};
drawAll();
dark.addEventListener("change", drawAll);
document.addEventListener("htmx:afterSettle", drawAll);
