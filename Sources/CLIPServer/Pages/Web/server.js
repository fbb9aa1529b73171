// What the page asks of the server, and how the server's refusals are told.

/** A refusal, in the server's words; without any, the server was not reached. */
export class Refusal extends Error {
  constructor(status, text, retryAfter = null) {
    super(text);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

// Of this tab's memory, and nowhere else.
let key = "";

/** Takes a key, unless it can be none: all are of visible ASCII, and browsers refuse to send others. */
export function setKey(word) {
  if (!/^[!-~]+$/.test(word)) return false;
  key = word;
  return true;
}

export const hasKey = () => key !== "";

/** The server writes into the page whether it asks for keys. */
export const asksForKeys = () => "keys" in document.body.dataset;

/** The address of the server, whatever a proxy has put before it. */
export const base = () => new URL(".", location.href).href;

/** One sentence of the forms that errors have here: `message`, `detail`, a list of problems with fields. */
function sentence(answer) {
  const told = answer?.message ?? answer?.detail ?? answer?.error?.message;
  if (!Array.isArray(told)) return told == null ? "" : String(told);
  return told.map((problem) => `${(problem.loc ?? []).slice(1).join(".")}: ${problem.msg}`).join("; ");
}

async function request(path, options) {
  let response;
  try {
    response = await fetch(path, {
      ...options,
      headers: { ...options.headers, ...(key && { Authorization: `Bearer ${key}` }) },
      credentials: "omit",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, "");
  }
  if (!response.ok) {
    const answer = await response.json().catch(() => null);
    const seconds = Number(response.headers.get("retry-after"));
    throw new Refusal(response.status, sentence(answer) || response.statusText, seconds > 0 ? seconds : null);
  }
  return response;
}

const pause = (seconds, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("", "AbortError"));
    });
  });

/**
 * Asks once more where the server says when: it is busy, or brings the model.
 *
 * @param onWait is told for how many seconds
 */
export async function ask(path, options, onWait) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await request(path, options);
    } catch (error) {
      const mayWait = error instanceof Refusal && [429, 503].includes(error.status) && error.retryAfter;
      if (!mayWait || error.retryAfter > 60 || attempt === 20) throw error;
      onWait(error.retryAfter);
      await pause(error.retryAfter, options.signal);
    }
  }
}

/** Sends JSON, and gets some. */
export async function post(path, body, signal, onWait) {
  const headers = { "Content-Type": "application/json" };
  return (await ask(path, { method: "POST", headers, body: JSON.stringify(body), signal }, onWait)).json();
}

/** The models that a request may name: those in memory first. */
export async function models() {
  const answer = await (await request("model/registry", {})).json();
  const name = (model) => model.model_id.replace(/^[^/]*\//, "");
  return [
    ...(answer.models ?? []).map((model) => ({ name: name(model), isLoaded: true })),
    ...(answer.available ?? []).map((model) => ({ name: name(model), isLoaded: false, bytes: model.bytes_to_fetch })),
  ];
}

/** What the server tells of itself. */
export async function state() {
  return JSON.stringify(await (await request("info", {})).json(), null, 2);
}

/** The list of routes, as curl gets it. */
export async function routes() {
  return (await request("./", { headers: { Accept: "text/plain" } })).text();
}

/** A picture that the page brings along. */
export async function sample(name) {
  const blob = await (await request(`page/${name}`, {})).blob();
  return new File([blob], name, { type: blob.type });
}

/** A file's bytes in base64. */
export function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
