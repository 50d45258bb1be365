// One video: the film, or what there is of it while it is made; how far it is, and what can be done with it.
import { ask } from "../ask.js";
import { h, icon, iconButton, setAttribute, setText, show } from "../dom.js";
import { fileSize, when } from "../words.js";
import { isOpen } from "../works.js";
import { createFrameBar } from "./frame_bar.js";
import { modeName } from "./modes.js";
import { createScreen } from "./screen.js";
import { createStrip } from "./strip.js";
import { drawnOf, factsOf, filmUrl, phrase, share, titleOf } from "./telling.js";

/** The view; `open(id)` shows a video and brings it up to date, "" none; `onBack()` goes to the list. `onUse(id, frame)`: it is to be a movie to begin with, at this frame, or for whatever (null). */
export function createView({ videos, onBack, onUse }) {
  const back = h("button", { type: "button", class: "quiet", on: { click: onBack } }, icon("chevron"), "Videos");
  const title = h("h2");
  const about = h("p", { class: "hint" });
  const verbs = Object.fromEntries(VERBS.map(({ name, sign, label }) => [name, h("button", { type: "button", class: "secondary", data: { act: name }, on: { click: () => videos.ask(id, name) } }, icon(sign), label)]));
  const use = h("button", { type: "button", class: "secondary", data: { act: "use" }, on: { click: () => onUse(id, null) } }, icon("play"), "Use as movie");
  const download = h("a", { class: "primary", data: { act: "download" } }, icon("download"), "Download");
  const trash = iconButton("trash", "Delete", discard);
  const head = h("header", { class: "video-head" }, back, h("div", { class: "video-title" }, title, about), h("div", { class: "video-actions" }, ...Object.values(verbs), use, download), trash);
  const fill = h("span", { class: "progress-fill" });
  const bar = h("div", { class: "progress-bar", role: "progressbar", "aria-label": "Video", "aria-valuemin": 0, "aria-valuemax": 100 }, fill);
  const state = h("span", { class: "video-state" });
  const live = h("div", { class: "off-screen", role: "status" });
  const progress = h("div", { class: "video-progress" }, bar, h("div", { class: "video-line" }, state));
  const trouble = h("div", { class: "video-trouble", role: "alert", hidden: true });
  const warnings = h("ul", { class: "video-warnings", hidden: true });
  const screen = createScreen({ onFrame: at });
  const strip = createStrip({ onPick: choose });
  const frames = createFrameBar({ videos, onStep: choose, onWork: (frame) => onUse(id, frame) });
  const facts = h("dl", { class: "video-facts-list" });
  const main = h("div", { class: "video-main" }, trouble, warnings, screen.element, strip.element, frames.element, facts);
  const element = h("div", { class: "video-view", hidden: true }, head, progress, live, main);
  let id = "";

  function choose(frame) {
    screen.seek(frame);
    at(frame);
  }
  function at(frame) {
    frames.at(frame);
    strip.mark(frame);
  }
  async function discard() {
    const one = videos.find(id);
    if (!(await ask(questionOf(one)))) return;
    if (await videos.remove(one.id)) onBack();
  }
  function draw(one) {
    element.dataset.state = one.state;
    setText(title, titleOf(one, modeName));
    setText(about, [one.title && modeName(one.mode), when(one.created)].filter(Boolean).join(" · "));
    setText(state, [phrase(one), drawnOf(one)].filter(Boolean).join(" · "));
    setText(live, SPOKEN[one.state]);
    setAttribute(bar, "aria-valuenow", Math.round(share(one) * 100));
    fill.style.transform = `scaleX(${share(one).toFixed(3)})`;
    show(progress, one.state !== "done" || one.is_partial);
    for (const { name, fits } of VERBS) show(verbs[name], fits(one));
    drawDownload(one);
    drawTrouble(one.error);
    warnings.replaceChildren(...one.warnings.map((text) => h("li", {}, icon("warning"), text)));
    show(warnings, one.warnings.length > 0);
    facts.replaceChildren(...factsOf(one).map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value))));
  }
  function drawDownload(one) {
    const isThere = Boolean(one.film) && one.state === "done";
    show(download, isThere);
    show(use, isThere && one.film.media_type !== "image/webp");
    if (!isThere) return;
    setAttribute(download, "href", filmUrl(one));
    setAttribute(download, "download", true); // the server names it
    setAttribute(download, "title", `Download, ${fileSize(one.film.size_bytes)}`);
  }
  function drawTrouble(error) {
    show(trouble, Boolean(error));
    if (error) trouble.replaceChildren(icon("warning"), h("p", {}, error.message), error.remedy ? h("p", {}, error.remedy) : "");
  }
  function open(next) {
    const isOther = next !== id;
    id = next;
    const one = videos.find(id);
    if (one) draw(one);
    screen.draw(one);
    strip.draw(one, isOther);
    frames.draw(one);
  }
  return { element, open };
}

const SPOKEN = { queued: "In the queue.", running: "The video is made.", paused: "Paused.", done: "The video is done.", failed: "The video has failed." };

const VERBS = [
  { name: "pause", sign: "pause", label: "Pause", fits: isOpen },
  { name: "resume", sign: "play", label: "Resume", fits: ({ state, is_partial: isPartial }) => state === "paused" || state === "failed" || (state === "done" && isPartial) },
  { name: "finish", sign: "check", label: "Finish now", fits: ({ state, frame }) => state !== "done" && frame > 0 },
];

function questionOf(one) {
  const what = one.film ? "the film, its frames and what it was made of" : "the frames that there are and what it is made of";
  return { title: `Delete “${titleOf(one, modeName)}”?`, text: `This deletes ${what}. It cannot be undone.`, yes: "Delete" };
}
