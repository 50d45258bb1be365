// The fields of a training that everybody fills in: its name, what kind of thing it is, and the checkpoint that is taught.
import { debounce, h, icon, setAttribute, setText } from "../dom.js";
import { familyName } from "../words.js";
import { calling } from "./telling.js";

const TYPING_MS = 250;
const KINDS = [
  ["subject", "Subject", "One person, animal or thing, to be set into new pictures."],
  ["style", "Style", "A way of drawing or photographing, for any motif."],
  ["concept", "Concept", "Something that several things share: a pose, a pattern, a light."],
];
const EXAMPLES = { subject: "dog", style: "watercolour", concept: "pose" };
const QUESTIONS = { subject: "What kind of thing is it?", style: "What kind of style is it?", concept: "What kind of thing is it?" };

/** A labelled text field of the plan: {element, draw()}. */
export function createText({ draft, name, label, hint, placeholder = () => "", attributes = {} }) {
  const id = `plan-${name}`;
  const input = h("input", { type: "text", id, autocomplete: "off", maxlength: 60, ...attributes });
  const words = h("label", { class: "label", for: id }, label);
  const below = h("p", { class: "hint", id: `${id}-hint` }, hint);
  if (hint) setAttribute(input, "aria-describedby", below.id);
  const element = h("div", { class: "teach-field", data: { plan: name } }, words, input, hint && below);
  const take = () => draft.change({ [name]: input.value.trim() });
  input.addEventListener("input", debounce(take, TYPING_MS));
  input.addEventListener("change", take); // it is left, perhaps for the button
  function draw() {
    const value = String(draft.plan[name] ?? "");
    if (document.activeElement !== input && input.value !== value) input.value = value;
    setAttribute(input, "placeholder", placeholder());
  }
  return { element, draw, say: (text) => setText(words, text), input };
}

/** The fields; `draw()` brings them up to date with the draft. */
export function createFields({ draft, checkpoint, picker }) {
  const kindOf = () => draft.plan.kind ?? "subject";
  const name = createText({ draft, name: "name", label: "What is it called?", placeholder: () => "e.g. Rex", attributes: { required: true } });
  const thing = createText({ draft, name: "class_word", label: QUESTIONS.subject, placeholder: () => `e.g. ${EXAMPLES[kindOf()]}` });
  const about = h("p", { class: "hint" });
  const kinds = KINDS.map(([value, label]) => h("button", { type: "button", role: "radio", class: "chip", data: { kind: value }, on: { click: () => choose(value) } }, label));
  const group = h("div", { class: "chips teach-kinds", role: "radiogroup", "aria-label": "What is taught", on: { keydown: walk } }, ...kinds);
  const called = h("p", { class: "hint teach-called" });
  const base = h("span", { class: "teach-base" });
  const other = h("button", { type: "button", class: "secondary", "aria-label": "Choose another checkpoint", on: { click: () => picker.open() } }, base, icon("chevron"));
  const taught = h("div", { class: "teach-field", data: { plan: "checkpoint" } }, h("span", { class: "label" }, "Checkpoint that learns it"), other);
  const element = h("div", { class: "teach-fields" }, name.element, h("div", { class: "teach-field", data: { plan: "kind" } }, h("span", { class: "label" }, "What is taught?"), group, about), thing.element, called, taught);

  function choose(kind) {
    draft.change({ kind: kind === "subject" ? null : kind });
  }
  function walk(event) {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const at = KINDS.findIndex(([value]) => value === kindOf());
    const next = (at + by + KINDS.length) % KINDS.length;
    choose(KINDS[next][0]);
    kinds[next].focus();
  }
  function draw() {
    for (const one of [name, thing]) one.draw();
    thing.say(QUESTIONS[kindOf()]);
    for (const button of kinds) {
      const isChosen = button.dataset.kind === kindOf();
      setAttribute(button, "aria-checked", String(isChosen));
      setAttribute(button, "tabindex", isChosen ? 0 : -1);
    }
    setText(about, KINDS.find(([value]) => value === kindOf())[2]);
    const settled = draft.answer?.plan;
    setText(called, settled?.trigger ? `In prompts you will write “${calling(settled)}”.` : "");
    const row = checkpoint.all.find((one) => one.name === checkpoint.name);
    setText(base, row ? `${row.name} · ${familyName(row.family)}` : "no checkpoint");
  }
  checkpoint.onChange(draw);
  return { element, draw };
}
