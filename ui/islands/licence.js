// What a licence allows, in words: as a block on a card, and as one quiet line when a checkpoint is first chosen.
import { h, icon, iconButton, setText, show } from "./dom.js";
import { keep, recall } from "./prefs.js";

const WORDS = { yes: "yes", conditions: "with conditions", unknown: "unknown", no: "no" };
const USES = [
  ["commercial", "Pictures for money"],
  ["hosting", "As a service"],
  ["sharing", "Passing it on"],
];
const SHOWN = 40; // characters of a name in one line
const MARKS = { yes: "check", conditions: "info", unknown: "help", no: "close" };

/** Its name, what it allows, and where that is written. */
export function licenceBlock(licence) {
  const rows = USES.map(([name, label]) =>
    h(
      "div",
      { class: "allowed", data: { allowed: licence[name] } },
      icon(MARKS[licence[name]] ?? "help"),
      h("dt", {}, label),
      h("dd", {}, WORDS[licence[name]] ?? licence[name]),
    ),
  );
  const source = licence.source && h("p", { class: "hint" }, `As written in ${sourceOf(licence)}.`);
  return h(
    "section",
    { class: "licence" },
    h("h3", {}, "Licence"),
    h("p", { class: "licence-title" }, titleOf(licence) || "Unknown"),
    USES.some(([name]) => licence[name] !== "unknown") && h("dl", { class: "allows" }, ...rows),
    licence.note && h("p", { class: "hint" }, licence.note),
    source,
    licence.address && readIt(licence.address),
  );
}

/** A link to the text; only https, since anybody may have written the row that it comes from. */
function readIt(address) {
  if (!address.startsWith("https://")) return null;
  const away = { href: address, target: "_blank", rel: "noopener noreferrer", class: "hint" };
  return h("a", away, "Read the licence");
}

function sourceOf({ source, name, title, id }) {
  const said = id && name !== title && name.toLowerCase() !== id ? `: “${name}”` : "";
  return `${source}${said}`;
}

const titleOf = (licence) => (licence.id ? licence.title : licence.name);

/** "pictures for money: yes; as a service: …". */
export function usesLine(licence) {
  return USES.map(([name, label]) => `${label.toLowerCase()}: ${WORDS[licence[name]] ?? licence[name]}`).join("; ");
}

/** Those of a picture: "painted: Apache-2.0, ink: unknown · pictures for money: unknown". */
export function pictureLicences(verdict) {
  const models = verdict.models.map(({ name, licence }) => `${name}: ${licence || "unknown"}`).join(", ");
  return models && `${models} · ${USES[0][1].toLowerCase()}: ${WORDS[verdict.commercial]}`;
}

/** Says a checkpoint's licence in a line below the header when this browser uses the checkpoint for the first time. */
export function watchLicence({ checkpoint, openModel }) {
  const short = h("span");
  const full = h("span", { class: "licence-more" });
  const words = h("p", {}, short, full);
  const more = h("button", { type: "button", class: "quiet" }, "Details");
  const close = iconButton("close", "Close", dismiss);
  const line = h("div", { class: "notice", role: "status", hidden: true }, words, more, close);
  document.querySelector(".notice").after(line);
  let row = null;

  const keyOf = (one) => `${one.name}\n${one.licence}`;
  function dismiss() {
    if (row) keep("licences", [...new Set([...recall("licences", []), keyOf(row)])].slice(-500));
    show(line, false);
  }
  more.addEventListener("click", () => (dismiss(), openModel("checkpoint", row.name)));
  checkpoint.onChange((choice) => {
    const chosen = choice.all.find((one) => one.name === choice.name);
    if (!chosen || chosen.starter) return show(line, false);
    row = chosen;
    const isNews = !recall("licences", []).includes(keyOf(row));
    const name = row.name.length > SHOWN ? `${row.name.slice(0, SHOWN)}…` : row.name;
    const said = row.licence ? `Licence of “${name}”: ${titleOf(row.terms)}` : `The licence of “${name}” is unknown.`;
    setText(short, said);
    setText(full, row.licence ? ` (${usesLine(row.terms)})` : "");
    show(line, isNews);
  });
}
