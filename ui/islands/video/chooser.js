// A new video begins here: four ways of making one, each with a sentence that says what it is for.
import { h, icon, setText, show } from "../dom.js";
import { MODES, WAYS } from "./modes.js";

/** The choice; `onChoose(mode)` goes on, `onBack()` to the list; `draw(hasList)`: is there one to go back to? */
export function createChooser({ onChoose, onBack }) {
  const back = h("button", { type: "button", class: "quiet", on: { click: onBack } }, icon("chevron"), "Videos");
  const title = h("h2");
  const rows = h("ul", { class: "video-ways" }, ...WAYS.map((way) => h("li", {}, row(way))));
  const element = h("div", { class: "video-new", hidden: true }, h("header", { class: "video-head" }, back, title), rows);

  function row({ name, sign, label, words }) {
    const isThere = name in MODES;
    const told = h("span", { class: "video-way-words" }, h("span", { class: "video-way-name" }, label), h("span", {}, words));
    const end = isThere ? icon("chevron") : h("span", { class: "video-not-yet" }, "not yet");
    const attributes = { type: "button", class: "video-way", data: { mode: name }, disabled: !isThere };
    return h("button", { ...attributes, on: { click: () => onChoose(name) } }, icon(sign), told, end);
  }
  function draw(hasList) {
    show(back, hasList);
    setText(title, hasList ? "New video" : "Make your first video");
  }
  return { element, draw };
}
