// A place for what an animation is made of: a picture or a movie, chosen or dropped there, shown small, and taken away again.
import { call, url } from "../api.js";
import { h, icon, iconButton, setAttribute, setText, show } from "../dom.js";
import { PICTURE_TYPES, takesPictures } from "../drop.js";
import { plural } from "../words.js";
import { MOVIE_TYPES, sendMovie } from "./movie_files.js";
import { seconds } from "./telling.js";

const TIMEOUT_MS = 120000;

/** {element, take(file), draw()} of a picture that is the setting `name`; `hint(settings)` says what it is for. */
export function createPictureSlot({ name, label, hint, draft }) {
  const image = h("img", { class: "slot-picture", alt: label });
  const slot = createSlot({ name, label, hint, draft, types: PICTURE_TYPES, word: "picture", shown: image, take });

  async function take(file) {
    const body = new FormData();
    body.append("file", file, file.name || "pasted picture");
    const mine = slot.begin("It is on its way …");
    const asset = await call("POST", "api/v1/assets", { body, timeoutMs: TIMEOUT_MS }).catch((error) => slot.refuse(error, mine));
    if (asset && slot.end(mine)) draft.set(name, asset.id);
  }
  function draw() {
    const id = draft.settings[name];
    slot.draw(Boolean(id));
    if (id) setAttribute(image, "src", url(`api/v1/assets/${id}/thumbnail`));
  }
  return { element: slot.element, take, draw };
}

/** The same of a movie, with `frames()`, how many it has, 0 while that is not known; `onTake(movie)` is called with what the server says of it, once it has come. */
export function createMovieSlot({ name, label, hint, draft, onTake }) {
  const film = h("video", { class: "slot-film", controls: true, playsinline: true, muted: true, preload: "metadata" });
  const facts = h("p", { class: "hint" });
  const slot = createSlot({ name, label, hint, draft, types: MOVIE_TYPES, word: "movie", shown: h("div", { class: "slot-movie" }, film, facts), take });
  let movie = null; // what was sent or asked for last
  let upload = null;

  film.addEventListener("error", () => show(film, false));
  film.addEventListener("loadeddata", () => show(film, true));
  async function take(file) {
    upload?.end();
    const mine = slot.begin("It is on its way …");
    upload = sendMovie(file, (share) => slot.tell(mine, share < 1 ? `On its way, ${Math.round(share * 100)} %` : "It is looked at …"));
    const sent = await upload.done.catch((error) => slot.refuse(error, mine));
    if (!sent || !slot.end(mine)) return;
    look(sent, URL.createObjectURL(file));
    onTake(sent);
  }
  function look(next, src) {
    if (film.src.startsWith("blob:")) URL.revokeObjectURL(film.src);
    movie = next;
    setText(facts, movie.name ? factsOf(movie) : "");
    show(film, true);
    film.src = src;
  }
  async function find(id) {
    look({ id }, url(`api/v1/movies/${id}/file`));
    const found = await call("GET", `api/v1/movies/${id}`).catch(() => null); // the draft says when it is gone
    if (found && movie.id === id) ((movie = found), setText(facts, factsOf(found)));
  }
  function draw() {
    const id = draft.settings[name];
    slot.draw(Boolean(id));
    if (id && id !== movie?.id) find(id);
  }
  return { element: slot.element, take, draw, frames: () => movie?.frames ?? 0 };
}

/** What both have: the button, the note while something is on its way, and the way to take it off again. */
function createSlot({ name, label, hint, draft, types, word, shown, take }) {
  const file = h("input", { type: "file", accept: types, hidden: true, "aria-label": label, on: { change: takeChosen } });
  const note = h("span");
  const choose = h("button", { type: "button", class: "secondary", "aria-label": `${label}: choose a ${word}`, on: { click: () => file.click() } }, note, icon(word === "movie" ? "play" : "picture"));
  const other = h("button", { type: "button", class: "quiet", "aria-label": `${label}: another ${word}`, on: { click: () => file.click() } }, "Another");
  const off = iconButton("close", `${label}: remove the ${word}`, () => draft.set(name, ""));
  const there = h("div", { class: "slot-there" }, shown, h("div", { class: "slot-bar" }, other, off));
  const about = h("p", { class: "hint" });
  const element = h("div", { class: "maker-field slot", data: { at: name, wide: "yes" } }, h("span", { class: "label" }, label), choose, there, about, file);
  let turn = 0;
  let told = ""; // while something is on its way

  takesPictures(element, take);
  function takeChosen() {
    if (file.files.length) take(file.files[0]);
    file.value = "";
  }
  function begin(words) {
    turn += 1;
    tell(turn, words);
    return turn;
  }
  function tell(mine, words) {
    if (mine !== turn) return;
    told = words;
    draw(Boolean(draft.settings[name]));
  }
  /** Answers whether it is still wanted. */
  function end(mine) {
    tell(mine, "");
    return mine === turn;
  }
  function refuse(error, mine) {
    if (end(mine)) draft.refuse(name, error);
    return null;
  }
  function draw(isThere) {
    show(choose, !isThere || Boolean(told));
    choose.disabled = Boolean(told);
    setText(note, told || `Choose or drop a ${word}`);
    show(there, isThere && !told);
    setText(about, hint(draft.settings));
    show(about, !isThere);
  }
  return { element, begin, tell, end, refuse, draw };
}

const factsOf = ({ name, width, height, fps, frames, seconds: length, sounds }) =>
  [name, `${width} × ${height} px`, `${plural(frames, "frame")}, ${seconds(length)} at ${Number(fps.toFixed(3))} fps`, sounds ? "with sound" : "without sound"].join(" · ");
