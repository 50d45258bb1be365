// A video in words: how far it is, how long it takes, and what came of it; and where its pictures lie.
import { url } from "../api.js";
import { duration, fileSize, plural } from "../words.js";

const STRIP_FRAMES = 60; // that the server keeps in small, about

/** "12 / 96 frames · 2 min 5 s left", "number 2 in the queue", "done · 4 s". */
export function phrase(video) {
  const { state, stage, frame, frames, film } = video;
  const count = `${frame.toLocaleString()} / ${plural(frames, "frame")}`;
  if (state === "queued") return waiting(video);
  if (state === "paused") return frame ? `paused at ${count}` : "paused";
  if (state === "done") return [video.is_partial ? "ended early" : "done", film && seconds(film.seconds)].filter(Boolean).join(" · ");
  if (state === "failed") return "failed";
  const isBetween = frame > 0 && frame < frames; // before and after there is more to do than frames
  return [isBetween ? count : `${stage || "starting"} …`, left(video)].filter(Boolean).join(" · ");
}

const left = ({ eta_seconds: eta }) => typeof eta === "number" && `${duration(eta)} left`;

/** "3 of 9 drawn", of the frames that the model draws; the others are made of these. */
export const drawnOf = ({ state, drawn, drawings }) => (state !== "done" && drawings ? `${drawn} of ${drawings.toLocaleString()} drawn` : "");

function waiting({ position, frame, frames }) {
  const place = !position || position === 1 ? "next" : `number ${position}`;
  return `${place} in the queue${frame ? ` · goes on at frame ${frame} / ${frames}` : ""}`;
}

/** "4 s", "0.5 s", "1 min 5 s". */
export const seconds = (value) => (value < 10 ? `${Number(value.toFixed(1))} s` : duration(value));

/** 0 … 1. */
export const share = ({ frame, frames, state }) => (state === "done" ? 1 : frames ? Math.min(1, frame / frames) : 0);

export const titleOf = ({ title, mode }, nameOf) => title || nameOf(mode);

/** What there is to know of it: [label, value] rows. */
export function factsOf({ film, width, height, frames, fps, drawings, frame_seconds: pace, bytes_in_all: bytes, score }) {
  const rows = [
    ["Size", film ? `${film.width} × ${film.height} px` : `${width} × ${height} px`],
    ["Length", `${plural(film?.frames ?? frames, "frame")}, ${seconds(film?.seconds ?? frames / fps)} at ${Number(fps.toFixed(3))} fps`],
    ["Drawn by the model", drawings ? plural(drawings, "frame") : ""],
    ["Time for a frame", pace ? (pace < 1 ? `${pace.toFixed(2)} s` : duration(pace)) : ""],
    ["Steadiness beside the movie", score == null ? "" : `${Math.round(score)} of 100`],
    ["File", film ? fileSize(film.size_bytes) : ""],
    ["Room on the disk", `about ${fileSize(bytes)}`],
  ];
  return rows.filter(([, value]) => value);
}

/** Is it a picture that moves rather than a movie? */
export const isPicture = ({ film }) => film?.media_type.startsWith("image/") ?? false;

// A film may be made again: its address says of which one it is, so that the browser shows the new one.
export const filmUrl = ({ id, finished }) => url(`api/v1/videos/${id}/film?of=${finished ?? 0}`);
/** Where the frames of a film or a movie that was sent are found: `place` is "videos" or "movies". */
export const frameUrl = (place, id, frame) => url(`api/v1/${place}/${id}/frames/${frame}`);
export const framesUrl = (place, id, first, last) => url(`api/v1/${place}/${id}/frames.zip?first=${first}&last=${last}`);
export const previewUrl = ({ id }, turn) => url(`api/v1/videos/${id}/preview?v=${turn}`);
export const stripUrl = ({ id, created }, frame) => url(`api/v1/videos/${id}/strip/${frame}?of=${created}`);

/** A picture in small that stands for it: of what is done the first frame, else the newest; before, what it is made of. */
export function posterUrl(video) {
  const { frame, frames, state, asked } = video;
  const every = Math.max(1, Math.floor(frames / STRIP_FRAMES));
  if (frame > 0) return stripUrl(video, state === "done" ? 0 : Math.floor((frame - 1) / every) * every);
  return asked?.photo ? url(`api/v1/assets/${asked.photo}/thumbnail`) : "";
}
