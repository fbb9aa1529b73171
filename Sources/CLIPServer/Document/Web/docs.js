// Shows /openapi.json as a page. Nothing is asked of another server, and nothing leaves this page but by "Send".

const words = {
  en: {
    language: "한국어", skip: "To the routes", home: "Try pictures and texts", title: "The API", loading: "Loading …",
    failed: "The description could not be loaded. Reload the page, or read", key: "Key",
    keyHint: "This server asks for one. It stays in this page, and is sent with what you send from here.",
    field: "Field", type: "Type", meaning: "Meaning", required: "required", byDefault: "by default", parameters: "Parameters",
    body: "Body", example: "Example", copy: "Copy", copied: "Copied", answers: "Answers", send: "Send", sending: "Sending …",
    or: "or", list: "list of", upTo: "up to", object: "object", bytes: "bytes of a file", noBody: "no body", fields: "its fields",
    unreachable: "The server could not be reached.", needsKey: "needs a key", headers: "Header fields",
    noKey: "This is no key: keys have visible ASCII characters only.",
  },
  ko: {
    language: "English", skip: "경로로 건너뛰기", home: "사진과 문장으로 해 보기", title: "API 문서", loading: "불러오는 중 …",
    failed: "문서를 불러오지 못했습니다. 새로 고치거나 다음을 읽어 주세요:", key: "키",
    keyHint: "이 서버는 키를 요구합니다. 키는 이 페이지에만 남아 있고, 여기에서 보내는 요청에만 쓰입니다.",
    field: "필드", type: "형식", meaning: "뜻", required: "필수", byDefault: "기본값", parameters: "매개변수",
    body: "본문", example: "예", copy: "복사", copied: "복사했습니다", answers: "응답", send: "보내기", sending: "보내는 중 …",
    or: "또는", list: "목록:", upTo: "최대", object: "객체", bytes: "파일 내용", noBody: "본문 없음", fields: "필드",
    unreachable: "서버에 연결할 수 없습니다.", needsKey: "키 필요", headers: "헤더",
    noKey: "키가 아닙니다. 키에는 화면에 보이는 ASCII 문자만 들어갑니다.",
  },
};

const root = location.pathname.replace(/docs\/*$/, "");
let language = stored() ?? (navigator.language.startsWith("ko") ? "ko" : "en");
let api = null;
const word = (name) => words[language][name];

function stored() {
  try { return words[localStorage.getItem("language")] ? localStorage.getItem("language") : null; } catch { return null; }
}

/** An element with attributes and children; text is never taken for HTML. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== ""));
  return element;
}

/** Text with `code`, **bold** and empty lines between paragraphs. */
function prose(text = "") {
  return text.split("\n\n").map((paragraph) => make("p", {}, inline(paragraph)));
}

function inline(text = "") {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((piece) =>
    piece.startsWith("`") ? make("code", {}, piece.slice(1, -1)) : piece.startsWith("**") ? make("strong", {}, piece.slice(2, -2)) : piece);
}

// Schemas

function resolved(value) {
  while (value?.$ref) {
    const { $ref, ...beside } = value;
    value = { ...$ref.slice(2).split("/").reduce((place, step) => place[step.replaceAll("~1", "/")], api), ...beside };
  }
  return value ?? {};
}

function typeOf(schema) {
  const name = schema.$ref?.split("/").pop();
  schema = resolved(schema);
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(", ");
  if (name && /^(Caption|Picture|ModelName|ModelID|LaxBoolean|BooleanWord|Embedding)/.test(name)) return name;
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return [...new Set(choices.map(typeOf))].join(` ${word("or")} `);
  if (schema.type === "array") return `${word("list")} ${typeOf(schema.items ?? {})}${schema.maxItems ? ` (${word("upTo")} ${schema.maxItems})` : ""}`;
  if (schema.format === "binary") return word("bytes");
  if (Array.isArray(schema.type)) return schema.type.join(` ${word("or")} `);
  return schema.type === "object" || schema.properties ? word("object") : schema.type ?? "";
}

/** The fields of an object, whichever of its parts they stand in; of alternatives those are required that all require. */
function fieldsOf(schema) {
  schema = resolved(schema);
  const found = new Map();
  const add = (name, { types, meanings, required, byDefault }) => {
    const known = found.get(name) ?? { types: new Set(), meanings: new Set(), required: false };
    for (const type of types) known.types.add(type);
    for (const meaning of meanings) known.meanings.add(meaning);
    // An alternative that has no such field says so by null.
    if (known.types.size > 1) known.types.delete("null");
    known.required ||= required;
    known.byDefault ??= byDefault;
    found.set(name, known);
  };
  for (const part of schema.allOf ?? []) for (const [name, field] of fieldsOf(part)) add(name, field);
  const choices = (schema.anyOf ?? schema.oneOf ?? []).map(fieldsOf);
  for (const choice of choices) {
    for (const [name, field] of choice) add(name, { ...field, required: choices.every((other) => other.get(name)?.required) });
  }
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const { description, default: byDefault } = resolved(field);
    add(name, { types: [typeOf(field)], meanings: description ? [description] : [], required: schema.required?.includes(name) ?? false, byDefault });
  }
  return found;
}

