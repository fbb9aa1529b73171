// The page: what is asked, when, and where the answers go.

import * as commands from "./commands.js";
import { add, draw, listen, pictures } from "./pictures.js";
import * as results from "./results.js";
import * as server from "./server.js";
import { bytes, change, cosine, percent, show, words } from "./words.js";

const get = (id) => document.getElementById(id);
const form = get("question");

/** As many requests at once; the server's batches are made of those that overlap. */
const AT_ONCE = 4;
/** As many labels of a picture are shown. */
const MOST_LABELS = 10;

/** What is shown: nothing, or an outcome for each picture, or the answer for texts. */
let shown = null;
let running = null;
let offered = [];
let asking = null;
/** What is done once a key is there. */
let next = run;

const mode = () => form.elements.mode.value;

/** What was typed: a line each, or with commas where there is one line; nothing twice. */
function entries(text) {
  const parts = text.includes("\n") ? text.split("\n") : text.split(/[,，、]/);
  return [...new Set(parts.map((part) => part.trim()).filter(Boolean))];
}

/** What a request asks beside its picture; a string tells what is missing. */
function question() {
  const labels = entries(get("labels").value.trim());
  const sentence = get("sentence").value.trim();
  const template = get("template").value.trim();
  const model = get("model").value && { clip_version_id: get("model").value };
  if (mode() !== "texts" && pictures.length === 0) return "needPicture";
  if (mode() !== "labels" && sentence === "") return "needSentence";
  if (mode() === "sentence") return { labels: [sentence], ...model };
  if (labels.length === 0) return "needLabels";
  if (mode() === "texts") return { text: sentence, labels, ...model };
  if (template !== "" && !template.includes("{}")) return "needTemplate";
  return {
    labels,
    ...(template && { templates: [template] }),
    ...(labels.length > MOST_LABELS && { top_k: MOST_LABELS }),
    ...model,
  };
}

/** Asks for everything that is not known yet, and shows it as it comes. */
async function run() {
  running?.abort();
  const body = question();
  tell("");
  get("keys").hidden = true;
  if (typeof body === "string") {
    tell(body);
    return missing(body);
  }
  bringIntoView(get("results"));
  const control = new AbortController();
  running = control;
  if (mode() === "texts") await compareTexts(body, control.signal);
  else await comparePictures(body, control.signal);
  if (running === control) running = null;
}

/** On a telephone the results lie below what was asked. */
export function bringIntoView(place) {
  if (place.getBoundingClientRect().top < innerHeight * 0.8) return;
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  place.scrollIntoView({ behavior: isCalm ? "auto" : "smooth" });
}

function missing(word) {
  const place = { needPicture: "files", needLabels: "labels", needSentence: "sentence", needTemplate: "template" }[word];
  if (place === "template") get("template").closest("details").open = true;
  get(place).focus();
}

const onWait = (seconds) => (get("status").textContent = words().waiting(seconds));

async function compareTexts(body, signal) {
  get("status").textContent = words().working(0, 1);
  try {
    const answer = await server.post("classify", body, signal, onWait);
    loadModels();
    shown = { mode: "texts", body, answer };
    render();
  } catch (error) {
    if (error.name === "AbortError") return;
    shown = { mode: "texts", body, error };
    render();
    askForKey(error);
  }
}

