// What came out, as lists with bars.

import { thumbnail } from "./pictures.js";
import { cosine, percent, words } from "./words.js";

/** An element with a class and what is in it. */
export function make(name, className, ...children) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

function bar(share) {
  const fill = make("span");
  fill.style.width = `${100 * Math.min(1, Math.max(0, share))}%`;
  const track = make("span", "bar", fill);
  track.setAttribute("aria-hidden", "true");
  return track;
}

const row = (label, figure, share) =>
  make("li", "", make("span", "name", label), make("span", "figure", figure), bar(share));

const figure = (prediction) => `${words().similarity} ${cosine(prediction.similarity)}`;

/** Labels, best first, with their shares. */
export const shares = (predictions) =>
  make("ol", "bars", ...predictions.map((one) => row(one.label, percent(one.score), one.score)));

/** Texts, best first, with their cosines. */
export const similarities = (predictions) =>
  make("ol", "bars", ...predictions.map((one) => row(one.label, figure(one), one.similarity)));

/** Copies, also where the page did not come over a connection that browsers think safe. */
async function copy(text, shown) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    getSelection().selectAllChildren(shown);
    document.execCommand("copy");
  }
}

/** A command behind a line that opens it, with a button that copies it. */
export function command(text, title = words().command) {
  const code = make("pre", "", text);
  code.tabIndex = 0;
  code.setAttribute("aria-label", title);
  const button = make("button", "plain", words().copy);
  button.type = "button";
  button.addEventListener("click", async () => {
    await copy(text, code);
    button.textContent = words().copied;
    setTimeout(() => (button.textContent = words().copy), 2000);
  });
  return make("details", "command", make("summary", "", title), code, button);
}

function note(answer) {
  const model = answer.model?.replace(/^clip\//, "");
  const time = answer.time == null ? null : words().milliseconds(Math.max(1, Math.round(answer.time * 1000)));
  return make("p", "hint", [time, model].filter(Boolean).join(" · "));
}

/** A refusal: ours where the server said nothing, the server's words otherwise. */
export function refusal(error) {
  if (error.status === undefined) return make("p", "refusal", words().unreadable);
  if (!error.status) return make("p", "refusal", words().unreachable);
  const quote = make("q", "", error.message);
  quote.lang = "en";
  return make("p", "refusal", `${words().answered} `, quote);
}

function card(picture, ...children) {
  const title = make("h3", "", picture.name);
  title.id = `picture-${picture.id}`;
  const article = make("article", "card", thumbnail(picture), make("div", "what", title, ...children));
  article.setAttribute("aria-labelledby", title.id);
  return article;
}

/** A picture with its labels. */
export function labelled({ picture, answer, error, text }) {
  if (error) return card(picture, refusal(error));
  if (!answer) return card(picture, make("p", "hint", "…"));
  return card(picture, shares(answer.predictions[0]), note(answer), command(text));
}

/** A picture of a sorted list. */
export function found({ picture, answer, error, text }, place) {
  if (error) return card(picture, refusal(error));
  if (!answer) return card(picture, make("p", "hint", "…"));
  const best = answer.predictions[0][0];
  const item = card(picture, make("p", "figure", figure(best)), bar(best.similarity), command(text));
  item.querySelector("h3").prepend(`${place}. `);
  return item;
}

/** A text with others. */
export const compared = (answer, text) =>
  make("article", "card", make("div", "what", similarities(answer.predictions[0]), note(answer), command(text)));
