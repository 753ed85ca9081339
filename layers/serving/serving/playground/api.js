// Calls to the API that stands beside this page. A stage prefix may stand before every path, so nothing
// here begins with a slash.

/**
 * What this stack asks its callers for, in words and as a header. `variable` is where the code that the page
 * shows reads it from. A page can't sign requests, so with "iam" it has nothing to ask for.
 */
const credentials = {
  "api-key": { name: "API key", header: "x-api-key", before: "", variable: "SKYLAYER_API_KEY" },
  cognito: { name: "ID token", header: "authorization", before: "Bearer ", variable: "SKYLAYER_ID_TOKEN" },
};
export const authentication = document.documentElement.dataset.authentication;
export const credential = credentials[authentication] ?? null;

const stored = `skylayer-${authentication}`;

/** The folder that this page is served from, with its slash even where the visitor left it out. */
export const root = new URL(location.pathname.replace(/\/*$/, "/"), location.origin).href;

export const key = {
  get: () => sessionStorage.getItem(stored) ?? "",
  set: (value) => sessionStorage.setItem(stored, value),
  forget: () => sessionStorage.removeItem(stored),
};

/** An answer other than 2xx: its status and what its RFC 9457 document, where the API sent one, says. */
export class Problem extends Error {
  constructor(status, document) {
    super(document?.detail ?? document?.title ?? document?.message ?? `The API answered ${status}.`);
    this.status = status;
    this.errors = document?.errors ?? [];
    this.limits = document?.limits ?? {};
  }
}

/** Send one request with the key or token of this tab; the text of its answer, or a Problem. */
export async function call(path, { method = "GET", headers = {}, body, signal } = {}) {
  const sent = credential && key.get() ? { ...headers, [credential.header]: credential.before + key.get() } : headers;
  const response = await fetch(root + path, { method, headers: sent, body, signal, credentials: "same-origin" });
  const text = await response.text();
  if (response.ok) return text;
  let document = null;
  try { document = JSON.parse(text); } catch { /* not the API's own words: the status alone is told */ }
  throw new Problem(response.status, document);
}
