// A trap of a prompt, with what was read, why, what to write instead, and a button that writes it where that is simple.
import { h, icon } from "./dom.js";

const escape = (text) => text.replace(/[()[\]|]/g, "\\$&");

// What a click writes in the place of what is meant: code → the button's words and the new text.
const FIXES = {
  eaten_emoticon: ["Escape the brackets", escape],
  schedule_without_number: ["Escape the brackets", escape],
  unclosed_bracket: ["Escape it", escape],
  unopened_bracket: ["Escape it", escape],
  literal_prompt: ["Escape it", escape],
  and_weight: ["Add a comma", (text) => `${text},`],
  comment_in_a_word: ["Without #", (text) => text.replace("#", "")],
  network_in_negative: ["Take it out", () => ""],
  unknown_network: ["Take it out", () => ""],
  unknown_kind: ["Take it out", () => ""],
};

/** One warning as a row of a list; `field` says in which prompt it is. */
export function warningRow(row, form) {
  const isPlaced = row.start !== null && row.start !== undefined;
  const fix = isPlaced && FIXES[row.code];
  const words = [h("span", { class: "trap-why" }, sentence(row.why)), " ", h("span", { class: "trap-remedy" }, row.remedy)];
  return h(
    "li",
    { class: "trap", data: { refused: row.is_refused } },
    icon("warning"),
    h(
      "div",
      {},
      row.text && h("button", { type: "button", class: "trap-text", title: "Show it in the prompt", disabled: !isPlaced, on: { click: () => select(row) } }, row.text),
      h("p", {}, ...words),
      fix && h("button", { type: "button", class: "quiet trap-fix", on: { click: () => mend(row, fix[1], form) } }, fix[0]),
    ),
  );
}

function boxOf({ field }) {
  const box = document.querySelector(`#field-${field} textarea`);
  document.dispatchEvent(new CustomEvent("darkroom:reveal", { detail: box }));
  return box;
}

/** Marks it where it stands. */
function select(row) {
  const box = boxOf(row);
  box.focus();
  box.setSelectionRange(row.start, row.end);
}

/** Writes what is better in its place, if it still stands there. */
function mend(row, better, form) {
  const text = form.values[row.field] ?? "";
  if (text.slice(row.start, row.end) !== row.text) return;
  form.fill({ [row.field]: text.slice(0, row.start) + better(row.text) + text.slice(row.end) });
  boxOf(row).focus();
}

const sentence = (text) => `${text.replace(/^./, (first) => first.toUpperCase()).replace(/\.$/, "")}.`;
