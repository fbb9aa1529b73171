// A page of any site may ask the server, which lets other origins read its answers (CORS; --allow-origins narrows that).
// `python3 -m http.server 8000` in Examples/, then http://127.0.0.1:8000/clients/browser/?server=http://127.0.0.1:9001
import { ClipServer, cosine } from "./clip.js";

const query = new URLSearchParams(location.search);
// The one line that is yours: where the server is.
const server = new ClipServer(query.get("server") ?? "http://127.0.0.1:9001");
const names = [
  "arch", "bucket", "cat", "chair", "dam-1", "dam-2", "dam-3", "dam-4", "espresso", "frying-pan", "koala", "truck-1",
];
const form = document.querySelector("form");
const list = document.querySelector("ol");
const status = document.querySelector("[role=status]");

/** A page's own pictures go to the server once. */
const pictures = Promise.all(
  names.map(async (name) => {
    const url = `../../pictures/${name}.jpg`;
    const blob = await (await fetch(url)).blob();
    return { url, name, embedding: await server.embedPicture(blob) };
  }),
);

async function sort() {
  status.textContent = "…";
  try {
    const [query] = await server.embedTexts([form.elements.sentence.value]);
    const found = (await pictures)
      .map((picture) => ({ ...picture, score: cosine(picture.embedding, query) }))
      .sort((one, other) => other.score - one.score);
    list.replaceChildren(
      ...found.map(({ url, name, score }) => {
        const item = document.createElement("li");
        const image = Object.assign(new Image(), { src: url, alt: name });
        item.append(image, `${name} ${score.toFixed(3)}`);
        return item;
      }),
    );
    status.textContent = `${found.length} pictures, best first`;
  } catch (error) {
    status.textContent = error.message;
  }
}

form.elements.sentence.value = query.get("sentence") ?? "a koala";
form.addEventListener("submit", (event) => {
  event.preventDefault();
  sort();
});
sort();
