import { authentication, call, credential, key, Problem, root } from "./api.js";
import { answerView } from "./answer.js";
import { element, find, rowsOf } from "./dom.js";
import { instanceForm } from "./form.js";
import { score } from "./scoring.js";
import { languages } from "./snippets.js";

const waitForTyping = 150;
const page = { model: null, form: null, example: 0, language: "curl", timer: 0, pending: null };

function say(text, bad = false) {
  find("status").textContent = text;
  find("status").classList.toggle("bad", bad);
}

function showKeyForm(wanted) {
  const needed = wanted && credential !== null;
  find("connect").classList.toggle("done", !needed);
  for (const part of find("connect").querySelectorAll("label, input, button.primary")) part.hidden = !needed;
  find("forget").hidden = needed || !key.get();
  find("key-note").hidden = !needed && !key.get();
  find("key-name").textContent = credential?.name ?? "";
  const source = needed && authentication === "api-key" ? "make key prints it; for what make up started, make key LOCAL=1. " : "";
  find("key-note").textContent = `${source}The ${credential?.name} stays in this tab only, until it is closed.`;
  find("forget").textContent = `Forget the ${credential?.name}`;
}

async function connect(asked) {
  try {
    const model = JSON.parse(await call("model", { headers: { accept: "application/json" } }));
    say("");
    show(model);
  } catch (problem) {
    find("main").hidden = true;
    showKeyForm(true);
    if (!(problem instanceof Problem)) say("The API does not answer. Check that the stack runs, then connect again.", true);
    else if ([401, 403].includes(problem.status)) say(...refusal(asked));
    else say(problem.message, true);
    find("key").focus();
  }
}

function refusal(asked) {
  if (authentication === "iam") return ["This stack takes requests that are signed with AWS credentials (IAM), and a page can't sign. Call it from a program.", true];
  if (credential === null) return ["The gateway refused the request.", true];
  return asked ? [`This ${credential.name} was refused. Check it and connect again.`, true] : [`Enter the ${credential.name} of this stack to begin.`, false];
}

function show(model) {
  page.model = model;
  document.title = `${model.name} · playground`;
  find("name").textContent = model.name;
  find("facts").textContent = `${model.task.replaceAll("_", " ")} · ${model.input.columns.length} ${model.input.columns.length === 1 ? "input" : "inputs"} · version ${model.version} · ${model.engine} engine`;
  showKeyForm(false);
  find("main").hidden = false;
  page.form = instanceForm(find("instance"), find("search"), model.input.columns, model.statistics?.columns, changed);
  find("bars").hidden = !find("instance").querySelector("svg");
  page.example = 0;
  fill();
  showCard();
}

function fill() {
  const examples = page.model.examples?.instances ?? [];
  if (examples.length > 0) page.form.fill(examples[page.example % examples.length]);
  find("another").hidden = examples.length < 2;
  predict();
}

function changed() {
  clearTimeout(page.timer);
  page.timer = setTimeout(predict, waitForTyping);
}

async function predict() {
  clearTimeout(page.timer);
  page.pending?.abort();
  const asking = new AbortController();
  page.pending = asking;
  const cells = page.form.cells();
  const body = `{"instances": [{${cells.map((cell) => cell.join(": ")).join(", ")}}], "warnings": true}`;
  showCode(cells);
  find("answer").classList.add("stale");
  const began = performance.now();
  try {
    const headers = { "content-type": "application/json", accept: "application/json" };
    const answer = JSON.parse(await call("predict", { method: "POST", headers, body, signal: asking.signal }));
    find("took").textContent = `${Math.round(performance.now() - began)} ms, round trip`;
    page.form.refuse([]);
    const view = answerView(page.model, answer);
    find("answer").replaceChildren(...view.headline);
    const warnings = (answer.warnings ?? []).map(({ detail }) => element("p", { class: "warning" }, detail));
    find("answer-detail").replaceChildren(...warnings, ...view.details);
  } catch (problem) {
    if (problem.name === "AbortError") return;
    showTrouble(problem);
  }
  find("answer").classList.remove("stale");
}

