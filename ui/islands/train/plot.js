// The loss over the steps as a drawing: every value faint, their course bold, held-out points, and the best step.
import { h, setText } from "../dom.js";
import { measured } from "./telling.js";

const SIZE = { width: 360, height: 180 };
const EDGE = { left: 48, right: 8, top: 8, bottom: 24 };
const SMOOTHING = 0.9; // of the exponential mean, as in TensorBoard
const NS = "http://www.w3.org/2000/svg";

/** The figure; `draw(training)` brings it up to date. */
export function createPlot() {
  const svg = shape("svg", { viewBox: `0 0 ${SIZE.width} ${SIZE.height}`, class: "plot", role: "img" });
  const caption = h("figcaption", { class: "plot-words" });
  const legend = h("p", { class: "plot-legend", "aria-hidden": "true" });
  const element = h("figure", { class: "plot-figure" }, h("h3", {}, "Loss"), svg, legend, caption);
  let known = "";

  function draw(training) {
    const { losses, steps } = training;
    const held = measured(training);
    const best = held.length ? training.best_step : null; // unmeasured, the last step counts as the best
    const now = JSON.stringify([losses.length, losses.at(-1), held, best, steps]);
    if (now === known) return;
    known = now;
    element.hidden = losses.length < 2;
    if (element.hidden) return;
    const smooth = smoothed(losses);
    const scale = scaleOf(losses, smooth, held, steps);
    svg.replaceChildren(
      ...axes(scale),
      line(losses, scale, "plot-raw"),
      line(smooth, scale, "plot-smooth"),
      ...(best ? marker(best, scale) : []),
      ...held.map((mark) => point(mark, scale, mark.step === best)),
    );
    svg.setAttribute("aria-label", inWords(training.step, smooth, held, best));
    legend.replaceChildren(key("plot-key-smooth", "loss, smoothed"), ...(held.length ? [key("plot-key-held", "on held-out pictures")] : []), ...(best ? [key("plot-key-best", "best step")] : []));
    setText(caption, held.length ? "" : "Without a held-out picture over-fitting cannot be measured: mark one “Measure only” next time.");
  }
  return { element, draw };
}

/** Exponential mean with its bias taken out. */
function smoothed(losses) {
  let [sum, weight] = [0, 0];
  return losses.map(([step, loss]) => {
    sum = SMOOTHING * sum + (1 - SMOOTHING) * loss;
    weight = SMOOTHING * weight + (1 - SMOOTHING);
    return [step, sum / weight];
  });
}

/** What is drawn where. Single values may lie outside: a few spikes would flatten all the rest. */
function scaleOf(losses, smooth, held, steps) {
  const raw = losses.map(([, loss]) => loss).sort((a, b) => a - b);
  const at = (share) => raw[Math.round(share * (raw.length - 1))];
  const values = [...smooth.map(([, loss]) => loss), ...held.map((mark) => mark.held_out_loss), at(0.02), at(0.98)];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = (high - low || high || 1) * 0.08;
  const [bottom, top] = [Math.max(0, low - room), high + room];
  const last = Math.max(steps, losses.at(-1)[0]);
  const x = (step) => EDGE.left + (step / last) * (SIZE.width - EDGE.left - EDGE.right);
  const y = (loss) => {
    const share = Math.min(1, Math.max(0, (loss - bottom) / (top - bottom)));
    return SIZE.height - EDGE.bottom - share * (SIZE.height - EDGE.top - EDGE.bottom);
  };
  return { x, y, bottom, top, last };
}

function axes({ x, y, bottom, top, last }) {
  const middle = (bottom + top) / 2;
  const digits = top < 0.1 ? 3 : 2;
  const rows = [bottom, middle, top].flatMap((loss) => [
    shape("line", { x1: EDGE.left, x2: SIZE.width - EDGE.right, y1: y(loss), y2: y(loss), class: "plot-grid" }),
    words(loss.toFixed(digits), { x: EDGE.left - 8, y: y(loss) + 4, "text-anchor": "end" }),
  ]);
  const columns = [0, last / 2, last].map((step, index) =>
    words(index === 2 ? `${last.toLocaleString()} steps` : Math.round(step).toLocaleString(), { x: x(step), y: SIZE.height - 8, "text-anchor": ["start", "middle", "end"][index] }),
  );
  return [...rows, ...columns];
}

const line = (values, { x, y }, name) => shape("polyline", { class: name, points: values.map(([step, loss]) => `${x(step).toFixed(1)},${y(loss).toFixed(1)}`).join(" ") });

const marker = (step, { x }) => [shape("line", { class: "plot-best", x1: x(step), x2: x(step), y1: EDGE.top, y2: SIZE.height - EDGE.bottom })];

const point = ({ step, held_out_loss: loss }, { x, y }, isBest) => shape("circle", { class: isBest ? "plot-held best" : "plot-held", cx: x(step), cy: y(loss), r: isBest ? 5 : 4 });

const key = (name, label) => h("span", { class: `plot-key ${name}` }, label);

function words(text, attributes) {
  const node = shape("text", { class: "plot-label", ...attributes });
  node.textContent = text;
  return node;
}

function shape(tag, attributes) {
  const node = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

/** The drawing for those who do not see it. */
function inWords(step, smooth, held, best) {
  const [first, last] = [smooth[Math.min(smooth.length - 1, 3)][1], smooth.at(-1)[1]];
  const course = `Loss over ${step.toLocaleString()} steps: from ${first.toFixed(3)} to ${last.toFixed(3)}.`;
  const measures = held.map((mark) => `step ${mark.step}: ${mark.held_out_loss.toFixed(3)}`).join(", ");
  return [course, measures && `On held-out pictures: ${measures}.`, best && `Best step: ${best}.`].filter(Boolean).join(" ");
}
