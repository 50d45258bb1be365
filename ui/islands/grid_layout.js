// How the pictures of a grid stand: its axes with the labels of their values, and which picture is in which place.
import { call } from "./api.js";

/** A loader of layouts that asks for each once; `of(job, run)` answers what is known, or null and calls `run` later. */
export function createLayouts() {
  const known = new Map(); // job id → layout, an error, or null while it is asked for
  function of(job, run) {
    if (!known.has(job.id)) {
      known.set(job.id, null);
      call("GET", `api/v1/jobs/${job.id}/grid`)
        .then((answer) => known.set(job.id, layout(answer)))
        .catch((error) => known.set(job.id, { error }))
        .finally(run);
    }
    return known.get(job.id);
  }
  return { of, forget: (id) => known.delete(id) };
}

/** {x, y, z: an axis or null, indexOf(x, y, z), placeOf(index): {x, y, z}, words(index): "Steps 20 · Sampler Euler"}. */
function layout({ axes, cells }) {
  const [x, y, z] = ["x", "y", "z"].map((name) => axes.find((axis) => axis.axis === name) ?? null);
  const [columns, rows] = [x, y].map((axis) => axis?.values.length ?? 1);
  function placeOf(index) {
    const place = cells.indexOf(index);
    return { x: place % columns, y: Math.floor(place / columns) % rows, z: Math.floor(place / columns / rows) };
  }
  function words(index) {
    const place = placeOf(index);
    const said = [x, y, z].map((axis) => axis && `${axis.label} ${axis.values[place[axis.axis]]}`);
    return said.filter(Boolean).join(" · ");
  }
  return { x, y, z, columns, rows, indexOf: (at, row, sheet) => cells[(sheet * rows + row) * columns + at], placeOf, words };
}
