// Says at a part of an island why what it holds was refused; `form.clearErrors` takes it away again.
import { h, setAttribute } from "./dom.js";

/** Shows the error at the end of `at`, unfolds what hides it, and puts the focus there. */
export function showRefusal(at, error) {
  const why = error.message.replace(/^\S+ = ([^]*?): /, "");
  at.append(h("p", { class: "field-error", role: "alert" }, `${sentence(why)} ${error.remedy}`));
  document.dispatchEvent(new CustomEvent("darkroom:reveal", { detail: at }));
  setAttribute(at, "tabindex", "-1");
  at.focus();
  at.scrollIntoView({ block: "nearest" });
}

const sentence = (text) => `${text.replace(/^./, (first) => first.toUpperCase()).replace(/\.$/, "")}.`;
