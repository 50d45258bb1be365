// Says at a part of an island why what it holds was refused; `form.clearErrors` takes it away again.
import { h, setAttribute } from "./dom.js";

/** Shows the error at the end of `at`, unfolds what hides it, and puts the focus there. */
export function showRefusal(at, error) {
  at.append(h("p", { class: "field-error", role: "alert" }, inWords(error)));
  document.dispatchEvent(new CustomEvent("darkroom:reveal", { detail: at }));
  setAttribute(at, "tabindex", "-1");
  at.focus();
  at.scrollIntoView({ block: "nearest" });
}

/** "width = 63: is too small" → "Is too small. " and the remedy: for where it is plain which field is meant. */
export function inWords(error) {
  const why = error.message.replace(/^\S+ = ([^]*?): /, "");
  return `${sentence(why)} ${error.remedy}`;
}

/** Likewise with the value in front, for where several stand side by side: "'1-x' is neither a number nor a range." */
export function inWordsWithValue(error) {
  return inWords({ ...error, message: error.message.replace(/^\S+ = ([^]*?): /, "$1 "), remedy: error.remedy });
}

const sentence = (text) => `${text.replace(/^./, (first) => first.toUpperCase()).replace(/\.$/, "")}.`;
