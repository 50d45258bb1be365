// The pictures of a training as it sees them, and what its plan was: for looking up, folded.
import { h, keyed, setAttribute } from "../dom.js";
import { ADVANCED } from "./plan_fields.js";
import { exampleUrl } from "./trainings.js";

/** The part; `draw(training)` shows what it was given. */
export function createTaught({ enlarged }) {
  const list = h("ul", { class: "taught-list", "aria-label": "Pictures that are taught" });
  const facts = h("dl", { class: "model-facts-list taught-facts" });
  const element = h("section", { class: "taught" }, h("h3", {}, "Pictures"), list, h("details", { class: "taught-plan" }, h("summary", {}, "Settings"), facts));
  let training = null;
  let known = "";

  function draw(next) {
    training = next;
    keyed(list, training.examples, { key: ({ index }) => `${training.id} ${index}`, make });
    const now = JSON.stringify([training.id, training.plan]);
    if (now === known) return;
    known = now;
    facts.replaceChildren(...factsOf(training.plan).map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value))));
  }
  function make(example) {
    const words = [example.caption, example.is_held_out && "only measured"].filter(Boolean).join(" · ");
    const open = () => enlarged.open(training.examples.map((one) => ({ src: exampleUrl(training, one.index), label: one.caption })), training.examples.findIndex((one) => one.index === example.index));
    const image = h("img", { src: exampleUrl(training, example.index), alt: "", loading: "lazy" });
    const button = h("button", { type: "button", class: "sample", title: words, "aria-label": `Picture ${example.index + 1}: ${words}. Enlarge`, on: { click: open } }, image, example.is_held_out && h("span", { class: "taught-mark" }, "measure"));
    image.addEventListener("load", () => image.classList.add("in"));
    setAttribute(button, "data-held-out", example.is_held_out);
    return h("li", {}, button);
  }
  return { element, draw };
}

function factsOf(plan) {
  const said = ({ name }) => plan[name] !== null && plan[name] !== undefined && plan[name] !== "" && plan[name].length !== 0;
  const asText = ({ name, unit, options }) => {
    const value = plan[name];
    const words = options?.find(([one]) => one === String(value))?.[1] ?? (Array.isArray(value) ? value.join("; ") : String(value));
    return unit && unit !== "share" ? `${words} ${unit}` : words;
  };
  return ADVANCED.flatMap(([, fields]) => fields)
    .filter((field) => said(field) && (!field.only || field.only === plan.method))
    .map((field) => [field.label.replace(", one a line", ""), asText(field)]);
}
