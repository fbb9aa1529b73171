// The search of the server's pictures: a view of its own beside the comparison.

import { curl, ofPicture, ofTexts } from "./commands.js";
import { bringIntoView } from "./main.js";
import { thumbnail } from "./pictures.js";
import { command, make, refusal } from "./results.js";
import { count, texts } from "./search-words.js";
import { ask, base64, hasKey, post, setKey } from "./server.js";
import { cosine, words } from "./words.js";

/** As many thumbnails are asked for at once. */
const AT_ONCE = 4;
const MOST = 1000;

const view = make("section");
view.id = "search";
view.hidden = true;
view.innerHTML = `
<h1 data-text="title"></h1>
<div class="columns">
<form class="panel" role="search" novalidate>
<p><label for="search-text"><strong data-text="text"></strong></label>
<input id="search-text" type="search" autocomplete="off"></p>
<ul id="search-also"></ul>
<label class="drop"><input type="file" id="search-file" accept="image/*" class="unseen">
<span class="button" data-text="choose"></span><span class="hint" data-text="dropHint"></span></label>
<details><summary data-text="options"></summary>
<p><label for="search-under" data-text="under"></label><input id="search-under" type="text" spellcheck="false"></p>
<p><label for="search-score" data-text="score"></label><input id="search-score" type="text" inputmode="decimal"></p>
<p><label for="search-top" data-text="top"></label><select id="search-top"><option>20</option><option>60</option><option>200</option></select></p>
</details>
<button type="submit" class="primary" data-text="submit"></button>
</form>
<section id="search-results" class="panel" tabindex="-1" aria-labelledby="search-results-title">
<h2 id="search-results-title"></h2>
<p id="search-status" role="status"></p>
<div id="search-problem" role="alert"></div>
<form id="search-keys" hidden novalidate>
<p><label for="search-key"></label><input id="search-key" type="password" autocomplete="off"></p>
<button type="submit" class="primary"></button>
</form>
<ol id="search-list"></ol>
<button type="button" id="search-more" class="button" data-text="more" hidden></button>
</section>
</div>`;
document.querySelector("main").append(view);

const get = (id) => document.getElementById(`search-${id}`);
const form = view.querySelector("form");
const views = make("nav", "views");
for (const name of ["compare", "search"]) {
  const link = make("a");
  link.href = `#${name}`;
  link.dataset.text = name;
  views.append(link);
}
document.querySelector(".brand").after(views);

/** What is searched with beside the text: a file of the reader's, or a picture of the server's. */
let picture = null;
let like = null;
/** What was asked, with its answer or refusal. */
let shown = null;
let running = null;
/** What an alert says, in either language. */
let told = () => "";

// MARK: Asking

/** What is asked beside the picture's bytes; a word tells what is missing. */
function question() {
  const text = get("text").value.trim();
  const under = get("under").value.trim();
  const score = get("score").value.trim().replace(",", ".");
  if (!text && !picture && !like) return "needQuery";
  if (score !== "" && !Number.isFinite(Number(score))) return "needScore";
  return {
    ...(text && { text }),
    ...(like && { like: like.id }),
    top: Number(get("top").value),
    ...(score && { min_score: Number(score) }),
    ...(under && { under }),
  };
}

async function run(most) {
  running?.abort();
  const body = question();
  if (typeof body === "string") {
    tell(() => texts()[body]);
    if (body === "needScore") get("score").closest("details").open = true;
    return get(body === "needScore" ? "score" : "text").focus();
  }
  if (most) body.top = most;
  tell(() => "");
  get("keys").hidden = true;
  const control = (running = new AbortController());
  get("status").textContent = texts().working;
  if (!most) bringIntoView(get("results"));
  const asked = picture;
  try {
    const image = asked && { image: { type: "base64", value: await base64(asked.file) } };
    const onWait = (seconds) => (get("status").textContent = words().waiting(seconds));
    const answer = await post("search", { ...image, ...body }, control.signal, onWait);
    shown = { body, picture: asked, answer, signal: control.signal };
  } catch (error) {
    if (error.name === "AbortError") return;
    shown = { body, picture: asked, error, signal: control.signal };
  }
  if (control.signal.aborted) return;
  render();
}

function tell(sentence) {
  told = sentence;
  get("problem").replaceChildren(...(told() ? [make("p", "refusal", told())] : []));
}

// MARK: Thumbnails: those in sight, a few at a time

const waiting = [];
let loading = 0;
let addresses = [];
const sight = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      sight.unobserve(target);
      waiting.push(target);
    }
    load();
  },
  { rootMargin: "200px" },
);

function load() {
  while (loading < AT_ONCE && waiting.length > 0) {
    const frame = waiting.shift();
    if (!frame.isConnected) continue;
    loading += 1;
    fill(frame, shown.signal).finally(() => {
      loading -= 1;
      load();
    });
  }
}

async function fill(frame, signal) {
  try {
    const blob = await (await ask(`thumbnails/${frame.dataset.id}`, { signal }, () => {})).blob();
    if (signal.aborted) return;
    const image = make("img");
    image.alt = "";
    image.src = URL.createObjectURL(blob);
    addresses.push(image.src);
    frame.replaceChildren(image);
  } catch (error) {
    if (error.name !== "AbortError") frame.textContent = error.status === 404 ? texts().gone : "?";
  }
}

