// Calls to `api/v1`, always relative to where this file was loaded from, so that any path prefix works.

const BASE = new URL("../../", import.meta.url);

/** The full address of a path such as "api/v1/jobs". */
export const url = (path) => new URL(path, BASE).href;

/** The server's answer to something it will not do: {code, message, remedy, field, …}. */
export class ApiError extends Error {
  constructor(status, error) {
    super(error.message);
    Object.assign(this, { code: "error", remedy: "", field: "" }, error, { status });
  }
}

/** No answer came: the network or the server is gone. */
export class ConnectionLost extends Error {}

/** Sends a request, answers with the parsed JSON (null for none), or with a Blob if that is wanted. Raises ApiError or ConnectionLost. */
export async function call(method, path, { json, body, timeoutMs = 15000, signal, isBlob = false } = {}) {
  const headers = json === undefined ? {} : { "content-type": "application/json" };
  const ends = [AbortSignal.timeout(timeoutMs), signal].filter(Boolean);
  let response;
  let text;
  try {
    response = await fetch(url(path), {
      method,
      headers,
      body: json === undefined ? body : JSON.stringify(json),
      signal: AbortSignal.any(ends),
      cache: "no-store",
    });
    if (isBlob && response.ok) return await response.blob();
    text = await response.text();
  } catch (error) {
    throw new ConnectionLost(error.message);
  }
  if (response.status === 401) location.assign(url("login"));
  return read(response, text);
}

function read(response, text) {
  let answer = null;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    answer = null;
  }
  if (response.ok) return answer;
  // A proxy in front answers in HTML while the server restarts; that is a lost connection, not a refusal.
  if (!answer && response.status >= 502) throw new ConnectionLost(`status ${response.status}`);
  const fallback = {
    message: `The server answered with status ${response.status}.`,
    remedy: "Try again; the server's log says more.",
  };
  throw new ApiError(response.status, answer?.error ?? fallback);
}

/** Sends the same request until it is answered or `patienceMs` is over. The request must be safe to repeat. */
export async function insist(method, path, options, patienceMs, onLost) {
  const end = Date.now() + patienceMs;
  for (let pauseMs = 300; ; pauseMs = Math.min(pauseMs * 1.5, 1500)) {
    try {
      return await call(method, path, options);
    } catch (error) {
      if (!(error instanceof ConnectionLost) || Date.now() > end) throw error;
      onLost?.();
      await new Promise((done) => setTimeout(done, pauseMs));
    }
  }
}
