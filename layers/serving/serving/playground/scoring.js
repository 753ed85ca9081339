import { call, Problem } from "./api.js";
import { cell, cells, records } from "./csv.js";
import { pointerParts } from "./form.js";

const rowsAtOnce = 500;
const charactersAtOnce = 500_000;

/**
 * Score a CSV text in chunks. A row that the API refuses gets its reason in a column of its own, and the
 * others their answers. `told(done, all)` is called after each chunk; the scored text and the refused rows
 * are returned.
 */
export async function score(text, most, signal, told) {
  const [header, ...rows] = records(text);
  if (header === undefined || rows.length === 0) throw new Error("The file has no rows below its header.");
  let answerHeader = null;
  const answers = new Array(rows.length).fill(null);
  const refused = [];
  const width = cells(header).length;
  for (let start = 0; start < rows.length;) {
    const end = chunkEnd(rows, start, Math.min(rowsAtOnce, most ?? rowsAtOnce));
    const scored = await scoreChunk(header, width, rows.slice(start, end), signal);
    answerHeader ??= scored.header;
    scored.answers.forEach((answer, index) => { answers[start + index] = answer; });
    const reasons = [...scored.reasons].sort(([one], [other]) => one - other);
    for (const [index, reason] of reasons) refused.push({ row: start + index + 1, reason });
    start = end;
    told(start, rows.length);
  }
  return { text: joined(header, rows, answerHeader, answers, refused), rows: rows.length, refused };
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
async function scoreChunk(header, width, rows, signal) {
  const reasons = new Map();
  const answers = new Array(rows.length).fill(null);
  for (const [index, row] of rows.entries()) {
    const found = cells(row).length;
    if (found !== width) reasons.set(index, `${found} cells where the header has ${width}`);
  }
  let left = [...rows.keys()].filter((index) => !reasons.has(index));
  while (left.length > 0) {
    const body = [header, ...left.map((index) => rows[index])].join("\n") + "\n";
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