function showTrouble(problem) {
  const elsewhere = page.form.refuse(problem.errors ?? []);
  const here = (problem.errors?.length ?? 0) > elsewhere.length;
  const said = problem instanceof Problem ? problem.message : "The API does not answer. Check that the stack runs.";
  const lines = [here ? "Correct the marked fields to get an answer." : said, ...elsewhere.map(({ detail }) => detail)];
  find("took").textContent = "";
  find("answer").replaceChildren(...lines.map((line) => element("p", { class: "trouble" }, line)));
  find("answer-detail").replaceChildren();
}

function showCode(cells) {
  page.cells = cells;
  find("code").textContent = languages[page.language](`${root}predict`, cells, credential);
  find("languages").replaceChildren(...Object.keys(languages).map((name) => {
    const chosen = name === page.language;
    const tab = element("button", { type: "button", role: "tab", id: chosen && "language", "aria-selected": String(chosen), "aria-controls": "code", tabindex: chosen ? "0" : "-1" }, name);
    tab.addEventListener("click", () => choose(name));
    return tab;
  }));
}

function choose(name) {
  page.language = name;
  showCode(page.cells);
  find("languages").querySelector("[aria-selected=true]").focus();
}

async function showCard() {
  const place = find("card");
  try {
    const text = await call("model", { headers: { accept: "text/html" } });
    const body = new DOMParser().parseFromString(text, "text/html").querySelector("main");
    place.replaceChildren(...(body?.childNodes ?? []));
  } catch {
    place.replaceChildren(); // an artifact from elsewhere may have no card
  }
  place.parentElement.hidden = place.childElementCount === 0;
}

async function scoreFile(file) {
  const stop = new AbortController();
  find("scoring").hidden = false;
  find("download").hidden = true;
  find("cancel").hidden = false;
  find("cancel").onclick = () => stop.abort();
  find("refused").replaceChildren();
  find("progress").value = 0;
  find("scored").textContent = `Reading ${file.name} …`;
  try {
    const scored = await score(await file.text(), page.model, stop.signal, (done, all) => {
      find("progress").value = done / all;
      find("scored").textContent = `${done.toLocaleString("en")} of ${rowsOf(all)}`;
    });
    URL.revokeObjectURL(find("download").href);
    find("download").href = URL.createObjectURL(new Blob([scored.text], { type: "text/csv" }));
    find("download").download = file.name.replace(/(\.csv)?$/i, "-scored.csv");
    find("download").hidden = false;
    const refused = scored.refused.length;
    const unsent = scored.unsent.length > 0 ? ` Not sent, since the model does not take it: ${scored.unsent.join(", ")}.` : "";
    find("scored").textContent = `${rowsOf(scored.rows)} scored` + (refused ? `, ${refused} of them refused: the reasons are in the column “error”.` : ".") + unsent;
    find("refused").replaceChildren(...scored.refused.slice(0, 10).map(({ row, reason }) => element("li", {}, `Row ${row}: ${reason}`)));
  } catch (problem) {
    find("scored").textContent = problem.name === "AbortError" ? "Cancelled." : `Not scored: ${problem.message}`;
    const lines = (problem.errors ?? []).slice(0, 10).map(({ detail }) => element("li", {}, detail));
    find("refused").replaceChildren(...lines);
  }
  find("cancel").hidden = true;
}

find("connect").addEventListener("submit", (event) => {
  event.preventDefault();
  key.set(find("key").value.trim());
  find("key").value = "";
  connect(true);
});
find("forget").addEventListener("click", () => { key.forget(); location.reload(); });
find("instance").addEventListener("submit", (event) => { event.preventDefault(); predict(); });
find("another").addEventListener("click", () => { page.example += 1; fill(); });
find("languages").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const names = Object.keys(languages);
  choose(names[(names.indexOf(page.language) + step + names.length) % names.length]);
});
find("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(find("code").textContent);
  find("copy").textContent = "Copied";
  setTimeout(() => { find("copy").textContent = "Copy"; }, 1500);
});
find("file").addEventListener("change", (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (file) scoreFile(file);
});
find("drop").addEventListener("dragover", (event) => { event.preventDefault(); find("drop").classList.add("over"); });
find("drop").addEventListener("dragleave", () => find("drop").classList.remove("over"));
find("drop").addEventListener("drop", (event) => {
  event.preventDefault();
  find("drop").classList.remove("over");
  const [file] = event.dataTransfer.files;
  if (file) scoreFile(file);
});

connect(false);
