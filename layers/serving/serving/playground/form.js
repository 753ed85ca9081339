import { drawing, element, ends, number } from "./dom.js";
import { histogram } from "./histogram.js";

const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const fewEnoughToShow = 6;
const fewEnoughForSliders = 200;
const fewEnoughToUnfold = 24;
const unfolded = 12;

/**
 * A form for one instance, the most important columns first; where there are many, the others are folded, and
 * `search`, an input, finds them by name. `changed` is called after each edit.
 */
export function instanceForm(form, search, columns, statistics, changed) {
  const importance = (column) => statistics?.[column.name]?.importance ?? 0;
  const places = [...columns.keys()].sort((one, other) => importance(columns[other]) - importance(columns[one]) || one - other);
  const drawn = new Set(columns.length <= fewEnoughForSliders ? places : places.slice(0, unfolded));
  const fields = columns.map((column, index) => field(column, statistics?.[column.name] ?? {}, `field-${index}`, drawn.has(index), changed));
  const boxes = places.map((place) => fields[place].box);
  const many = columns.length > fewEnoughToUnfold;
  const fold = element("details", { class: "fold" }, element("summary", {}, `${columns.length - unfolded} more fields`), element("div", { class: "fields" }, ...(many ? boxes.slice(unfolded) : [])));
  form.replaceChildren(element("div", { class: "fields" }, ...(many ? boxes.slice(0, unfolded) : boxes)), ...(many ? [fold] : []));
  search.parentElement.hidden = !many;
  search.value = "";
  search.oninput = () => {
    const words = search.value.trim().toLowerCase();
    for (const box of boxes) box.hidden = !box.dataset.column.toLowerCase().includes(words);
    if (words) fold.open = true;
  };
  return {
    fill(instance) {
      for (const [index, column] of columns.entries()) fields[index].fill(instance[column.name] ?? null);
    },
    /** Name and value of each cell as JSON text. Numbers go as they were typed: the API alone judges them. */
    cells: () => columns.map((column, index) => [JSON.stringify(column.name), fields[index].json()]),
    /** Show errors at the fields that their pointers name; those that name none are returned. */
    refuse(errors) {
      for (const each of fields) each.refuse("");
      return errors.filter(({ pointer, detail }) => {
        const index = columns.findIndex((column, place) => names(pointer, column.name, place));
        if (index >= 0) {
          fields[index].refuse(withoutName(detail, columns[index].name));
          if (fold.contains(fields[index].box)) fold.open = true;
        }
        return index < 0;
      });
    },
  };
}

const withoutName = (detail, name) => (detail.startsWith(`${name}: `) ? detail.slice(name.length + 2) : detail);

function names(pointer, name, place) {
  const last = pointerParts(pointer ?? "")[2];
  return last === name || last === String(place);
}

