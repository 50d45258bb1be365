// The records of pictures, as the server tells them.
import { call } from "./api.js";

/** A loader of picture records that asks for each once. */
export function createRecords() {
  const known = new Map();
  return {
    get: (id) => {
      if (!known.has(id)) {
        const asked = call("GET", `api/v1/pictures/${id}`);
        known.set(id, asked);
        asked.catch(() => known.delete(id));
      }
      return known.get(id);
    },
    put: (record) => known.set(record.id, Promise.resolve(record)),
    forget: (id) => known.delete(id),
  };
}
