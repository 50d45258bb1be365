// What shows a job that is a grid: the table, and the row above a picture that was opened out of it.
import { createLayouts } from "./grid_layout.js";
import { createGridPlace } from "./grid_place.js";
import { createGridView } from "./grid_view.js";

/** {view, place}: see there. */
export function createGridResult({ verbs, focus }) {
  const parts = { verbs, focus, layouts: createLayouts() };
  return { view: createGridView(parts), place: createGridPlace(parts) };
}
