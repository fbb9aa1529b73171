// The pictures that were dropped, pasted, chosen or taken.

import { words } from "./words.js";

/** In the order in which they came. */
export const pictures = [];

let count = 0;
let onChange = () => {};

/** What is drawn where a browser cannot show a file that the server may well read. */
export function thumbnail(picture) {
  const frame = document.createElement("span");
  frame.className = "thumbnail";
  const image = document.createElement("img");
  image.alt = "";
  image.decoding = "async";
  image.src = picture.url;
  image.addEventListener("error", () => {
    frame.textContent = picture.name.split(".").pop().slice(0, 5).toUpperCase();
  });
  frame.append(image);
  return frame;
}

/** Adds what is not there yet: files are the same by name, size and time. */
export function add(files, isSample = false) {
  const before = pictures.length;
  for (const file of files) {
    const mark = `${file.name}/${file.size}/${isSample ? "" : file.lastModified}`;
    if (pictures.some((picture) => picture.mark === mark)) continue;
    count += 1;
    pictures.push({ id: count, mark, file, name: file.name, isSample, url: URL.createObjectURL(file), answers: new Map() });
  }
  if (pictures.length > before) changed(true);
}

function remove(picture) {
  const place = pictures.indexOf(picture);
  URL.revokeObjectURL(picture.url);
  pictures.splice(place, 1);
  changed(false);
  const buttons = document.querySelectorAll("#tray button");
  (buttons[Math.min(place, buttons.length - 1)] ?? document.getElementById("files")).focus();
}

function removeAll() {
  for (const picture of pictures.splice(0)) URL.revokeObjectURL(picture.url);
  changed(false);
  document.getElementById("files").focus();
}

function changed(isMore) {
  draw();
  onChange(isMore);
}

/** Draws the pictures with a button each that takes it away. */
export function draw() {
  document.getElementById("tray").replaceChildren(
    ...pictures.map((picture) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "×";
      button.title = words().remove(picture.name);
      button.setAttribute("aria-label", button.title);
      button.addEventListener("click", () => remove(picture));
      item.append(thumbnail(picture), button);
      return item;
    }),
  );
  document.getElementById("clear").hidden = pictures.length < 2;
}

/**
 * Listens for pictures.
 *
 * @param change is called when there are others, with whether there are more
 */
export function listen(change) {
  onChange = change;
  for (const id of ["files", "camera"]) {
    const input = document.getElementById(id);
    input.addEventListener("change", () => {
      add([...input.files]);
      input.value = ""; // so that the same file can be chosen again
    });
  }
  document.getElementById("clear").addEventListener("click", removeAll);
  document.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (files.length === 0) return; // text goes where the cursor is
    event.preventDefault();
    add(files);
  });
  const zone = document.getElementById("drop");
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    zone.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) zone.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    zone.classList.remove("over");
    if (!hasFiles(event)) return;
    event.preventDefault();
    add([...event.dataTransfer.files]);
  });
}
