import { drawing, element, ends, shown } from "./dom.js";
import { histogram } from "./histogram.js";

const percent = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** What the headline says, and the drawings below it, for the first row of an answer. */
export function answerView(model, answer) {
  const prediction = answer.predictions[0];
  const targets = model.output?.targets ?? [];
  const several = Array.isArray(prediction);
  const values = several ? prediction : [prediction];
  const probabilities = answer.probabilities?.[0];
  const headline = values.map((value, index) => element("p", { class: "headline" },
    element("small", {}, targets[index] ?? (several ? `output ${index}` : "prediction")), told(model, value)));
  const details = [];
  if (probabilities) {
    const classes = answer.classes ?? model.output.classes;
    values.forEach((value, index) => {
      if (several) details.push(element("h3", { class: "detail-title" }, targets[index] ?? `output ${index}`));
      details.push(shares(several ? classes[index] : classes, several ? probabilities[index] : probabilities));
    });
  }
  for (const measure of ["scores", "distances"]) {
    const row = answer[measure]?.[0];
    if (row === undefined) continue;
    details.push(element("h3", { class: "detail-title" }, measure), ...measures(Array.isArray(row) ? row : [row], model, measure),
      element("p", { class: "about quiet" }, meaning(model, measure)));
  }
  const learned = model.statistics?.target?.[targets[0]];
  if (model.task === "regression" && !several && learned?.histogram) {
    const drawn = histogram(learned.histogram.edges, learned.histogram.counts, targets[0] ?? "target");
    drawn.mark(prediction);
    const { minimum, maximum } = learned;
    details.push(element("h3", { class: "detail-title" }, "Where it lies among the training targets"), drawn.picture,
      element("p", { class: "about quiet" }, ends(minimum, maximum).join(" to ")));
  }
  return { headline, details };
}

function told(model, value) {
  if (value === null) return "no value";
  if (model.task === "outlier_detection") return value === 1 ? "inlier" : value === -1 ? "outlier" : shown(value);
  return model.task === "clustering" ? `cluster ${value}` : shown(value);
}

/** What a score or a distance means, in words. */
function meaning(model, measure) {
  if (measure === "distances") return "How far the row is from the centre of each cluster.";
  if (model.task === "outlier_detection") return "Below 0 lies an outlier, which the API calls -1, above an inlier, 1. The lower, the less alike the training data.";
  const classes = model.output?.classes ?? [];
  if (classes.length === 2 && !Array.isArray(classes[0])) return `Above 0 it is ${classes[1]}, below ${classes[0]}. It is no probability.`;
  return "The class with the largest score is chosen. They are no probabilities.";
}

function shares(classes, probabilities) {
  const most = Math.max(...probabilities);
  const items = classes.map((name, index) => {
    const share = probabilities[index] ?? 0;
    const bar = drawing("svg", { viewBox: "0 0 100 1", preserveAspectRatio: "none", "aria-hidden": "true" },
      drawing("rect", { width: 100 * share, height: 1 }));
    return element("li", { class: share === most ? "first" : "" },
      element("span", {}, String(name)), element("span", { class: "number" }, percent.format(share)), bar);
  });
  return element("ul", { class: "bars" }, ...items);
}

function measures(row, model, measure) {
  const named = measure === "scores" && row.length === model.output?.classes?.length ? model.output.classes : null;
  const items = row.map((value, index) => element("li", {},
    element("span", {}, String(named?.[index] ?? (row.length === 1 ? "this row" : index))),
    element("span", { class: "number" }, shown(value))));
  return [element("ul", { class: "bars" }, ...items)];
}
