// A movie on its way to the server: long, so that it is told how far it is, and can be ended.
import { ApiError, ConnectionLost, url } from "../api.js";

export const MOVIE_TYPES = "video/*,.mkv,.mov,.avi,.webm,.mp4,.gif";

/** {done, end()}: `done` is a promise of the movie as the server keeps it; `onProgress(share)` from 0 to 1. */
export function sendMovie(file, onProgress) {
  const asking = new XMLHttpRequest();
  const body = new FormData();
  body.append("file", file, file.name || "pasted movie");
  const done = new Promise((resolve, reject) => {
    asking.upload.addEventListener("progress", ({ loaded, total }) => onProgress(total ? loaded / total : 0));
    asking.addEventListener("load", () => {
      const answer = parsed(asking.responseText);
      if (asking.status < 300 && answer) resolve(answer);
      else reject(answer?.error ? new ApiError(asking.status, answer.error) : new ConnectionLost(`status ${asking.status}`));
    });
    asking.addEventListener("error", () => reject(new ConnectionLost("upload")));
    asking.addEventListener("abort", () => resolve(null));
    asking.open("POST", url("api/v1/movies"));
    asking.send(body);
  });
  return { done, end: () => asking.abort() };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
