// Ctrl+↑ and Ctrl+↓ change the weight of what is selected in a prompt, or of the word at the cursor.

const BOXES = "#field-prompt, #field-negative_prompt, #field-hires-prompt, #field-hires-negative_prompt";
const STEP = 0.1;
const WEIGHTED = /\(([^()]+):(-?\d*\.?\d+)\)/g;

/** New text and selection after changing the weight of what is selected, or of the word at the cursor. */
export function reweigh(text, start, end, change) {
  for (const match of text.matchAll(WEIGHTED)) {
    const stop = match.index + match[0].length;
    if (start < match.index || end > stop) continue;
    const weight = Math.round((Number(match[2]) + change) * 100) / 100;
    return put(text, match.index, stop, match[1], weight);
  }
  let [from, to] = [start, end];
  if (from === to) {
    while (from > 0 && isWord(text[from - 1])) from--;
    while (to < text.length && isWord(text[to])) to++;
  }
  while (from < to && text[from] === " ") from++;
  while (to > from && text[to - 1] === " ") to--;
  return from === to ? null : put(text, from, to, text.slice(from, to), Math.round((1 + change) * 100) / 100);
}

const isWord = (letter) => !/[\s,.;:()[\]|]/.test(letter);

function put(text, from, to, words, weight) {
  const part = weight === 1 ? words : `(${words}:${weight})`;
  const offset = weight === 1 ? 0 : 1;
  return { from, to, part, start: from + offset, end: from + offset + words.length };
}

/** Listens for the keys in all prompt boxes. */
export function watchWeights() {
  document.addEventListener("keydown", (event) => {
    const box = event.target;
    const isPrompt =
      box instanceof HTMLTextAreaElement && box.closest(BOXES);
    if (!isPrompt || !(event.ctrlKey || event.metaKey) || !["ArrowUp", "ArrowDown"].includes(event.key))
      return;
    event.preventDefault();
    const change = event.key === "ArrowUp" ? STEP : -STEP;
    const edit = reweigh(box.value, box.selectionStart, box.selectionEnd, change);
    if (!edit) return;
    box.setSelectionRange(edit.from, edit.to);
    // insertText keeps the browser's own undo, and tells Gradio of the change.
    document.execCommand("insertText", false, edit.part);
    box.setSelectionRange(edit.start, edit.end);
  });
}
