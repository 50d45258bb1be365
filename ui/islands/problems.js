// Says what is wrong where it can be mended: a note at the end of each place, taken away once it is not true any more.
import { h } from "./dom.js";

/** Problems are {why, remedy, …}; `placeOf(problem)` is where one is mended, or null. Answers those that have no place. */
export function showProblems(root, problems, placeOf) {
  const wanted = new Map();
  const placeless = [];
  for (const problem of problems) {
    const place = placeOf(problem);
    if (place) wanted.set(place, inWords(problem));
    else placeless.push(problem);
  }
  for (const note of root.querySelectorAll(".field-error")) {
    if (wanted.get(note.parentElement) === note.textContent) wanted.delete(note.parentElement);
    else note.remove();
  }
  for (const [place, text] of wanted) place.append(h("p", { class: "field-error", role: "alert" }, text));
  return placeless;
}

/** "is too long" → "Is too long. Use at most 60 characters." */
export const inWords = ({ why, remedy }) => `${why.replace(/^./, (first) => first.toUpperCase()).replace(/\.$/, "")}. ${remedy}`;

/** "name = 63: is too long." → "is too long". */
export const whyOf = (message) => message.replace(/^\S+ = ([^]*?): /, "").replace(/\.$/, "");
