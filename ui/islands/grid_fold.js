// The fold "Grid": what varies over columns, rows and sheets, over which values, and how many pictures that makes.
import { h, icon, setAttribute, setText, show } from "./dom.js";
import { AXES } from "./grid.js";
import { createPlan } from "./grid_plan.js";
import { createPicks, createText } from "./grid_values.js";
import { createChoice } from "./inputs.js";
import { inWordsWithValue } from "./refusal.js";
import { plural } from "./words.js";

const ABOUT = "One picture for each combination of values, side by side. All else is as in the form.";
// What stands in an empty box, by the kind of what varies; and how numbers can be written.
const SAMPLES = {
  whole: "10, 20, 30-50 (+10)",
  number: "0.3, 0.5-0.9 (+0.1)",
  prompt: "red, green, dark blue",
  order: "red, round, shiny",
  size: "512x512, 512x768",
};
const RANGES = "Numbers, or ranges: 10-50 (+10) in steps, 1-10 [5] so many.";

// How the list of what can vary is parted: most used first, then by where it stands in a Request.
const MOST_USED = ["prompt", "sampling.sampler", "sampling.schedule", "sampling.steps", "sampling.guidance_scale", "seed", "checkpoint", "size", "styles"];
const GROUPS = { hires: "Hires fix", sampling: "Sampling", noise: "Seeds and noise" };

/** Fills the island, and asks what can vary. */
export function mountGrid(host, { grid, form, verbs, store }) {
  const plan = createPlan({ grid, form, verbs });
  const box = h("input", { type: "checkbox", on: { change: () => grid.turn(box.checked) } });
  const turn = h("label", { class: "grid-switch" }, box, h("span", {}, "Generate makes a grid"));
  const axes = Object.keys(AXES).map((name) => createAxis(name, grid));
  const count = h("p", { class: "grid-plan", role: "status" });
  const swap = h("button", { type: "button", class: "quiet", on: { click: grid.swap } }, "Swap columns and rows");
  const foot = h("div", { class: "grid-foot" }, turn, count, swap);
  const trouble = h("p", { class: "hint" });
  const again = h("button", { type: "button", class: "secondary", on: { click: grid.learn } }, "Try again");
  host.append(h("p", { class: "hint" }, ABOUT), trouble, again, ...axes.map((axis) => axis.element), foot);

  function draw() {
    const known = grid.rows.length > 0;
    show(again, grid.problem !== null);
    show(trouble, grid.problem !== null || !known);
    setText(trouble, grid.problem ? "What can vary is not known now." : "Asking what can vary …");
    axes.forEach((axis, place) => axis.draw(known && (place === 0 || isSet(axes[place - 1].name) || isSet(axis.name))));
    show(foot, isSet("x") || isSet("y") || isSet("z"));
    box.checked = grid.isOn;
    show(swap, isSet("x") && isSet("y"));
    document.querySelector("[data-fold=grid]")?.classList.toggle("filled", grid.asSent() !== null);
  }
  const isSet = (name) => grid.axes[name].field !== "";

  function drawPlan({ plan: found, error }) {
    const own = error?.field?.startsWith("grid.") ? error.field.split(".")[1] : "";
    for (const axis of axes) axis.tell(found?.axes.find((one) => one.axis === axis.name), own === axis.name ? error : null);
    const sides = found?.axes.map((axis) => axis.values.length) ?? [];
    const words = found ? `${sides.length > 1 ? `${sides.join(" × ")} = ` : ""}${plural(found.pictures, "picture")}` : "";
    setText(count, error && !(own in AXES) ? [error.message, error.remedy].filter(Boolean).join(" ") : words);
    const generate = document.getElementById("generate");
    if (generate) setAttribute(generate, "data-pictures", found ? plural(found.pictures, "picture") : null);
  }
  store.subscribe(() => store.status && grid.learn());
  grid.onChange(draw);
  plan.onChange(drawPlan);
}

/** The choices of fields, most used first. */
function grouped(rows) {
  const known = MOST_USED.map((name) => rows.find((row) => row.field === name)).filter(Boolean);
  const others = rows.filter((row) => !known.includes(row));
  const group = (row) => GROUPS[row.field.split(".")[0]] ?? "Others";
  const choice = (row, of) => ({ value: row.field, text: row.label, hint: row.hint, group: of });
  return [...known.map((row) => choice(row, "")), ...others.map((row) => choice(row, group(row)))];
}

const sentence = (text) => `${text.replace(/\.$/, "")}.`;

/** One axis: its field, the values, how they are read, or why they cannot be. */
function createAxis(name, grid) {
  const called = AXES[name];
  const take = (values) => grid.change(name, { values });
  const field = createChoice(`${called} (${name.toUpperCase()})`, (value) => (picks.clear(), grid.change(name, { field: value })));
  const text = createText(take);
  const picks = createPicks(take);
  const hint = h("p", { class: "hint" });
  const read = h("p", { class: "grid-read" });
  const why = h("p", { class: "grid-why", role: "alert" }, icon("warning"), h("span"));
  const element = h("div", { class: "grid-axis", role: "group", "aria-label": called }, field.element, hint, text.element, picks.element, read, why);
  grid.refusers[name] = (error) => {
    tell(null, error);
    document.dispatchEvent(new CustomEvent("darkroom:reveal", { detail: element }));
    element.querySelector(picks.element.hidden ? ".grid-text" : "input")?.focus();
    element.scrollIntoView({ block: "nearest" });
  };
  tell(null, null);

  function draw(isShown) {
    show(element, isShown);
    const { field: chosen, values } = grid.axes[name];
    const row = grid.rows.find((one) => one.field === chosen);
    const options = grouped(grid.rows);
    if (chosen && !row) options.push({ value: chosen, text: `${chosen} (not known)` });
    field.draw([{ value: "", text: "Nothing" }, ...options], chosen);
    setText(hint, [row?.hint && sentence(row.hint), ["whole", "number"].includes(row?.kind) && RANGES].filter(Boolean).join(" "));
    show(hint, hint.textContent !== "");
    const choices = row?.choices ?? [];
    show(text.element, Boolean(chosen) && choices.length === 0);
    show(picks.element, choices.length > 0);
    const label = `Values of ${called.toLowerCase()}: ${row?.label ?? chosen}`;
    text.draw(values, label, SAMPLES[row?.kind] ?? "");
    if (choices.length) picks.draw(choices, values, label);
    if (!chosen) tell(null, null);
  }
  function tell(planned, error) {
    const hasList = !picks.element.hidden;
    show(read, Boolean(planned) && !hasList);
    setText(read, planned ? planned.values.join(" · ") : "");
    show(why, error !== null);
    if (error) setText(why.lastElementChild, inWordsWithValue(error));
    setAttribute(text.element, "aria-invalid", error ? "true" : null);
  }
  return { name, element, draw, tell };
}
