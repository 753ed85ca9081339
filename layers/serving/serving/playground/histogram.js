import { drawing, number } from "./dom.js";

/** Bars over `edges` (n + 1 numbers) of height `counts` (n), with a line that marks one value. */
export function histogram(edges, counts, label) {
  const low = edges[0];
  const span = edges[edges.length - 1] - low || 1;
  const most = Math.max(...counts, 1);
  const bars = counts.map((count, index) => {
    const height = count ? Math.max(2, (100 * count) / most) : 0;
    return drawing("rect", {
      x: (100 * (edges[index] - low)) / span + 0.25, y: 100 - height, height,
      width: Math.max(0.4, (100 * (edges[index + 1] - edges[index])) / span - 0.5),
    });
  });
  const line = drawing("line", { y1: 0, y2: 100 });
  const picture = drawing("svg", {
    class: "histogram", viewBox: "0 0 100 100", preserveAspectRatio: "none", role: "img",
    "aria-label": `${label}: training data from ${number(low)} to ${number(low + span)}`,
  }, ...bars, line);

  function mark(value) {
    const known = typeof value === "number" && Number.isFinite(value);
    const place = known ? Math.min(100, Math.max(0, (100 * (value - low)) / span)) : 0;
    line.setAttribute("x1", place);
    line.setAttribute("x2", place);
    line.setAttribute("visibility", known ? "visible" : "hidden");
    bars.forEach((bar, index) => {
      const last = index === bars.length - 1;
      const inside = known && value >= edges[index] && (last ? value <= edges[index + 1] : value < edges[index + 1]);
      bar.setAttribute("class", inside ? "here" : "");
    });
  }
  mark(null);
  return { picture, mark };
}
