import { call, Problem } from "./api.js";
import { cell, cells, records } from "./csv.js";
import { pointerParts } from "./form.js";

const rowsAtOnce = 500;
const charactersAtOnce = 500_000;
const tooLarge = 413;

/**
 * Score a CSV text in chunks. A row that the API refuses gets its reason in a column of its own, and the
 * others their answers. Columns that the model doesn't take, such as its target, aren't sent. A chunk that is too large
 * is sent again in parts. `told(done, all)` is called after each chunk; the scored text, the refused rows and the columns
 * that weren't sent are returned.
 */
export async function score(text, model, signal, told) {
  const [header, ...rows] = records(text);
  if (header === undefined || rows.length === 0) throw new Error("The file has no rows below its header.");
  let answerHeader = null;
  const answers = new Array(rows.length).fill(null);
  const refused = [];
  const names = cells(header);
  const sent = chosen(names, model.input);
  let most = Math.min(rowsAtOnce, model.limits?.rows ?? rowsAtOnce);
  let tried = most;
  for (let start = 0; start < rows.length;) {
    const end = chunkEnd(rows, start, tried);
    let scored;
    try {
      scored = await scoreChunk(header, sent, rows.slice(start, end), signal);
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.status !== tooLarge) throw problem;
      if (end - start > 1) {
        most = Math.max(1, Math.min(most, problem.limits.rows ?? most));
        tried = Math.min(most, Math.floor((end - start) / 2));
        continue;
      }
      scored = { header: null, answers: [null], reasons: new Map([[0, problem.message]]) };
    }
    answerHeader ??= scored.header;
    scored.answers.forEach((answer, index) => { answers[start + index] = answer; });
    const reasons = [...scored.reasons].sort(([one], [other]) => one - other);
    for (const [index, reason] of reasons) refused.push({ row: start + index + 1, reason });
    start = end;
    tried = Math.min(most, tried * 2); // what was too large may have been one long row
    told(start, rows.length);
  }
  return { text: joined(header, rows, answerHeader, answers, refused), rows: rows.length, refused, unsent: sent.unsent };
}

/** What of a file is sent: all of each record, or the cells of the model's columns where it has others as well. */
function chosen(names, { container, columns: described }) {
  // A model that was fitted on an array has several names for a column: the API knows them.
  if (container === "array") return { width: names.length, unsent: [], record: (row) => row };
  const columns = described.map(({ name }) => name);
  const missing = columns.filter((name) => !names.includes(name));
  const unsent = names.filter((name) => !columns.includes(name));
  if (missing.length > 0) {
    const others = unsent.length > 0 ? `; it has ${unsent.join(", ")}, which the model does not take` : "";
    throw new Error(`the file lacks the column${missing.length === 1 ? "" : "s"} ${missing.join(", ")}${others}.`);
  }
  const kept = [...names.keys()].filter((place) => columns.includes(names[place]));
  const record = unsent.length === 0 ? (row) => row : (row) => {
    const found = cells(row);
    return kept.map((place) => cell(found[place])).join(",");
  };
  return { width: names.length, unsent, record };
}

function chunkEnd(rows, start, most) {
  let characters = 0;
  let end = start;
  while (end < rows.length && end - start < most && (end === start || characters + rows[end].length < charactersAtOnce)) {
    characters += rows[end].length + 1;
    end += 1;
  }
  return end;
}

/** Answers of one chunk; rows that are refused are taken out, with their reasons, and the rest is sent again. */
async function scoreChunk(header, { width, record }, rows, signal) {
  const reasons = new Map();
  const answers = new Array(rows.length).fill(null);
  for (const [index, row] of rows.entries()) {
    const found = cells(row).length;
    if (found !== width) reasons.set(index, `${found} cells where the header has ${width}`);
  }
  let left = [...rows.keys()].filter((index) => !reasons.has(index));
  while (left.length > 0) {
    const body = [header, ...left.map((index) => rows[index])].map(record).join("\n") + "\n";
    try {
      const sent = { method: "POST", headers: { "content-type": "text/csv", accept: "text/csv" }, body, signal };
      const [answerHeader, ...found] = records(await call("predict?extra=ignore", sent));
      left.forEach((index, place) => { answers[index] = found[place]; });
      return { header: answerHeader, answers, reasons };
    } catch (problem) {
      const bad = problem instanceof Problem ? badRows(problem, left.length) : new Map();
      if (bad.size === 0) throw problem;
      for (const [place, reason] of bad) reasons.set(left[place], reason);
      left = left.filter((_, place) => !bad.has(place));
    }
  }
  return { header: null, answers, reasons };
}

function badRows(problem, rows) {
  const bad = new Map();
  for (const { pointer, detail } of problem.errors) {
    const [, row] = pointerParts(pointer ?? "");
    if (!/^\d+$/.test(row ?? "") || Number(row) >= rows) continue;
    bad.set(Number(row), bad.has(Number(row)) ? `${bad.get(Number(row))}; ${detail}` : detail);
  }
  return bad;
}

function joined(header, rows, answerHeader, answers, refused) {
  const blank = ",".repeat(Math.max(0, cells(answerHeader ?? "").length - 1));
  const reasons = new Map(refused.map(({ row, reason }) => [row - 1, reason]));
  const tail = (index) => {
    const answer = answerHeader === null ? "" : `,${answers[index] ?? blank}`;
    return refused.length === 0 ? answer : `${answer},${cell(reasons.get(index) ?? "")}`;
  };
  const first = header + (answerHeader === null ? "" : `,${answerHeader}`) + (refused.length === 0 ? "" : ",error");
  return [first, ...rows.map((row, index) => row + tail(index))].join("\n") + "\n";
}
