// What a download would bring: files, size, place, licence; shown before the first byte, with one button to accept.
import { h, icon, show } from "./dom.js";
import { licenceBlock } from "./licence.js";
import { fileSize, plural } from "./words.js";

/** The panel; `look(order)` asks anew with a choice or a name, `begin(order)` downloads. */
export function createPlan({ look, begin, close }) {
  const element = h("div", { class: "plan", role: "region", "aria-label": "Download", tabindex: -1, hidden: true });

  function fill(...children) {
    show(element, true);
    element.replaceChildren(...children.flat().filter(Boolean));
    element.scrollIntoView({ block: "nearest" });
  }
  function wait(order) {
    fill(h("p", { class: "plan-wait", role: "status" }, `Looking up ${order.source}…`), actions(cancel()));
    element.focus({ preventScroll: true });
  }
  function draw(plan, order) {
    const title = h("h3", {}, plan.name);
    const page = link(plan.page_url, plan.model);
    const begins = plan.files.length > 0 && !plan.is_taken && !plan.needs_token;
    fill(
      title,
      h("p", { class: "plan-quiet" }, page, plan.commit && ` · ${plan.commit.slice(0, 10)}`),
      plan.choices.length > 1 && choices(plan, order),
      plan.files.length > 0 && facts(plan),
      ...remarks(plan).map((words) => h("p", { class: "plan-remark" }, icon("warning"), h("span", {}, words))),
      plan.is_taken && rename(plan, order),
      plan.files.length > 0 && !plan.is_there && licence(plan),
      actions(begins && go(plan, order), cancel()),
    );
  }
  function go(plan, order) {
    const label = plan.is_there
      ? "Use it"
      : plan.licence.is_accepted
        ? "Download"
        : "Accept the licence and download";
    const button = h("button", { type: "button", class: "primary" }, label);
    button.addEventListener("click", () => {
      button.disabled = true;
      begin({ source: plan.source, name: order.name, licence: plan.licence.id });
    });
    return button;
  }
  const cancel = () => h("button", { type: "button", class: "quiet", on: { click: close } }, "Cancel");

  function choices(plan, order) {
    const rows = [{ file: "", size_bytes: 0 }, ...plan.choices].filter(
      (row, index) => index > 0 || (plan.files.length === 0 && plan.choices[0].file !== ""),
    );
    const options = rows.map(({ file, size_bytes }) => {
      const name = size_bytes ? `${file || "The diffusers folder"} · ${fileSize(size_bytes)}` : "Choose a file…";
      return h("option", { value: file, selected: file === (order.file ?? "") }, name);
    });
    const select = h("select", { id: "download-file" }, ...options);
    select.addEventListener("change", () => look({ ...order, file: select.value }));
    return h("label", { class: "plan-field", for: "download-file" }, "It holds several models", select);
  }
  function rename(plan, order) {
    const input = h("input", { id: "download-name", type: "text", maxlength: 100, value: `${plan.name}-2` });
    const save = h("button", { type: "submit", class: "secondary" }, "Use this name");
    const submit = (event) => (event.preventDefault(), look({ ...order, name: input.value.trim() }));
    const label = h("label", { for: "download-name" }, "Another model of this name is there. Call this one");
    return h("form", { class: "plan-field", on: { submit } }, label, h("div", { class: "offers-row" }, input, save));
  }
  function fail(error, order) {
    const again = { label: "Try again", run: () => look(order) };
    const words = error.status ? error.message : "The server does not answer.";
    const button = h("button", { type: "button", class: "secondary", on: { click: again.run } }, again.label);
    fill(
      h("p", { class: "plan-remark", role: "alert" }, icon("warning"), h("span", {}, words)),
      error.remedy && h("p", {}, error.remedy),
      actions(error.code === "bad_request" ? null : button, cancel()),
    );
  }
  const clear = () => (show(element, false), element.replaceChildren());
  return { element, wait, draw, fail, clear, isOpen: () => !element.hidden };
}

/** What is to be known before one begins. */
function remarks(plan) {
  if (plan.is_there) return ["You have exactly this model already; nothing will be downloaded."];
  return [
    plan.warning,
    plan.needs_token &&
      "Its publisher asks for a login: agree to the terms on its page, then start Darkroom with HF_TOKEN in its environment.",
    plan.files.length > 0 && !plan.is_verified && "No checksum is known for it; only its size and structure can be checked.",
    plan.size_bytes > plan.free_bytes && "There is not enough room for it on the disk.",
  ].filter(Boolean);
}

function facts(plan) {
  const [from, words] = [plan.files.length > 1 ? ` in ${plural(plan.files.length, "file")}` : "", plan.trigger_words];
  const rows = [
    ["Size", `${fileSize(plan.size_bytes)}${from}; ${fileSize(plan.free_bytes)} are free`],
    ["Goes to", plan.target],
    words.length > 0 && ["Trigger words", words.join(", ")],
  ].filter(Boolean);
  return h("dl", { class: "plan-facts" }, ...rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

function licence(plan) {
  return h(
    "div",
    { class: "plan-licence" },
    licenceBlock({ ...plan.licence, title: plan.licence.name, source: "" }),
    h("p", {}, link(plan.licence.url, "Read it"), plan.licence.is_accepted ? " · accepted before" : ""),
  );
}

/** A link to a page elsewhere, opened beside this one; plain text when the address is none. */
function link(address, words) {
  if (!/^https?:\/\//.test(address)) return h("span", {}, words);
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, words);
}

const actions = (...buttons) => h("div", { class: "plan-actions" }, ...buttons.filter(Boolean));