function table(rows) {
  if (!rows.length) return null;
  return make("div", { class: "wide" }, make("table", {},
    make("thead", {}, make("tr", {}, ["field", "type", "meaning"].map((name) => make("th", { scope: "col" }, word(name))))),
    make("tbody", {}, rows.map(([name, type, meaning]) => make("tr", {}, make("th", { scope: "row" }, make("code", {}, name)), make("td", {}, type), make("td", {}, meaning))))));
}

function fieldTable(schema) {
  return table([...fieldsOf(schema)].map(([name, field]) => [name, [...field.types].filter(Boolean).join(` ${word("or")} `), [
    field.required ? make("strong", {}, `${word("required")}. `) : null, inline([...field.meanings].join(" ")),
    field.byDefault === undefined ? null : ` (${word("byDefault")} ${JSON.stringify(field.byDefault)})`,
  ]]));
}

// Requests

const examplesOf = (media) => [
  ...Object.entries(media.examples ?? {}).map(([name, example]) => ({ title: example.summary ?? name, value: example.value, address: example.externalValue })),
  ...("example" in media ? [{ title: word("example"), value: media.example }] : []),
];

/** Examples as they can be read: JSON, another text as it is, or where the bytes are to be had. */
const readable = (kind, media) => examplesOf(media).slice(0, 6).map(({ title, value, address }) => address
  ? make("p", {}, `${word("example")}: `, make("a", { href: root + address }, title))
  : make("pre", { tabindex: "0" }, make("code", {}, typeof value === "string" && kind.startsWith("text/") ? value : JSON.stringify(value, null, 1))));

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curl(method, path, body, keyed) {
  const parts = [`curl ${method === "GET" || (method === "POST" && body != null) ? "" : `-X ${method} `}${quoted(location.origin + root.replace(/\/$/, "") + path)}`];
  if (keyed) parts.push(`-H 'Authorization: Bearer KEY'`);
  if (body != null) parts.push("-H 'Content-Type: application/json'", `-d ${quoted(body)}`);
  return parts.join(" \\\n  ");
}

function copyable(text) {
  const button = make("button", { type: "button", onclick: async () => {
    try { await navigator.clipboard.writeText(code.textContent); } catch { getSelection().selectAllChildren(code); return; }
    button.textContent = word("copied");
    setTimeout(() => { button.textContent = word("copy"); }, 1500);
  } }, word("copy"));
  const code = make("code", {}, text);
  return { code, element: [make("div", { class: "row" }, make("strong", {}, "curl"), button), make("pre", { tabindex: "0" }, code)] };
}

/** A form that sends the request from here. */
function trial(method, path, operation, keyed) {
  const media = operation.requestBody?.content?.["application/json"];
  const examples = media ? examplesOf(media) : [];
  if (operation.requestBody && !examples.length) return null;
  const named = (operation.parameters ?? []).map(resolved).find((parameter) => parameter.in === "path");
  const rest = named && make("input", { "aria-label": named.name, value: named.example ?? named.schema.examples?.[0] ?? "" });
  const text = examples.length ? make("textarea", { "aria-label": word("body"), spellcheck: "false" }) : null;
  const target = () => path.replace(/\{.*\}/, () => rest.value);
  const shown = copyable("");
  const show = () => { shown.code.textContent = curl(method, target(), text?.value, keyed); };
  const pick = (index) => { if (text) text.value = JSON.stringify(examples[index].value, null, 2); show(); };
  const choice = examples.length > 1 ? make("select", { "aria-label": word("example"), onchange: (event) => pick(event.target.selectedIndex) }, examples.map((example) => make("option", {}, example.title))) : null;
  text?.addEventListener("input", show);
  rest?.addEventListener("input", show);
  const answer = make("div", { role: "status" });
  const button = make("button", { type: "button", onclick: async () => {
    const key = document.getElementById("key").value.trim();
    if (/[^!-~]/.test(key)) return answer.replaceChildren(make("p", { class: "no" }, word("noKey")));
    button.disabled = true;
    answer.replaceChildren(word("sending"));
    const headers = { ...(text ? { "Content-Type": "application/json" } : {}), ...(key ? { Authorization: `Bearer ${key}` } : {}) };
    try {
      const response = await fetch(root + target().slice(1), { method, headers, body: text?.value });
      const body = await response.text();
      let pretty = body;
      try { pretty = JSON.stringify(JSON.parse(body), null, 1).replaceAll(/\[\s+(-?[\d.e-]+,?\s*)+\]/g, (list) => list.replaceAll(/\s+/g, " ")); } catch { /* text as it is */ }
      answer.replaceChildren(make("p", {}, make("strong", { class: response.ok ? "ok" : "no" }, `${response.status} ${response.statusText}`), ` · ${response.headers.get("server-timing")?.match(/total;dur=([\d.]+)/)?.[1] ?? "?"} ms`),
        make("pre", { tabindex: "0" }, make("code", {}, pretty.length > 4000 ? `${pretty.slice(0, 4000)} …` : pretty || word("noBody"))));
    } catch { answer.replaceChildren(make("p", { class: "no" }, word("unreachable"))); }
    button.disabled = false;
  } }, word("send"));
  pick(0);
  return [make("h3", {}, word("example")), make("div", { class: "row" }, choice, rest), text, make("div", { class: "row" }, button), answer, shown.element];
}

