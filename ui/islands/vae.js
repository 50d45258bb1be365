// Which VAE decodes the picture: a choice that stands in the place of Gradio's text box and knows what lies there now.
import { call } from "./api.js";
import { createChoice } from "./choice.js";
import { show } from "./dom.js";
import { createHint, drawHint } from "./recommended.js";

const FIELD = "vae";
const OWN = { name: "", label: "Automatic" };

/** The rows of the choice: the checkpoint's own first, then what fits its family, then what does not. */
export function choices(vaes, family, own, chosen) {
  const looksXl = (row) => /xl/i.test(row.name) === (family === "sdxl");
  const rank = (row) => (fits(row, family) ? (looksXl(row) ? 0 : 1) : 2);
  const rows = [...vaes].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  const listed = rows.map((row) => ({
    name: row.name,
    label: fits(row, family) ? row.name : `${row.name} (${row.problem ? "cannot be used" : "another family"})`,
    isOff: !fits(row, family),
  }));
  const isThere = !chosen || vaes.some((row) => row.name === chosen);
  const gone = isThere ? [] : [{ name: chosen, label: `${chosen} (not there)`, isOff: true }];
  return [{ ...OWN, label: own ? `${OWN.label}: ${own}` : OWN.label }, ...gone, ...listed];
}

const fits = (row, family) => !row.problem && (!family || row.families.includes(family));

/** Puts the choice into the block of the field, and keeps both alike. */
export function watchVae({ store, form, checkpoint }) {
  const choice = createChoice(form, FIELD);
  const hint = createHint(() => form.fill({ [FIELD]: "" }));
  let known = { version: null, rows: [] };

  async function learn() {
    const version = store.status?.catalog_version;
    if (!version || version === known.version) return;
    known = { version, rows: known.rows };
    known.rows = await call("GET", "api/v1/vaes").catch(() => []);
    draw();
  }
  function draw() {
    const { name, all, defaults } = checkpoint;
    const family = all.find((row) => row.name === name)?.family ?? "";
    const chosen = form.values[FIELD] ?? "";
    const block = choice.draw(choices(known.rows, family, defaults.vae, chosen));
    if (!block) return;
    if (hint.parentElement !== block) block.append(hint);
    const row = known.rows.find((one) => one.name === chosen);
    drawHint(hint, row && !fits(row, family) ? OWN.label : "");
    show(block, known.rows.length > 0 || chosen !== "");
  }
  store.subscribe(learn);
  form.onChange(draw);
  checkpoint.onChange(draw);
}
