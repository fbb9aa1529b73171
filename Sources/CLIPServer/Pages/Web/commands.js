// Commands for a shell that give what the page shows.

import { base, hasKey } from "./server.js";

/** A word for the shell, whatever stands in it. */
export const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** A request as far as everything needs it. */
export const curl = (path) => `curl -s ${url(path)}` + (hasKey() ? ' -H "Authorization: Bearer $CLIP_API_KEY"' : "");

const json = "-H 'Content-Type: application/json'";

const url = (path) => quoted(base() + path).replace(/^'([\w.:/-]+)'$/, "$1");

/** A body in printf's own form, with `%s` for a picture's base64. */
function form(body) {
  const json = JSON.stringify({ image: { type: "base64", value: "" }, ...body });
  const escaped = json.replaceAll("\\", "\\\\").replaceAll("%", "%%");
  return quoted(escaped.replace('"value":""', '"value":"%s"'));
}

/** How a shell gets at a picture: one that the page brought along is fetched, others lie in the folder that one is in. */
const source = (picture) =>
  picture.isSample ? `curl -s ${url(`page/${picture.name}`)} | base64` : `base64 < ${quoted(picture.name)}`;

export const ofPicture = (picture, body, path = "classify") =>
  `printf ${form(body)} "$(${source(picture)} | tr -d '\\n')" |\n  ${curl(path)} ${json} -d @-`;

/** For every picture its file's name and its answer, a line each. */
export function ofPictures(pictures, body) {
  const own = pictures.filter((picture) => !picture.isSample);
  const lines = pictures
    .filter((picture) => picture.isSample)
    .map((picture) => `curl -sO ${url(`page/${picture.name}`)}`);
  const files = [...own, ...pictures.filter((picture) => picture.isSample)].map((picture) => quoted(picture.name));
  return [
    ...lines,
    `for file in ${files.join(" ")}; do`,
    `  printf '%s ' "$file"; printf ${form(body)} "$(base64 < "$file" | tr -d '\\n')" |`,
    `    ${curl("classify")} ${json} -d @-; echo`,
    "done",
  ].join("\n");
}

export const ofTexts = (body, path = "classify") => `${curl(path)} ${json} \\\n  -d ${quoted(JSON.stringify(body))}`;
