// The gauge of the device's memory in the header; a click shows who holds what, and frees it.
import { call } from "./api.js";
import { h, keyed, setAttribute, setText, show } from "./dom.js";
import { fileSize, gigabytes } from "./words.js";

const TIERS = {
  resident: "",
  offload: "text encoders and VAE wait in RAM",
  stream: "comes from RAM layer by layer",
  float8: "kept in 8 bits",
};

/** Answers with {element, draw}. */
export function createMemory() {
  const bar = h("span", { class: "gauge-bar" }, h("span", { class: "gauge-fill" }));
  const text = h("span", { class: "gauge-text" });
  const panel = h("div", { class: "popover memory-panel", id: "memory-panel", hidden: true });
  const button = h(
    "button",
    {
      type: "button",
      class: "gauge",
      "aria-expanded": "false",
      "aria-controls": "memory-panel",
      on: { click: () => open(panel.hidden) },
    },
    text,
    bar,
  );
  const list = h("ul", { class: "memory-list" });
  const nothing = h("p", { class: "picker-none" }, "No checkpoint is loaded. The next picture loads one.");
  panel.append(h("h2", { class: "memory-title" }, "In memory"), list, nothing);
  const element = h("div", { class: "memory", hidden: true }, button, panel);

  function open(isOpen) {
    show(panel, isOpen);
    setAttribute(button, "aria-expanded", String(isOpen));
  }
  document.addEventListener("pointerdown", (event) => element.contains(event.target) || open(false));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || panel.hidden) return;
    open(false);
    button.focus();
  });

  function draw(status) {
    show(element, Boolean(status?.total_bytes));
    if (!status?.total_bytes) return;
    const share = Math.min(1, status.used_bytes / status.total_bytes);
    const amount = `${gigabytes(status.used_bytes)} / ${gigabytes(status.total_bytes)} GB`;
    setText(text, `${status.device_name || status.device} · ${amount}`);
    setAttribute(button, "title", `${status.device}: memory in use. Click to see who holds it.`);
    bar.firstElementChild.style.transform = `scaleX(${share.toFixed(3)})`;
    const holders = status.holders ?? [];
    show(nothing, !holders.length);
    keyed(list, holders, {
      key: (holder) => holder.name,
      make: makeRow,
      update: (row, holder) => updateRow(row, holder, status.device),
    });
  }
  return { element, draw };
}

function makeRow(holder) {
  const unload = h("button", { type: "button", class: "secondary", on: { click: free } }, "Unload");
  async function free() {
    unload.disabled = true; // until the list shows that it has gone
    await call("POST", "api/v1/models/unload", { json: { name: holder.name } }).catch(() => (unload.disabled = false));
  }
  const words = h("div", { class: "memory-words" }, h("span", { class: "memory-name" }, holder.name), h("span", { class: "option-facts" }));
  return h("li", { class: "memory-row" }, words, unload);
}

function updateRow(row, holder, device) {
  const here = fileSize(holder.device_bytes);
  const where = device === "cpu" ? here : `${here} on the GPU, ${fileSize(holder.home_bytes)} in RAM`;
  const facts = [where, TIERS[holder.tier] ?? holder.tier, holder.is_in_use ? "in use" : ""];
  setText(row.querySelector(".option-facts"), facts.filter(Boolean).join(" · "));
  setAttribute(
    row.querySelector("button"),
    "title",
    holder.is_in_use ? "Frees its memory when the pictures that use it are done" : "Frees its memory now",
  );
}