/** The unescaped parts of a JSON pointer (RFC 6901), in its plain or its URI fragment form. */
export function pointerParts(pointer) {
  const plain = pointer.startsWith("#") ? decodeURIComponent(pointer.slice(1)) : pointer;
  return plain.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function field(column, statistics, id, sliders, changed) {
  const control = controlOf(column, statistics, id, sliders, changed);
  const missing = element("input", { type: "checkbox", id: `${id}-missing` });
  const error = element("p", { class: "error", id: `${id}-error`, role: "alert" });
  const name = control.group ? element("span", { id: `${id}-name` }, column.name) : element("label", { for: id }, column.name);
  const title = element("div", { class: "name" }, name);
  if (column.nullable) {
    title.append(element("label", { class: "missing" }, missing, "missing", element("span", { class: "skip" }, ` ${column.name}`)));
  }
  const group = control.group ? { role: "radiogroup", "aria-labelledby": `${id}-name`, "aria-describedby": `${id}-error` } : {};
  const box = element("div", { class: column.kind === "text" ? "field wide" : "field", ...group }, title, ...control.parts, error);
  box.dataset.column = column.name;

  let kept = usual(column, statistics);
  const toggle = () => {
    for (const part of control.inputs) part.disabled = missing.checked;
    if (missing.checked) control.empty();
    else control.fill(kept);
    control.show?.(missing.checked);
  };
  missing.addEventListener("change", () => {
    if (missing.checked) kept = control.value() ?? kept;
    toggle();
    changed();
  });
  return {
    box,
    fill(value) {
      missing.checked = value === null && column.nullable;
      kept = value ?? usual(column, statistics);
      toggle();
    },
    json: () => (missing.checked ? "null" : control.json()),
    refuse(detail) {
      error.textContent = detail;
      box.classList.toggle("refused", Boolean(detail));
      for (const part of control.inputs) {
        if (detail) part.setAttribute("aria-invalid", "true");
        else part.removeAttribute("aria-invalid");
      }
    },
  };
}

/** What a field shows once its missing value is taken back: a median, or the most frequent category. */
function usual(column, statistics) {
  const middle = statistics.quantiles?.[(statistics.quantiles.length - 1) / 2];
  if (middle !== undefined) return column.kind === "integer" ? Math.round(middle) : Number(number(middle));
  return statistics.counts?.[0]?.[0] ?? "";
}

function controlOf(column, statistics, id, sliders, changed) {
  if (column.kind === "number" || column.kind === "integer") return numberControl(column, statistics, id, sliders, changed);
  if (column.kind === "boolean") return choiceControl([true, false], statistics, id, changed);
  if (column.kind === "category") {
    const categories = (column.categories ?? []).filter((category) => category !== null);
    if (categories.length === 0) return textControl(column, id, changed);
    return categories.length <= fewEnoughToShow
      ? choiceControl(categories, statistics, id, changed)
      : suggestingControl(categories, id, changed);
  }
  return textControl(column, id, changed);
}

function numberControl(column, statistics, id, sliders, changed) {
  const low = statistics.minimum ?? column.minimum;
  const high = statistics.maximum ?? column.maximum;
  const input = element("input", {
    id, type: "text", inputmode: column.kind === "integer" ? "numeric" : "decimal", autocomplete: "off",
    "aria-describedby": `${id}-about ${id}-error`,
  });
  const parts = [input];
  const inputs = [input];
  const drawn = sliders && statistics.histogram ? histogram(statistics.histogram.edges, statistics.histogram.counts, column.name) : null;
  let slider = null;
  if (drawn) parts.push(drawn.picture);
  if (sliders && typeof low === "number" && high > low) {
    slider = element("input", { type: "range", min: low, max: high, step: column.kind === "integer" ? 1 : "any", "aria-label": `${column.name}, slider` });
    slider.addEventListener("input", () => { input.value = rounded(slider.valueAsNumber, high - low, column.kind); show(false); changed(); });
    parts.push(slider);
    inputs.push(slider);
  }
  if (typeof low === "number") {
    parts.push(element("p", { class: "about", id: `${id}-about` }, ...ends(low, high).map((end) => element("span", {}, end))));
  }
  const typed = () => (jsonNumber.test(input.value.trim()) ? Number(input.value) : null);
  function show(missing) {
    const value = missing ? null : typed();
    drawn?.mark(value);
    if (slider && value !== null) slider.value = value;
  }
  input.addEventListener("input", () => { show(false); changed(); });
  return {
    parts, inputs, show,
    fill(value) { input.value = String(value); },
    empty() { input.value = ""; },
    value: () => input.value,
    json() {
      const text = input.value.trim();
      if (text === "") return "null";
      return jsonNumber.test(text) ? text : JSON.stringify(text);
    },
  };
}

/** A slider's position with no more digits than a thousandth of its range needs. */
function rounded(value, range, kind) {
  if (kind === "integer") return String(Math.round(value));
  const digits = Math.min(12, Math.max(0, 3 - Math.ceil(Math.log10(range))));
  return String(Number(value.toFixed(digits)));
}

function choiceControl(choices, statistics, id, changed) {
  const counts = new Map((statistics.counts ?? []).map(([value, count]) => [JSON.stringify(value), count]));
  const most = Math.max(1, ...counts.values());
  const inputs = choices.map((choice, index) => element("input", { type: "radio", name: id, id: index ? `${id}-${index}` : id, value: JSON.stringify(choice) }));
  const labels = choices.map((choice, index) => {
    const height = (100 * (counts.get(JSON.stringify(choice)) ?? 0)) / most;
    const bar = drawing("svg", { viewBox: "0 0 1 100", preserveAspectRatio: "none", "aria-hidden": "true" }, drawing("rect", { width: 1, y: 100 - height, height }));
    return element("label", {}, inputs[index], ...(counts.size ? [bar] : []), element("span", {}, String(choice)));
  });
  for (const input of inputs) input.addEventListener("change", changed);
  return {
    group: true, inputs, parts: [element("div", { class: "choices" }, ...labels)],
    fill(value) { for (const input of inputs) input.checked = input.value === JSON.stringify(value); },
    empty() { for (const input of inputs) input.checked = false; },
    value: () => JSON.parse(inputs.find((input) => input.checked)?.value ?? "null"),
    json: () => inputs.find((input) => input.checked)?.value ?? "null",
  };
}

/** Many categories to choose from by typing; one that training has not seen may be typed as well. */
function suggestingControl(categories, id, changed) {
  const options = categories.map((category) => element("option", { value: String(category) }));
  const input = element("input", { id, type: "text", list: `${id}-categories`, autocomplete: "off", "aria-describedby": `${id}-error` });
  input.addEventListener("input", changed);
  const json = () => JSON.stringify(categories.find((category) => String(category) === input.value) ?? input.value);
  return {
    inputs: [input], parts: [input, element("datalist", { id: `${id}-categories` }, ...options)],
    fill(value) { input.value = String(value); },
    empty() { input.value = ""; },
    value: () => JSON.parse(json()),
    json,
  };
}

function textControl(column, id, changed) {
  const long = column.kind === "text";
  const input = element(long ? "textarea" : "input", {
    id, type: long ? false : "text", autocomplete: "off", "aria-describedby": `${id}-error`,
    placeholder: column.kind === "date" ? "2026-11-24T09:30:00" : false,
  });
  input.addEventListener("input", changed);
  return {
    inputs: [input], parts: [input],
    fill(value) { input.value = String(value); },
    empty() { input.value = ""; },
    value: () => input.value,
    json: () => JSON.stringify(input.value),
  };
}