// Operations

function answers(operation) {
  return Object.entries(operation.responses).map(([status, response]) => {
    response = resolved(response);
    const bodies = Object.entries(response.content ?? {}).map(([kind, media]) => [
      make("p", { class: "soft" }, kind), fieldTable(media.schema ?? {}), readable(kind, media),
    ]);
    const headers = table(Object.entries(response.headers ?? {}).map(([name, header]) => [name, typeOf(resolved(header).schema ?? {}), inline(resolved(header).description)]));
    return make("details", { class: "answer" },
      make("summary", {}, make("strong", { class: status < 400 ? "ok" : "no" }, status), ` ${response.description}`),
      bodies, headers ? make("details", {}, make("summary", {}, word("headers")), headers) : null);
  });
}

function operationOf(path, method, operation) {
  const keyed = operation.security?.length > 0;
  const show = () => {
    const parameters = (operation.parameters ?? []).map(resolved);
    const bodies = Object.entries(operation.requestBody?.content ?? {}).map(([kind, media]) => [make("h3", {}, `${word("body")}: ${kind}`), prose(resolved(media.schema).description), fieldTable(media.schema) ?? make("p", {}, typeOf(media.schema)), kind === "application/json" ? null : readable(kind, media)]);
    return make("div", {}, prose(operation.description), bodies, trial(method, path, operation, keyed),
      parameters.length ? [make("h3", {}, word("parameters")), table(parameters.map((parameter) => [parameter.name, `${parameter.in}: ${typeOf(parameter.schema)}`, [parameter.required ? make("strong", {}, `${word("required")}. `) : null, inline(parameter.description)]]))] : null,
      make("h3", {}, word("answers")), answers(operation));
  };
  const element = make("details", { class: "operation", id: operation.operationId, ontoggle: () => { if (element.open && element.children.length < 2) element.append(show()); } },
    make("summary", {}, make("span", { class: "method" }, method), make("code", {}, path), make("span", {}, operation.summary), keyed ? make("span", { class: "soft" }, word("needsKey")) : null));
  return element;
}

function render() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  const button = document.getElementById("language");
  button.textContent = word("language");
  button.lang = language === "en" ? "ko" : "en";
  if (!api) return;
  document.getElementById("version").textContent = api.info.version;
  document.getElementById("about").replaceChildren(...prose(api.info.description));
  const all = Object.entries(api.paths).flatMap(([path, methods]) => Object.entries(methods).filter(([method]) => method !== "head").map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })));
  // It is a form for password managers alone; nothing is sent by it.
  document.getElementById("keyed").onsubmit = (event) => event.preventDefault();
  document.getElementById("keyed").hidden = !all.some(({ operation }) => operation.security?.length);
  const contents = document.getElementById("contents"), routes = document.getElementById("routes");
  contents.replaceChildren();
  routes.replaceChildren();
  for (const tag of api.tags) {
    const mine = all.filter(({ operation }) => operation.tags?.includes(tag.name));
    contents.append(make("p", {}, tag.name), make("ul", {}, mine.map(({ path, operation }) => make("li", {}, make("a", { href: `#${operation.operationId}` }, path)))));
    routes.append(make("section", {}, make("h2", {}, tag.name), prose(tag.description), mine.map(({ path, method, operation }) => operationOf(path, method, operation))));
  }
  reveal();
}

function reveal() {
  const element = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  if (!element || element.tagName !== "DETAILS") return;
  element.open = true;
  element.scrollIntoView();
}

document.getElementById("language").addEventListener("click", () => {
  language = language === "en" ? "ko" : "en";
  try { localStorage.setItem("language", language); } catch { /* it is kept for this page alone */ }
  render();
});
addEventListener("hashchange", reveal);
document.getElementById("home").href = root;
document.getElementById("raw").href = `${root}openapi.json`;
render();
try {
  const response = await fetch(`${root}openapi.json`);
  if (!response.ok) throw new Error(String(response.status));
  api = await response.json();
  render();
} catch {
  document.getElementById("routes").replaceChildren(make("p", { class: "no" }, word("failed"), " ", make("a", { href: `${root}openapi.json` }, "openapi.json")));
}
