// All videos of this owner as cards: a picture of each, how far it is; what is done plays while the pointer is on it.
import { h, icon, keyed, setAttribute, setText } from "../dom.js";
import { modeName, signOf } from "./modes.js";
import { filmUrl, isPicture, phrase, posterUrl, share, titleOf } from "./telling.js";

/** The list; `onOpen(id)` and `onNew()` lead on. */
export function createList({ videos, onOpen, onNew }) {
  const begin = h("button", { type: "button", class: "primary", on: { click: onNew } }, icon("plus"), "New video");
  const cards = h("ul", { class: "video-cards", "aria-label": "Videos" });
  const element = h("div", { class: "video-list", hidden: true }, h("header", { class: "video-head" }, h("h2", {}, "Videos"), begin), cards);

  function draw() {
    keyed(cards, videos.rows, { key: (one) => one.id, make, update });
  }
  function make({ id, mode }) {
    const cover = h("span", { class: "video-cover" }, icon(signOf(mode)));
    const words = h("span", { class: "video-words" }, h("span", { class: "video-name" }), h("span", { class: "video-facts" }), h("span", { class: "video-phase" }));
    const bar = h("span", { class: "progress-bar" }, h("span", { class: "progress-fill" }));
    const card = h("button", { type: "button", class: "video-card", on: { click: () => onOpen(id) } }, cover, bar, words);
    const one = () => videos.find(id);
    for (const event of ["pointerenter", "focus"]) card.addEventListener(event, () => play(cover, one()));
    for (const event of ["pointerleave", "blur"]) card.addEventListener(event, () => rest(cover));
    return h("li", {}, card);
  }
  function update(node, one) {
    node.firstElementChild.dataset.state = one.state;
    drawPoster(node.querySelector(".video-cover"), posterUrl(one));
    setText(node.querySelector(".video-name"), titleOf(one, modeName));
    setText(node.querySelector(".video-facts"), one.title ? modeName(one.mode) : "");
    setText(node.querySelector(".video-phase"), one.state === "failed" ? `failed: ${one.error?.message ?? ""}` : phrase(one));
    node.querySelector(".progress-fill").style.transform = `scaleX(${share(one).toFixed(3)})`;
  }
  return { element, draw };
}

function drawPoster(cover, src) {
  let image = cover.querySelector("img.video-poster");
  if (!src || image?.dataset.src === src) return;
  if (!image) {
    image = h("img", { class: "video-poster", alt: "", loading: "lazy", decoding: "async", on: { error: ({ target }) => setAttribute(target, "hidden", true) } });
    cover.prepend(image);
  }
  image.dataset.src = src;
  image.hidden = false;
  image.src = src;
}

/** Over its poster; nothing is loaded before. */
function play(cover, one) {
  if (one?.state !== "done" || !one.film || cover.querySelector(".video-playing")) return;
  const src = filmUrl(one);
  if (isPicture(one)) return cover.append(h("img", { class: "video-playing", src, alt: "" }));
  const film = h("video", { class: "video-playing", src, loop: true, playsinline: true, tabindex: -1 });
  film.muted = true;
  cover.append(film);
  film.play().catch(() => film.remove()); // a browser that lets nothing play shows the poster
}

function rest(cover) {
  cover.querySelector(".video-playing")?.remove();
}