// MARK: What came out

const nameOf = (path) => path.slice(path.lastIndexOf("/") + 1);

function render() {
  sight.disconnect();
  waiting.length = 0;
  for (const address of addresses.splice(0)) URL.revokeObjectURL(address);
  get("more").hidden = true;
  get("list").replaceChildren();
  get("status").textContent = shown ? "" : texts().noneYet;
  if (!shown) return;
  const { body, answer, error } = shown;
  if (error?.status === 401) return showKeys(hasKey() ? "wrongKey" : "needKey");
  if (error) return get("problem").replaceChildren(refusal(error));
  const { results, searched } = answer;
  const time = words().milliseconds(Math.max(1, Math.round(answer.time * 1000)));
  get("status").textContent = results.length
    ? texts().found(results.length, count(searched), time)
    : texts().none(count(searched));
  get("list").append(...results.map(item));
  for (const frame of view.querySelectorAll("#search-list .thumbnail")) sight.observe(frame);
  get("more").hidden = results.length < body.top || body.top >= MOST;
}

function item({ id, path, score, copies }, place) {
  const name = nameOf(path);
  const frame = make("span", "thumbnail");
  frame.dataset.id = id;
  const title = make("h3", "", `${place + 1}. ${name}`);
  title.id = `found-${id}`;
  const figure = make("p", "figure", texts().figure(cosine(score)));
  if (copies) figure.append(` (${texts().copies(count(copies))})`);
  const more = make("button", "plain", texts().like);
  more.type = "button";
  more.setAttribute("aria-label", `${texts().like}: ${name}`);
  more.addEventListener("click", () => {
    [like, picture] = [{ id, name }, null];
    get("text").value = "";
    chosen();
    get("results").focus();
    run();
  });
  const folder = make("p", "hint", path.slice(0, path.length - name.length));
  const article = make("article", "", frame, title, folder, figure, more, command(commands(id)));
  article.setAttribute("aria-labelledby", title.id);
  return make("li", "", article);
}

/** The search, and then the picture of a result. */
function commands(id) {
  const { body, picture: asked } = shown;
  const search = asked ? ofPicture(asked, body, "search") : ofTexts(body, "search");
  return `${search}\n${curl(`thumbnails/${id}`)} -o ${id}.jpg`;
}

function showKeys(word) {
  tell(() => words()[word]);
  get("keys").hidden = false;
  get("key").focus();
}

// MARK: What is around the question

function chosen() {
  const entries = [];
  if (picture) entries.push([picture.name, () => (picture = null), thumbnail(picture)]);
  if (like) entries.push([`${texts().like}: ${like.name}`, () => (like = null)]);
  get("also").replaceChildren(
    ...entries.map(([name, remove, ...frame]) => {
      const button = make("button", "", "×");
      button.type = "button";
      button.setAttribute("aria-label", words().remove(name));
      button.addEventListener("click", () => {
        remove();
        chosen();
        get("text").focus();
      });
      return make("li", "", ...frame, make("span", "", name), button);
    }),
  );
}

function take(files) {
  const [file] = files;
  if (!file) return;
  if (picture) URL.revokeObjectURL(picture.url);
  [picture, like] = [{ file, name: file.name, url: URL.createObjectURL(file) }, null];
  chosen();
  run();
}

const isSearching = () => location.hash.startsWith("#search");

function arrange() {
  view.hidden = !isSearching();
  document.body.classList.toggle("searching", isSearching());
  for (const link of views.children) {
    const isHere = (link.hash === "#search") === isSearching();
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.querySelector(".skip").href = isSearching() ? "#search-results" : "#results";
}

function speak() {
  for (const one of document.querySelectorAll("[data-text]")) one.textContent = texts()[one.dataset.text];
  views.setAttribute("aria-label", texts().views);
  get("results-title").textContent = words().results;
  view.querySelector("[for=search-key]").textContent = words().key;
  view.querySelector("#search-keys button").textContent = words().keySubmit;
  chosen();
  tell(told);
  render();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});
get("more").addEventListener("click", () => run(Math.min(MOST, shown.body.top * 2)));
get("file").addEventListener("change", ({ target }) => {
  take([...target.files]);
  target.value = ""; // so that the same file can be chosen again
});
get("keys").addEventListener("submit", (event) => {
  event.preventDefault();
  const word = get("key").value.trim();
  get("key").value = "";
  if (setKey(word)) run();
  else showKeys(word === "" ? "needKey" : "wrongKey");
});
// What is dropped or pasted here is not for the comparison, which listens, too, and later.
for (const [type, transfer] of [["drop", "dataTransfer"], ["paste", "clipboardData"]]) {
  document.addEventListener(
    type,
    (event) => {
      const files = [...(event[transfer]?.files ?? [])];
      if (!isSearching() || files.length === 0) return;
      event.preventDefault();
      event.stopPropagation();
      take(files);
    },
    true,
  );
}
addEventListener("hashchange", arrange);
document.getElementById("language").addEventListener("click", speak);
arrange();
speak();
