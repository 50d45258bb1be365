// The form's values: keeps them over a reload, turns them into a Request and a Request into them, shows refusals.
// The table of widgets comes from `ui/form.py`; reading and writing them is Gradio's: one hidden button fills all.
import { debounce, h } from "./dom.js";
import { keep, recall } from "./prefs.js";

const last = (name) => name.split(".").pop();
const isIn = (field, part) => field.name.startsWith(`${part}.`);

/** What stands at "sampling.steps" in a Request; undefined where it says nothing. */
const at = (request, name) => name.split(".").reduce((inner, key) => inner?.[key], request);

function put(request, name, value) {
  const [part, key] = name.split(".");
  if (key) (request[part] ??= {})[key] = value;
  else request[part] = value;
}

/** The form; `onChange(run)` calls `run(values)` after each change. Values are keyed by their place in a Request. */
export function createForm({ modes }) {
  const fields = JSON.parse(document.getElementById("darkroom-fields").textContent);
  const initial = Object.fromEntries(fields.map((field) => [field.name, field.value]));
  const values = { ...initial, ...known(recall("form", {})) };
  let followed = recall("followed", initial); // the defaults that were last put in: what equals them is untouched
  let pending = {};
  const listeners = new Set();
  const parts = fields.filter((field) => field.is_part);
  const owned = new Map(); // parts of a Request that an island holds: name → {get, set, refuse}
  const save = debounce(() => keep("form", values), 150);

  function known(candidate) {
    return Object.fromEntries(Object.entries(candidate).filter(([name]) => name in initial));
  }
  function take(list) {
    fields.forEach((field, index) => (values[field.name] = list[index]));
    save();
    for (const run of listeners) run(values);
  }

  /** Gradio asks for the values of all widgets: what we know of them, with what is pending. */
  function filled() {
    const next = fields.map((field) => ({ ...values, ...pending })[field.name]);
    pending = {};
    take(next);
    return next;
  }

  /** Puts values into the widgets; before Gradio has drawn them, `restore` will. */
  function fill(some) {
    pending = { ...pending, ...known(some) };
    clearErrors();
    for (const [name, part] of owned) if (name in some) part.set(some[name]);
    document.getElementById("fill-form")?.click();
  }

  /** Has Gradio drawn every widget and button? It loads their parts one by one. */
  const isDrawn = () =>
    ["generate", "drafts", "fill-form", ...fields.map((field) => field.id)].every((id) =>
      document.getElementById(id),
    );

  /** The widgets are there now: puts in what was remembered, and what was to be filled in meanwhile. */
  function restore() {
    fill({ ...values, ...pending });
  }

  /** A checkpoint was chosen: its defaults go into every field that still holds the former defaults. */
  function follow(defaults) {
    const wanted = {};
    const next = { ...followed };
    const held = { ...values, ...pending };
    for (const field of fields.filter((row) => row.follows_checkpoint)) {
      const value = defaults[last(field.name)];
      if (held[field.name] === followed[field.name] && held[field.name] !== value) wanted[field.name] = value;
      next[field.name] = value;
    }
    followed = next;
    keep("followed", followed);
    if (Object.keys(wanted).length) fill(wanted);
  }

  /**
   * The values of a Request, keyed as the form is, without its seed when `withSeed` is false. What a whole Request does
   * not say is as the form begins; of a part of one (`isWhole` false) only what it says counts.
   */
  function fromRequest(request, { withSeed = true, isWhole = true } = {}) {
    const some = {};
    for (const field of fields) {
      const value = at(request, field.name);
      if (field.is_part) {
        if (value !== undefined || isWhole) some[field.name] = Boolean(value);
      } else if (value !== null && value !== undefined) some[field.name] = value;
      else if (value === null ? !field.follows_checkpoint : isUnsaid(field, request, isWhole)) some[field.name] = field.value;
    }
    for (const name of owned.keys()) if (isWhole || name in request) some[name] = request[name] ?? null;
    if (!withSeed) delete some.seed;
    return some;
  }
  /** Is it as the form begins, since the Request says nothing of it? Not what a checkpoint fills, or a part that is left out. */
  function isUnsaid(field, request, isWhole) {
    const part = parts.find(({ name }) => isIn(field, name));
    return !field.follows_checkpoint && (part ? Boolean(request[part.name]) : isWhole);
  }

  /** The Request of the given widget values, as JSON; empty widgets are left to the checkpoint's defaults. */
  function request(list = null) {
    if (list) take(list);
    const isSent = ({ modes: own }) => own.length === 0 || own.includes(modes.current());
    const out = { sampling: {}, ...asRequest(fields.filter(isSent).map((field) => field.name)) };
    for (const [name, part] of owned) out[name] = part.get();
    return out;
  }
  /** The part of a Request that these fields make; what is empty, or of a part that is switched off, is left out. */
  function asRequest(names) {
    const out = {};
    for (const field of fields.filter(({ name }) => names.includes(name))) {
      const value = values[field.name];
      const isOff = parts.some(({ name }) => isIn(field, name) && !values[name]);
      if (value === null || value === undefined || value === "" || isOff) continue;
      if (!field.is_part) put(out, field.name, value);
      else out[field.name] = value ? (out[field.name] ?? {}) : null;
    }
    return out;
  }
  /** What these hold now, keyed as the form is. */
  const now = (names) =>
    Object.fromEntries(names.map((name) => [name, owned.has(name) ? owned.get(name).get() : (values[name] ?? null)]));

  /** What the form begins with, apart from the prompts: of the checkpoint, where it has defaults. */
  const beginning = () => {
    const { prompt, negative_prompt, ...rest } = { ...initial, ...followed };
    return rest;
  };

  /** Shows why a field was refused at its widget; answers whether such a widget exists. */
  function refuse(error) {
    const name = error.field ?? "";
    const [top, place] = name.split(".");
    if (owned.has(top)) return owned.get(top).refuse(error, Number(place));
    const field = fields.find((row) => row.name === name || row.name === `sampling.${name}`);
    const block = field && document.getElementById(field.id);
    if (!block) return false;
    const near = nearest(field, values[field.name]);
    const mend = near !== null && { label: `Use ${near}`, run: () => fill({ [field.name]: near }) };
    const note = h(
      "p",
      { class: "field-error", id: `${field.id}-error`, role: "alert" },
      `${plain(error, field)} ${error.remedy}`,
    );
    if (mend)
      note.append(h("button", { type: "button", class: "quiet", on: { click: mend.run } }, mend.label));
    block.querySelector(".field-error")?.remove(); // the same may have been said while it was typed
    block.append(note);
    for (const input of block.querySelectorAll("input, textarea")) {
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", note.id);
    }
    document.dispatchEvent(new CustomEvent("darkroom:reveal", { detail: block }));
    block.querySelector("input, textarea")?.focus();
    block.scrollIntoView({ block: "nearest" });
    return true;
  }
  function clearErrors() {
    for (const note of document.querySelectorAll(".field-error")) note.remove();
    for (const input of document.querySelectorAll("[aria-invalid]")) {
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
    }
  }
  return {
    fields,
    sideMost: fields.find((row) => row.name === "width").bounds[1], // px
    values,
    filled,
    fill,
    follow,
    fromRequest,
    request,
    asRequest,
    now,
    beginning,
    refuse,
    clearErrors,
    remember: take,
    isDrawn,
    restore,
    own: (name, part) => owned.set(name, part),
    onChange: (run) => (listeners.add(run), run(values)),
  };
}

/** "Width, px" → "Width"; "Exact: never share a step …" → "Exact". */
export const shortLabel = (field) => field.label.split(/[,:]/)[0];

/** "width = 500: is no multiple of 8" → "Width 500 is no multiple of 8." */
function plain(error, field) {
  const [, value, why] = error.message.match(/^\S+ = ([^]*?): ([^]*)$/) ?? [];
  const name = shortLabel(field);
  return why ? `${name} ${field.bounds[1] ? value : ""} ${why}.`.replace(/ +/g, " ") : error.message;
}

/** The nearest value that a number field can take, or null. */
function nearest({ bounds, step, name }, value) {
  const [low, high] = bounds;
  if (!high || typeof value !== "number" || name === "seed") return null;
  const near = Number(Math.min(high, Math.max(low, Math.round(value / step) * step)).toFixed(3));
  return near === value ? null : near;
}
