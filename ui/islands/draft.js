// The draft: masks that are being painted, kept in this browser over a reload, since no server needs them before they are sent.

const [DATABASE, STORE] = ["darkroom", "drafts"];

/**
 * `keep(draft)` and `recall()`; the draft "mask" is {image, width, height, extension, bytes}: the upload that it lies on, and
 * a byte a pixel of picture and extension (null: nothing is marked). A browser that forbids it just forgets.
 */
export function createDraft(name = "mask") {
  const opened = open().catch(() => null);

  async function run(mode, act) {
    const database = await opened;
    return database && settled(act(database.transaction(STORE, mode).objectStore(STORE)));
  }
  return {
    keep: (draft) => run("readwrite", (store) => store.put(draft, name)).catch(() => null),
    recall: () => run("readonly", (store) => store.get(name)).catch(() => null),
  };
}

function open() {
  const asked = indexedDB.open(DATABASE, 1);
  asked.addEventListener("upgradeneeded", () => asked.result.createObjectStore(STORE));
  return settled(asked);
}

/** A request of IndexedDB as a promise. */
function settled(request) {
  return new Promise((done, failed) => {
    request.addEventListener("success", () => done(request.result));
    request.addEventListener("error", () => failed(request.error));
  });
}
