// The prompts of an animation: each from a frame on, with what it must not show; and what is said in every one of them.
import { debounce, h, icon, iconButton, keyed, show } from "../dom.js";

const TYPING_MS = 250;
const NEGATIVE = "--neg";

/** "a fox --neg blurred" as {text, negative}. */
export function split(text) {
  const at = text.indexOf(NEGATIVE);
  return at < 0 ? { text, negative: "" } : { text: text.slice(0, at).trim(), negative: text.slice(at + NEGATIVE.length).trim() };
}
const joined = (text, negative) => (negative.trim() ? `${text} ${NEGATIVE} ${negative}` : text);

/** The part; `draw()`, and `focus(index)` goes to one of them. */
export function createPrompts({ draft, playhead }) {
  const list = h("ol", { class: "prompt-rows" });
  const add = h("button", { type: "button", class: "chip", on: { click: addOne } }, icon("plus"), "Prompt");
  const common = field("common_prompt", "In all of them, before", "e.g. oil painting");
  const never = field("common_negative_prompt", "In none of them", "e.g. blurred, text");
  const element = h("section", { class: "animate-prompts", "aria-label": "Prompts" }, h("h3", {}, "Prompts"), list, add, h("div", { class: "prompt-common" }, common.element, never.element));

  function field(name, label, placeholder) {
    const input = h("input", { type: "text", id: `animate-${name}`, autocomplete: "off", placeholder: placeholder });
    heed(input, () => draft.set(name, input.value));
    return { name, input, element: h("div", { class: "maker-field", data: { at: name } }, h("label", { class: "label", for: input.id }, label), input) };
  }
  function addOne() {
    const { prompts, max_frames: most } = draft.settings;
    const last = Math.max(0, ...prompts.map(({ frame }) => Number(frame) || 0));
    const here = playhead.at > last ? playhead.at : Math.min(most - 1, last + Math.max(1, Math.round(most / 4)));
    draft.set("prompts", [...prompts, { frame: String(here), text: "" }]);
    focus(prompts.length);
  }
  function put(index, changes) {
    draft.set("prompts", draft.settings.prompts.map((one, at) => (at === index ? { ...one, ...changes } : one)));
  }
  function make({ index }) {
    const frame = h("input", { type: "text", class: "prompt-frame", inputmode: "numeric", autocomplete: "off", "aria-label": `Prompt ${index + 1}: from frame` });
    const text = h("textarea", { rows: 2, class: "prompt-text", "aria-label": `Prompt ${index + 1}`, placeholder: index ? "What it becomes" : "What is to be seen, e.g. a lake at dawn" });
    const negative = h("input", { type: "text", class: "prompt-negative", autocomplete: "off", "aria-label": `Prompt ${index + 1}: not to be seen`, placeholder: "Not to be seen" });
    heed(frame, () => put(index, { frame: frame.value.trim() || "0" }));
    for (const one of [text, negative]) heed(one, () => put(index, { text: joined(text.value, negative.value) }));
    const trash = iconButton("trash", `Remove prompt ${index + 1}`, () => draft.set("prompts", draft.settings.prompts.filter((_, at) => at !== index)));
    return h("li", { class: "prompt-row", data: { at: `prompts.${index}` } }, h("label", { class: "prompt-from" }, h("span", {}, "From frame"), frame), text, negative, trash);
  }
  function update(node, { prompt }) {
    const { text, negative } = split(prompt.text);
    write(node.querySelector(".prompt-frame"), prompt.frame);
    const [main, not] = [node.querySelector(".prompt-text"), node.querySelector(".prompt-negative")];
    if (document.activeElement === main || document.activeElement === not) return; // they are one text
    write(main, text);
    write(not, negative);
    show(node.querySelector(".icon-button"), draft.settings.prompts.length > 1);
  }
  function draw() {
    const rows = draft.settings.prompts.map((prompt, index) => ({ prompt, index }));
    keyed(list, rows, { key: ({ index }) => index, make, update });
    for (const one of [common, never]) write(one.input, draft.settings[one.name]);
    for (const node of list.children) show(node.querySelector(".icon-button"), rows.length > 1);
  }
  function focus(index) {
    const text = list.children[index]?.querySelector(".prompt-text");
    text?.focus();
    text?.scrollIntoView({ block: "nearest" });
  }
  return { element, draw, focus };
}

function heed(input, take) {
  let known = input.value;
  const once = () => input.value !== known && ((known = input.value), take());
  input.addEventListener("focus", () => (known = input.value));
  input.addEventListener("input", debounce(once, TYPING_MS));
  input.addEventListener("change", once);
}

function write(input, text) {
  if (document.activeElement !== input && input.value !== text) input.value = text;
}
