// A branch: a finished picture is made again up to one of its steps, and goes on from there with other words.
import { h, icon, setText, show } from "./dom.js";
import { inWords } from "./refusal.js";

const SAME = "Change something: as it stands, the branch would be the picture that is there.";
const NO_NOISE = (sampler) => `${sampler} adds no noise on the way: another seed would change nothing, so the branch is one picture.`;

/** What a picture's beginnings were, in words: one line for each time that it branched. */
export function branchesOf(request) {
  const parts = request?.beginnings ?? [];
  const after = (place) => parts[place + 1] ?? { ...request, guidance_scale: request.sampling.guidance_scale, later_seed: request.noise?.later_seed };
  return parts.map((before, place) => {
    const next = after(place);
    const changes = [
      ["", quoted(before.prompt), quoted(next.prompt)],
      ["without ", quoted(before.negative_prompt), quoted(next.negative_prompt)],
      ["CFG ", before.guidance_scale, next.guidance_scale],
      ["noise of seed ", before.later_seed ?? request.seed, next.later_seed ?? request.seed],
    ];
    const said = changes.filter(([, one, other]) => one !== other).map(([name, one, other]) => `${name}${one} → ${other}`);
    return `from step ${before.until}: ${said.join(", ")}`;
  });
}

const quoted = (text) => (text ? `“${text}”` : "nothing");

/** The button below the strip and the panel; `open(record)` and `at(step)` say where, `close()` hides both. */
export function createBranch({ branch }) {
  const label = h("span");
  const button = h("button", { type: "button", class: "quiet strip-branch", hidden: true, "aria-expanded": "false", on: { click: () => turn(element.hidden) } }, icon("branch"), label);
  const prompt = area("Prompt from here on");
  const negative = area("Negative prompt from here on");
  const guidance = number("CFG scale", { min: 0, max: 30, step: 0.5 });
  const seed = number("Seed of the noise, empty: its own", { min: -1, step: 1 });
  const count = number("Pictures", { min: 1, max: 16, step: 1 });
  const hint = h("p", { class: "hint" });
  const send = h("button", { type: "button", class: "primary", on: { click: run } });
  const cancel = h("button", { type: "button", class: "quiet", on: { click: () => turn(false) } }, "Not now");
  const foot = h("div", { class: "branch-foot" }, send, cancel);
  const numbers = h("div", { class: "branch-numbers" }, guidance.element, seed.element, count.element);
  const element = h(
    "div",
    { class: "branch", role: "group", "aria-label": "Branch", hidden: true },
    h("div", { class: "branch-words" }, prompt.element, negative.element),
    numbers,
    hint,
    foot,
  );
  const boxes = { prompt, negative_prompt: negative, guidance_scale: guidance, later_seed: seed, batch_size: count };
  let record = null;
  let step = null;

  function open(next) {
    if (record?.id !== next.id) turn(false);
    record = next;
  }
  function at(now) {
    step = now;
    const steps = record?.request?.sampling?.steps ?? 0;
    const fits = step !== null && step > 0 && step < steps && !record.program && !record.trashed;
    show(button, fits);
    setText(label, `Branch from step ${step}`);
    setText(send, `Branch from step ${step}`);
    if (!fits) turn(false);
  }
  function turn(isOpen) {
    if (isOpen) fill();
    show(element, isOpen);
    button.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) prompt.box.focus();
  }
  function fill() {
    const { request } = record;
    const was = heldAt(request, step);
    prompt.box.value = was.prompt;
    negative.box.value = was.negative_prompt;
    guidance.box.value = was.guidance_scale;
    seed.box.value = "";
    count.box.value = 1;
    const isSettled = record.adds_noise === false;
    for (const one of [seed, count]) show(one.element, !isSettled);
    setText(hint, isSettled ? NO_NOISE(request.sampling.sampler) : "");
    show(hint, isSettled);
    tell(null);
  }
  /** What is asked for: the changes alone. */
  function asked() {
    const was = heldAt(record.request, step);
    const now = { prompt: prompt.box.value, negative_prompt: negative.box.value, guidance_scale: valueOf(guidance) };
    const changed = Object.entries(now).filter(([name, value]) => value !== null && value !== was[name]);
    const later = valueOf(seed);
    const pictures = valueOf(count) ?? 1;
    // Pictures part by the noise that is added from here on, so several of them need a seed of it.
    const noise = later ?? (pictures > 1 ? -1 : null);
    return { ...Object.fromEntries(changed), ...(noise === null ? {} : { later_seed: noise }), ...(pictures > 1 ? { batch_size: pictures } : {}) };
  }
  async function run() {
    const changes = asked();
    if (Object.keys(changes).length === 0) return tell({ message: SAME, remedy: "" });
    send.disabled = true;
    try {
      await branch(record, { step, ...changes });
      turn(false);
    } catch (error) {
      tell(error);
    }
    send.disabled = false;
  }
  function tell(error) {
    element.querySelector(".field-error")?.remove();
    if (!error) return;
    foot.before(h("p", { class: "field-error", role: "alert" }, error.status ? inWords(error) : error.message));
    boxes[error.field?.split(".").pop()]?.box.focus();
  }
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape") (event.stopPropagation(), turn(false), button.focus());
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.stopPropagation();
    run();
  });
  return { button, element, open, at, close: () => ((record = null), at(null)) };
}

/** What the next step of the picture was taken under: that of a beginning, or of the request itself. */
const heldAt = (request, step) =>
  (request.beginnings ?? []).find((one) => step < one.until) ?? { ...request, guidance_scale: request.sampling.guidance_scale };

const valueOf = ({ box }) => (box.value === "" ? null : Number(box.value));

function area(label) {
  const box = h("textarea", { rows: 2, class: "grid-text" });
  return { box, element: h("label", { class: "guide-field" }, h("span", { class: "label" }, label), box) };
}

function number(label, bounds) {
  const box = h("input", { type: "number", class: "grid-text", ...bounds });
  return { box, element: h("label", { class: "guide-field" }, h("span", { class: "label" }, label), box) };
}
