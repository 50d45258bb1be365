// Videos under way as rows of the job dock, above the jobs; each leads to its view.
import { h, iconButton, keyed, setText, show } from "../dom.js";
import { isLive, isOpen } from "../works.js";
import { modeName } from "./modes.js";
import { phrase, posterUrl, share, titleOf } from "./telling.js";

/** A part of the dock: {element, count(), words(), share(), picture()}; `onOpen(id)` leads to the view of one. */
export function createDockRows({ videos, onOpen, onChange }) {
  const element = h("ul", { class: "dock-list dock-works", "aria-label": "Videos" });
  const live = () => videos.rows.filter(isLive);
  const running = () => live().find((one) => one.state === "running") ?? live()[0];

  function draw() {
    keyed(element, live(), { key: (one) => one.id, make, update });
    show(element, live().length > 0);
    onChange();
  }
  function make({ id }) {
    const words = h("span", { class: "dock-words" }, h("span", { class: "dock-prompt" }), h("span", { class: "dock-state" }));
    const thumb = h("span", { class: "dock-thumb" }, h("img", { alt: "", hidden: true, on: { error: ({ target }) => (target.hidden = true) } }));
    const look = { type: "button", class: "dock-open", title: "Show this video", on: { click: () => onOpen(id) } };
    const turn = (name, label, verb) => iconButton(name, label, () => videos.ask(id, verb));
    return h("li", { class: "dock-row", data: { video: id } }, h("button", look, thumb, words), h("span", { class: "progress-bar" }, h("span", { class: "progress-fill" })), turn("pause", "Pause the video", "pause"), turn("play", "Go on with the video", "resume"));
  }
  function update(node, one) {
    node.dataset.state = one.state;
    setText(node.querySelector(".dock-prompt"), `Video: ${titleOf(one, modeName)}`);
    setText(node.querySelector(".dock-state"), phrase(one));
    node.querySelector(".progress-fill").style.transform = `scaleX(${share(one).toFixed(3)})`;
    show(node.querySelector("[data-act=pause]"), isOpen(one));
    show(node.querySelector("[data-act=play]"), one.state === "paused");
    const [image, src] = [node.querySelector("img"), posterUrl(one)];
    if (!src || image.src === src) return;
    image.src = src;
    image.hidden = false;
  }
  videos.onChange(draw);
  return {
    element,
    count: () => live().length,
    words: () => (live().length ? `video ${titleOf(running(), modeName)}: ${phrase(running())}` : ""),
    picture: () => (running() ? posterUrl(running()) : ""),
    share: () => (running()?.state === "running" ? share(running()) : 0),
  };
}
