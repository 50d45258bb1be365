// What a picture's request says beside the usual settings, in words; and what was written before wildcards became words.
import { h } from "./dom.js";

const SAMPLING = {
  guidance_rescale: ["CFG rescale", 0],
  eta: ["Eta", null],
  churn: ["Churn", 0],
  churn_from: ["Churn from", 0],
  churn_to: ["Churn to", null],
  noise_scale: ["Noise scale", 1],
  sigma_min: ["Sigma min", null],
  sigma_max: ["Sigma max", null],
  rho: ["Rho", null],
  beta_alpha: ["Beta alpha", null],
  beta_beta: ["Beta beta", null],
};

/** Rows of name and value for the facts below a picture; only of what is not as usual. */
export function finerFacts(request) {
  if (!request) return [];
  const { sampling = {}, noise = {}, hires, wording = {} } = request;
  const strength = noise.variation_strength;
  const isOff = ([name, [, usual]]) => (sampling[name] ?? usual) !== usual;
  return [
    ["Hires fix", hires ? hiresOf(hires) : ""],
    ["Variation", strength ? `${strength} of seed ${noise.variation_seed}` : ""],
    ["Seed from", noise.from_width ? `${noise.from_width} × ${noise.from_height}` : ""],
    ["Random numbers", noise.source && noise.source !== "nv" ? noise.source.toUpperCase() : ""],
    ["ENSD", noise.seed_delta || ""],
    ["Seamless", request.seamless ?? ""],
    ["Emphasis", wording.emphasis && wording.emphasis !== "original" ? wording.emphasis : ""],
    ...Object.entries(SAMPLING)
      .filter(isOff)
      .map(([name, [label]]) => [label, sampling[name]]),
  ];
}

/** "Latent, 2×, strength 0.7, 20 steps": what differs from the first pass. */
function hiresOf({ upscaler, scale, width, height, strength, steps, sampler, guidance_scale: guidance, checkpoint }) {
  const size = width || height ? `to ${width ?? "…"} × ${height ?? "…"}` : `${scale}×`;
  const rest = [steps && `${steps} steps`, sampler, guidance !== null && guidance !== undefined && `CFG ${guidance}`, checkpoint];
  return [upscaler, size, `strength ${strength}`, ...rest].filter(Boolean).join(", ");
}

/** What was written, with a button that calls `take()`; null for a picture without wildcards. */
export function templateOf(request, take) {
  const written = [request?.template, request?.negative_template && `without: ${request.negative_template}`].filter(Boolean);
  if (!written.length) return null;
  return h(
    "p",
    { class: "words-template" },
    h("span", {}, `Written as ${written.join(" ")} `),
    take && h("button", { type: "button", class: "quiet", on: { click: take } }, "Write it again"),
  );
}
