// The explainer: what of a prompt acts when and how strongly, in which chunks it is read, and what was probably not meant.
import { h } from "./dom.js";
import { warningRow } from "./traps.js";
import { plural } from "./words.js";

const OPEN_VARIANTS = 4;
const ENDS = {
  full: "full: a text encoder reads 75 tokens at a time",
  comma: "full: the text after the last comma goes on in the next one",
  break: "ended by BREAK",
  embedding: "full: the embedding that follows goes on in the next one",
};
const FIELDS = { prompt: "Prompt", negative_prompt: "Negative prompt" };

/** Draws what the server has answered into `host`. */
export function mountExplain(host, { explaining, form }) {
  let drawn = "";
  explaining.onChange(() => {
    const now = JSON.stringify(explaining.answer);
    if (now === drawn) return;
    drawn = now;
    const { answer, asked } = explaining;
    const read = Object.keys(FIELDS).filter((field) => asked?.[field]?.trim());
    const none = "Write a prompt: how it is read stands here.";
    host.replaceChildren(
      ...(answer && read.length ? read.flatMap((field) => section(field, answer[field], asked, form)) : [h("p", { class: "hint" }, none)]),
    );
  });
}

function section(field, read, asked, form) {
  const isSecond = read.hires_parts && JSON.stringify(read.hires_parts) !== JSON.stringify(read.parts);
  return h(
    "section",
    { class: "explained", "aria-label": FIELDS[field] },
    h("div", { class: "label-row" }, h("h3", {}, FIELDS[field]), h("span", { class: "value" }, `${read.tokens} / ${read.limit} tokens`)),
    read.warnings.length > 0 && h("ul", { class: "traps" }, ...read.warnings.map((row) => warningRow({ ...row, field }, form))),
    ...parts(read.parts, asked.steps),
    read.parts_left_out > 0 && h("p", { class: "hint" }, `and ${plural(read.parts_left_out, "more part")}`),
    isSecond && h("h4", {}, "Second pass"),
    ...(isSecond ? parts(read.hires_parts, asked.hires_steps) : []),
    named("Networks", read.networks.map(network)),
    named("Embeddings", read.embeddings.map(embedding)),
  );
}

function parts(all, steps) {
  return all.map((part, number) =>
    h(
      "div",
      { class: "part" },
      all.length > 1 && h("p", { class: "part-name" }, `AND ${number + 1} of ${all.length}, weight ${short(part.weight)}`),
      ...variants(part, steps),
    ),
  );
}

/** The texts that hold one after another; the first ones are open. */
function variants({ variants: all, variants_left_out: more }, steps) {
  if (all.length === 1 && !more) return chunks(all[0]);
  const rows = all.map((one) => h("div", { class: "variant" }, ...when(one.steps, steps), ...chunks(one)));
  const rest = rows.slice(OPEN_VARIANTS);
  const left = more ? [h("p", { class: "hint" }, `and ${plural(more, "more text")}`)] : [];
  if (!rest.length) return [...rows, ...left];
  return [...rows.slice(0, OPEN_VARIANTS), h("details", {}, h("summary", {}, `${plural(rest.length + more, "more text")}`), ...rest, ...left)];
}

function when(ranges, steps) {
  const bar = h("span", { class: "when-bar", "aria-hidden": "true" });
  for (const [first, last] of ranges)
    bar.append(h("span", { style: `left:${((first - 1) / steps) * 100}%;width:${((last - first + 1) / steps) * 100}%` }));
  return [h("p", { class: "when" }, h("span", { class: "when-words" }, said(ranges)), bar)];
}

/** "steps 1–5", "steps 1, 3, 5 … 19". */
export function said(ranges) {
  const words = ranges.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`));
  const shown = words.length > 4 ? [...words.slice(0, 3), "…", words.at(-1)] : words;
  const isOne = ranges.length === 1 && ranges[0][0] === ranges[0][1];
  return `${isOne ? "step" : "steps"} ${shown.join(", ").replaceAll(", …,", " …")}`;
}

function chunks({ chunks: all }) {
  if (all.every((chunk) => chunk.pieces.length === 0)) return [h("p", { class: "hint" }, "no words")];
  return all.flatMap((chunk, number) => [
    h("p", { class: "chunk" }, ...runs(chunk.pieces)),
    number < all.length - 1 &&
      h("p", { class: "chunk-end" }, h("span", {}, `${chunk.tokens} tokens, ${ENDS[chunk.ended_by] ?? "next chunk"}`)),
  ]).filter(Boolean);
}

/** Pieces of one weight stand together, with the weight behind them. */
function runs(pieces) {
  const all = [];
  for (const piece of pieces) {
    const last = all.at(-1);
    if (last && last[0].weight === piece.weight) last.push(piece);
    else all.push([piece]);
  }
  return all.map((run) => {
    const { weight } = run[0];
    const tint = Math.round(Math.min(1, Math.abs(weight - 1)) * 100);
    const kind = weight > 1 ? "more" : weight < 1 ? "less" : "plain";
    return h(
      "span",
      { class: "run", data: { weight: kind }, style: `--tint:${tint}%` },
      ...run.map(pill),
      weight !== 1 && h("span", { class: "run-weight", title: `weight ${short(weight)}` }, short(weight)),
    );
  });
}

function pill({ text, tokens, embedding: name }) {
  const title = [name && `embedding ${name}`, tokens !== 1 && `${tokens} tokens`].filter(Boolean).join(", ");
  return h("span", { class: "piece", title: title || null, data: { embedding: name ? "yes" : "no" } }, text.trim() || "␣");
}

function named(label, rows) {
  return rows.length > 0 && h("div", { class: "named" }, h("p", { class: "part-name" }, label), h("ul", {}, ...rows));
}
const network = ({ kind, name, text, is_known: isKnown, problem }) =>
  h("li", { data: { known: isKnown && !problem } }, h("strong", {}, name || text), ` ${problem || `${kind} ${text.split(":").slice(2).join(":").replace(">", "")}`}`);
const embedding = ({ name, vectors, problem }) =>
  h("li", { data: { known: !problem } }, h("strong", {}, name), ` ${problem || plural(vectors, "token")}`);

const short = (number) => String(Math.round(number * 1000) / 1000);
