// Hires fix: how large the picture will be, said while one chooses, and choices of what lies there: upscalers, checkpoints.
import { call } from "./api.js";
import { createChoice } from "./choice.js";
import { h, setText, show } from "./dom.js";

const UNIT = 8;
const AS_ABOVE = { name: "", label: "As above" };

/** [width, height] in px after the second pass, as `target_size` of pipelines/asking/hires.py counts; asked is {scale, width, height}. */
export function targetSize(asked, [width, height]) {
  const whole = (px) => Math.floor(px / UNIT) * UNIT;
  if (!asked.width && !asked.height) return [whole(Math.floor(width * asked.scale)), whole(Math.floor(height * asked.scale))];
  if (!asked.height) return [whole(asked.width), whole(Math.floor((asked.width * height) / width))];
  if (!asked.width) return [whole(Math.floor((asked.height * width) / height)), whole(asked.height)];
  return [whole(asked.width), whole(asked.height)];
}

/** The rows of a choice of checkpoints for the second pass: those of the same latents as the first one's. */
export function checkpointRows(checkpoints, base, chosen) {
  const rows = checkpoints
    .filter((row) => !row.problem && row.name !== base?.name && row.latents === base?.latents)
    .map(({ name }) => ({ name, label: name }));
  const isGone = chosen && !rows.some((row) => row.name === chosen);
  return [AS_ABOVE, ...(isGone ? [{ name: chosen, label: `${chosen} (does not fit)`, isOff: true }] : []), ...rows];
}

/** The line with the size, and everything of the fold that changes by itself. */
export function mountHires(host, { store, form, checkpoint }) {
  const size = h("p", { class: "hires-size", "aria-live": "polite" });
  const hint = h("p", { class: "hint" });
  const trouble = h("p", { class: "field-error", role: "alert", hidden: true });
  const upscaler = createChoice(form, "hires.upscaler");
  const second = createChoice(form, "hires.checkpoint");
  const [low, high] = form.fields.find((row) => row.name === "hires.width").bounds;
  let upscalers = [];
  let known = null;
  host.append(size);

  async function learn() {
    const version = store.status?.catalog_version;
    if (!version || version === known) return;
    known = version;
    upscalers = (await call("GET", "api/v1/upscalers").catch(() => ({ items: upscalers }))).items;
    draw();
  }
  function rowsOfUpscalers() {
    const chosen = form.values["hires.upscaler"] ?? "";
    const rows = upscalers.map(({ name, problem }) => ({ name, label: problem ? `${name} (cannot be used)` : name, isOff: Boolean(problem) }));
    return rows.some((row) => row.name === chosen) ? rows : [{ name: chosen, label: upscalers.length ? `${chosen} (not there)` : chosen }, ...rows];
  }
  function drawSize() {
    const from = [form.values.width, form.values.height];
    const asked = Object.fromEntries(["scale", "width", "height"].map((name) => [name, form.values[`hires.${name}`]]));
    const to = targetSize(asked, from);
    const isOn = Boolean(form.values.hires);
    const isAbsurd = isOn && !(Math.max(...to) <= high && Math.min(...to) >= low);
    show(size, isOn);
    setText(size, `${from.join(" × ")} → ${to.join(" × ")} px`);
    const block = document.getElementById(asked.width || asked.height ? "field-hires-width" : "field-hires-scale");
    if (block && trouble.parentElement !== block) block.append(trouble);
    setText(trouble, `${to.join(" × ")} px cannot be made. Sides of ${low} to ${high} px can.`);
    show(trouble, isAbsurd);
  }
  function draw() {
    drawSize();
    const base = checkpoint.all.find((row) => row.name === checkpoint.name);
    const block = upscaler.draw(rowsOfUpscalers());
    if (block && hint.parentElement !== block) block.append(hint);
    setText(hint, upscalers.find((row) => row.name === form.values["hires.upscaler"])?.hint ?? "");
    second.draw(checkpointRows(checkpoint.all, base, form.values["hires.checkpoint"] ?? ""));
  }
  store.subscribe(learn);
  form.onChange(draw);
  checkpoint.onChange(draw);
}
