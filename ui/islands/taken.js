// The card that says what was taken out of a picture that was dropped, and what could not be; with the way back.
import { url } from "./api.js";
import { h, iconButton, setAttribute } from "./dom.js";
import { plural } from "./words.js";

const NOTHING = "It carries no settings that can be read.";
const SHOWN_CHARACTERS = 120;

/**
 * The card, at the edge of the page. `tell({ name, asset, before, after, isFound })` shows in what the form's values of
 * `after` differ from those before; `none({ name, asset })` that there was nothing. `start(asset, mode)` begins from the picture itself.
 */
export function createTaken({ fields, undo, start }) {
  const title = h("h2", { class: "taken-title" });
  const image = h("img", { class: "taken-picture", alt: "" });
  const inside = h("div", { class: "taken-inside" });
  const foot = h("div", { class: "taken-foot" });
  const close = iconButton("close", "Close", hide, { class: "icon-button taken-close" });
  const element = h("section", { class: "taken", role: "region", "aria-label": "Settings of a picture", hidden: true }, h("div", { class: "taken-head" }, image, title, close), inside, foot);
  const live = h("div", { class: "off-screen", role: "status" });
  document.body.append(element, live);
  element.addEventListener("keydown", (event) => event.key === "Escape" && hide());

  function hide() {
    element.hidden = true;
  }
  function show(words, asset, parts, buttons) {
    title.textContent = words;
    live.textContent = words;
    image.hidden = !asset.id;
    if (asset.id) setAttribute(image, "src", url(`api/v1/assets/${asset.id}/thumbnail`));
    inside.replaceChildren(...parts.filter(Boolean));
    foot.replaceChildren(...buttons.filter(Boolean));
    element.hidden = false;
    inside.scrollTop = 0;
  }
  const button = (label, run) => h("button", { type: "button", class: "secondary", on: { click: () => (hide(), run()) } }, label);
  const begin = (asset) => [
    asset.id && button("Start from this picture", () => start(asset, "image")),
    asset.id && button("Change a part of it", () => start(asset, "inpaint")),
  ];

  function tell({ name, asset, before, after, isFound }) {
    const set = differences(fields, before.values, after);
    const left = [...(asset.unmapped ?? [])];
    const { checkpoint } = asset.request;
    if (!isFound && !left.some((row) => row.value === checkpoint))
      left.unshift({ key: "Model", value: checkpoint, why: "No checkpoint of this name is here; the one that was chosen stays." });
    const from = asset.program ? ` (${asset.program})` : "";
    const parts = [
      set.length === 0 && h("p", {}, "The form had all of it already."),
      set.length > 0 && list("taken-set", plural(set.length, "setting"), set.map(([label, value]) => [label, value])),
      left.length > 0 && list("taken-left", "Not taken over", left.map(({ key, value, why }) => [key, value, why]), true),
    ];
    show(`Settings taken from ${name}${from}`, asset, parts, [button("Undo", () => undo(before)), begin(asset)[0]]);
  }
  function none({ name, asset }) {
    const left = asset.unmapped ?? [];
    const said = left.length > 0 && list("taken-left", "What it says", left.map(({ key, value, why }) => [key, value, why]), true);
    show(name, asset, [h("p", {}, NOTHING), said], begin(asset));
  }
  return { tell, none, hide };
}

/** [[label, value as text]] of what the form holds afterwards and did not hold before. */
function differences(fields, before, after) {
  const changed = fields.filter(({ name }) => name in after && !isSame(after[name], before[name]));
  return changed.map(({ name, label }) => [label.split(",")[0], shown(after[name])]);
}

const isSame = (one, other) => (one ?? "") === (other ?? "");

function shown(value) {
  if (value === null || value === undefined || value === "") return "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  const text = typeof value === "number" ? String(Math.round(value * 1e4) / 1e4) : String(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)} …` : text;
}

function list(name, title, rows, isOpen = false) {
  const row = ([label, value, why]) => h("div", {}, h("dt", {}, label), h("dd", {}, h("span", {}, shown(value)), why && h("small", {}, why)));
  return h("details", { class: name, open: isOpen || rows.length <= 12 }, h("summary", {}, isOpen ? `${title}: ${rows.length}` : title), h("dl", {}, ...rows.map(row)));
}
