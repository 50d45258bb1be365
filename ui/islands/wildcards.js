// The panel of wildcards: which there are and what stands in them, and five prompts that the one in the form may become.
import { call } from "./api.js";
import { h, keyed, setText, show } from "./dom.js";
import { plural } from "./words.js";

const TRIES = 5;

/** Fills the panel. */
export function mountWildcards(host, { form, toasts }) {
  const list = h("ul", { class: "wildcard-list" });
  const none = h("p", { class: "hint" });
  const run = h("button", { type: "button", class: "secondary", on: { click: attempt } }, "Try the prompt");
  const tries = h("ol", { class: "tries", "aria-live": "polite" });
  const hint = "Each picture takes a line of the file in the place of __name__; its seed decides which. {red|blue} chooses as well.";
  host.append(h("p", { class: "hint" }, hint), none, list, h("div", { class: "panel-actions" }, run), tries);

  async function learn() {
    try {
      const { items, folder } = await call("GET", "api/v1/wildcards");
      setText(none, `No wildcard yet: put text files with a choice a line into ${folder}.`);
      show(none, items.length === 0);
      keyed(list, items, { key: (row) => JSON.stringify(row), make: make });
    } catch {
      setText(none, "The wildcards cannot be loaded now.");
      show(none, true);
    }
  }
  function make({ name, count, examples }) {
    const shown = `${plural(count, "choice")}: ${examples.join(", ")}${count > examples.length ? " …" : ""}`;
    const button = { type: "button", class: "style-row", title: "Put it into the prompt", on: { click: () => insert(`__${name}__`) } };
    return h("li", {}, h("button", button, h("span", { class: "style-row-name" }, `__${name}__`), h("span", { class: "style-row-adds" }, shown)));
  }
  /** At the cursor, where there is one. */
  function insert(word) {
    const box = document.querySelector("#field-prompt textarea");
    const at = box.selectionEnd ?? box.value.length;
    const glue = at > 0 && !/\s$/.test(box.value.slice(0, at)) ? " " : "";
    form.fill({ prompt: box.value.slice(0, at) + glue + word + box.value.slice(at) });
    box.focus();
  }
  async function attempt() {
    form.clearErrors();
    const { prompt = "", negative_prompt = "", seed } = form.values;
    try {
      const { items } = await call("POST", "api/v1/wildcards/try", { json: { prompt, negative_prompt, seed: seed ?? -1, count: TRIES } });
      const isVaried = new Set(items.map((row) => row.negative_prompt)).size > 1;
      tries.replaceChildren(...items.map((row) => result(row, isVaried)));
    } catch (error) {
      tries.replaceChildren();
      if (error.status !== 422 || !form.refuse(error)) toasts.fail(error);
    }
  }
  function result({ seed, prompt, negative_prompt: negative }, isVaried) {
    const take = () => form.fill({ seed });
    return h(
      "li",
      {},
      h("span", { class: "try-words" }, prompt, isVaried && h("span", { class: "sent-negative" }, ` without: ${negative}`)),
      h("button", { type: "button", class: "quiet", title: "Pictures with this seed choose these words", on: { click: take } }, `Use seed ${seed}`),
    );
  }
  learn();
}
