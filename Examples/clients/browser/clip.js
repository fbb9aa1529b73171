// A client of a CLIP server for pages of any origin, without a library.

/** Asks one server. Every method gives unit vectors: the sum of the products of two of them is their cosine. */
export class ClipServer {
  #base;

  /** @param {string} base such as "http://127.0.0.1:9001" */
  constructor(base) {
    this.#base = base.replace(/\/+$/, "");
  }

  /** @param {Blob} picture a File of an <input>, or what fetch() brought */
  async embedPicture(picture) {
    const type = picture.type || "application/octet-stream";
    const rows = await this.#ask("/clip/embed_image?normalize=true", picture, type);
    return rows[0];
  }

  /** @param {string[]} texts */
  embedTexts(texts) {
    const body = JSON.stringify({ text: texts, normalize: true });
    return this.#ask("/clip/embed_text", body, "application/json");
  }

  async #ask(path, body, type) {
    const answer = await fetch(this.#base + path, {
      method: "POST",
      headers: { "Content-Type": type },
      body,
    });
    const value = await answer.json();
    if (!answer.ok) throw new Error(value.message ?? JSON.stringify(value.detail));
    return value.embeddings;
  }
}

/** The cosine of two unit vectors. */
export function cosine(a, b) {
  return a.reduce((sum, number, index) => sum + number * b[index], 0);
}