async function comparePictures(body, signal) {
  const question = JSON.stringify(body);
  const outcomes = pictures.map((picture) => ({ picture, answer: picture.answers.get(question) }));
  shown = { mode: mode(), body, outcomes };
  render();
  const waiting = outcomes.filter((outcome) => !outcome.answer);
  const work = async () => {
    for (let outcome; (outcome = waiting.shift()); ) {
      const { picture } = outcome;
      if (!pictures.includes(picture)) continue;
      outcome.control = new AbortController();
      const stop = () => outcome.control.abort();
      signal.addEventListener("abort", stop);
      try {
        const image = { type: "base64", value: await server.base64(picture.file) };
        outcome.control.signal.throwIfAborted();
        outcome.answer = await server.post("classify", { image, ...body }, outcome.control.signal, onWait);
        picture.answers.set(question, outcome.answer);
        loadModels();
      } catch (error) {
        if (signal.aborted) return;
        // The picture is gone, and the others are asked for.
        if (error.name === "AbortError") continue;
        outcome.error = error;
        if (error.status === 401) waiting.length = 0;
      } finally {
        signal.removeEventListener("abort", stop);
      }
      if (signal.aborted) return;
      render();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (!signal.aborted) askForKey(outcomes.find((outcome) => outcome.error?.status === 401)?.error);
}

/** Shows where a key goes, if it is one that was missing. */
function askForKey(error, then = run) {
  if (error?.status !== 401) return;
  next = then;
  shown = null;
  render();
  showKeys(server.hasKey() ? "wrongKey" : "needKey");
}

function showKeys(word) {
  tell(word);
  get("keys").hidden = false;
  get("key").focus();
}

/** Shows what a mere link cannot ask for, since it has no key. */
async function showState() {
  tell("");
  get("keys").hidden = true;
  try {
    get("state-text").textContent = await server.state();
    get("state").showModal();
    loadModels();
  } catch (error) {
    if (error.status === 401) askForKey(error, showState);
    else get("problem").replaceChildren(results.refusal(error));
  }
}

/** Says what is wrong, or nothing any more. */
function tell(word) {
  const place = get("problem");
  place.dataset.told = word;
  place.replaceChildren(...(word ? [results.make("p", "refusal", words()[word])] : []));
}

/** Draws what is shown, in the language of the moment. */
function render() {
  const list = get("list");
  // A command that is open stays so while other answers come, wherever its picture goes.
  const place = (details) => details.closest("[aria-labelledby]").getAttribute("aria-labelledby");
  const open = new Set([...list.querySelectorAll("details[open]")].map(place));
  list.className = shown?.mode ?? "";
  if (!shown) {
    list.replaceChildren();
    get("status").textContent = words().noneYet;
    return;
  }
  if (shown.mode === "texts") renderTexts(list);
  else renderPictures(list);
  for (const details of list.querySelectorAll("details")) details.open = open.has(place(details));
}

function renderTexts(list) {
  const { body, answer, error } = shown;
  list.replaceChildren(error ? results.refusal(error) : results.compared(answer, commands.ofTexts(body)));
  get("status").textContent = error ? "" : words().doneTexts(body.labels.length);
}

const similarity = (outcome) => outcome.answer?.predictions[0][0].similarity ?? -Infinity;

function renderPictures(list) {
  const { body, outcomes } = shown;
  const told = outcomes.map((one) => ({ ...one, text: commands.ofPicture(one.picture, body) }));
  if (shown.mode === "labels") {
    list.replaceChildren(...told.map((one) => results.labelled(one)));
  } else {
    told.sort((one, other) => similarity(other) - similarity(one));
    const all = commands.ofPictures(outcomes.map((outcome) => outcome.picture), body);
    const items = told.map((one, index) => results.found(one, index + 1));
    list.replaceChildren(...items, results.command(all, words().commandOfAll));
  }
  summarise(outcomes);
}

/** The line that is read aloud. */
function summarise(outcomes) {
  const answered = outcomes.filter((outcome) => outcome.answer);
  const failed = outcomes.filter((outcome) => outcome.error);
  const done = answered.length + failed.length;
  if (done < outcomes.length) {
    get("status").textContent = words().working(done, outcomes.length);
    return;
  }
  const sentences = [];
  if (answered.length > 0) sentences.push(words().done(answered.length));
  if (failed.length > 0) sentences.push(words().failed(failed.length));
  if (answered.length > 0 && shown.mode === "sentence") {
    const best = answered.reduce((one, other) => (similarity(other) > similarity(one) ? other : one));
    sentences.push(words().bestPicture(best.picture.name, cosine(similarity(best))));
  } else if (answered.length === 1) {
    const best = answered[0].answer.predictions[0][0];
    sentences.push(words().best(answered[0].picture.name, best.label, percent(best.score)));
  }
  get("status").textContent = sentences.join(" ");
}

// MARK: What is around the question

/** Shows what belongs to the way of comparing. */
function arrange() {
  for (const part of document.querySelectorAll("[data-modes]")) {
    part.hidden = !part.dataset.modes.split(" ").includes(mode());
  }
  const isTexts = mode() === "texts";
  document.querySelector("label[for=sentence]").textContent = isTexts ? words().oneText : words().sentence;
  get("labels-name").textContent = isTexts ? words().otherTexts : words().labels;
  get("count").textContent = words().count(entries(get("labels").value.trim()).length);
  get("examples").replaceChildren(...examples());
}

function examples() {
  const all = {
    labels: words().exampleSets,
    sentence: words().exampleSentences.map((text) => ({ name: text, text })),
    texts: words().exampleTexts,
  }[mode()];
  return all.map(({ name, text, labels }) => {
    const button = results.make("button", "chip", name);
    button.type = "button";
    button.addEventListener("click", () => {
      if (text) get("sentence").value = text;
      if (labels) get("labels").value = labels.join("\n");
      get("count").textContent = words().count(entries(get("labels").value).length);
      if (mode() === "texts" || pictures.length > 0) run();
    });
    return button;
  });
}

function drawModels() {
  const select = get("model");
  const chosen = select.value;
  const more = offered.map(({ name, isLoaded, bytes: size }) => {
    const state = isLoaded ? "" : ` (${size ? words().toFetch(bytes(size)) : words().notLoaded})`;
    return new Option(name + state, name);
  });
  select.replaceChildren(select.options[0], ...more);
  select.value = chosen;
}

/** Asks once which models there are. Until there is an answer, the server's default is the only choice. */
function loadModels() {
  asking ??= server.models().then(
    (models) => {
      offered = models;
      drawModels();
    },
    // Whoever compares something is told what is wrong.
    () => (asking = null),
  );
}

/** Everything in the language of the moment. */
function speak() {
  show();
  arrange();
  draw();
  drawModels();
  tell(get("problem").dataset.told ?? "");
  render();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    run();
  }
});
for (const radio of form.elements.mode) {
  radio.addEventListener("change", () => {
    running?.abort();
    shown = null;
    tell("");
    arrange();
    render();
  });
}
get("labels").addEventListener("input", arrange);
get("language").addEventListener("click", () => {
  change();
  speak();
});
for (const button of document.querySelectorAll("[data-sample]")) {
  button.addEventListener("click", async () => {
    try {
      add([await server.sample(button.dataset.sample)], true);
    } catch (error) {
      get("problem").replaceChildren(results.refusal(error));
    }
  });
}
get("keys").addEventListener("submit", (event) => {
  event.preventDefault();
  const word = get("key").value.trim();
  get("key").value = "";
  if (server.setKey(word)) next();
  else showKeys(word === "" ? "needKey" : "wrongKey");
});
get("state-link").addEventListener("click", (event) => {
  if (!server.asksForKeys() || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  showState();
});
get("state-close").addEventListener("click", () => get("state").close());
get("routes").addEventListener("toggle", async () => {
  const place = get("routes").querySelector("pre");
  if (place.textContent === "") place.textContent = await server.routes().catch(() => words().unreachable);
});
listen((isMore) => {
  const isReady = typeof question() !== "string";
  if (isMore && isReady) run();
  else if (!isMore && shown?.outcomes) {
    // A request for a picture that is gone is of no use; what is known of the others stays.
    for (const outcome of shown.outcomes) {
      if (!pictures.includes(outcome.picture)) outcome.control?.abort();
    }
    shown.outcomes = shown.outcomes.filter((outcome) => pictures.includes(outcome.picture));
    if (shown.outcomes.length === 0) shown = null;
    render();
  }
});

speak();
document.body.classList.remove("waiting");
if (!server.asksForKeys()) loadModels();
