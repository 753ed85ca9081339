/** An element with its attributes and children; text is never read as HTML. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value === false || value === undefined || value === null) continue;
    made.setAttribute(attribute, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

export function drawing(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

export const find = (id) => document.getElementById(id);

/** A number of rows: "1 row", "1,309 rows". */
export const rowsOf = (count) => `${count.toLocaleString("en")} ${count === 1 ? "row" : "rows"}`;

const plain = new Intl.NumberFormat("en", { maximumSignificantDigits: 6, useGrouping: false });
/** A number as a field holds it. */
export const number = (value) => (typeof value === "number" ? plain.format(value) : String(value));

const grouped = new Intl.NumberFormat("en", { maximumSignificantDigits: 6 });
/** A number for reading: 1,234.5. */
export const shown = (value) => (typeof value === "number" ? grouped.format(value) : String(value));

/** The ends of a range for reading; whole numbers of four digits without commas, as dates have them. */
export function ends(low, high) {
  const dated = [low, high].every((end) => Number.isInteger(end) && end >= 1000 && end < 10000);
  return [low, high].map(dated ? number : shown);
}
