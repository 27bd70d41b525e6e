// What a phone keeps for its owner: pages for where there is no network, and work that is not sent.

const PAGES = "lingdang-pages";

function openPocket() {
  return new Promise((done, fail) => {
    const asked = indexedDB.open("lingdang", 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("queue", { keyPath: "id", autoIncrement: true });
      asked.result.createObjectStore("facts");
    };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
}

async function within(store, mode, act) {
  const base = await openPocket();
  try {
    return await new Promise((done, fail) => {
      const deal = base.transaction(store, mode, { durability: "strict" });
      const asked = act(deal.objectStore(store));
      deal.oncomplete = () => done(asked.result);
      deal.onabort = () => fail(deal.error);
    });
  } finally {
    base.close();
  }
}

const Pocket = {
  entries: () => within("queue", "readonly", (store) => store.getAll()),
  put: (entry) => within("queue", "readwrite", (store) => store.put(entry)),
  drop: (id) => within("queue", "readwrite", (store) => store.delete(id)),
  fact: (name) => within("facts", "readonly", (store) => store.get(name)),
  learn: (name, value) => within("facts", "readwrite", (store) => store.put(value, name)),
  forgetPages: () => caches.delete(PAGES),
  async forget() {
    await Pocket.forgetPages();
    for (const store of ["queue", "facts"]) await within(store, "readwrite", (each) => each.clear());
  },
};

// A session that has ended takes the pages along, another person all there is; new rights the pages.
async function settle() {
  const { owner, view, name, kept, lost } = document.documentElement.dataset;
  if (kept) return;
  if (!owner) return Pocket.forgetPages();
  const known = (await Pocket.fact("person")) ?? {};
  if (known.owner && known.owner !== owner) {
    const left = (await Pocket.entries()).length;
    await Pocket.forget();
    if (left) announce(lost.replace("{n}", left).replace("{name}", known.name));
  } else if (known.view !== view) {
    await Pocket.forgetPages();
  }
  await Pocket.learn("person", { owner, view, name });
}

function announce(text) {
  const said = document.createElement("p");
  said.className = "message";
  said.setAttribute("role", "alert");
  said.textContent = text;
  document.getElementById("content").prepend(said);
}

async function leave(event) {
  const form = event.target;
  event.preventDefault();
  const left = (await Pocket.entries().catch(() => [])).length;
  if (left && !confirm(form.dataset.unsent.replace("{n}", left))) return;
  await Pocket.forget().catch(() => null);
  form.submit();
}

const canKeep = typeof document === "undefined" || (isSecureContext && "serviceWorker" in navigator);
const settled = canKeep && typeof document !== "undefined" ? settle().catch(() => null) : null;
if (settled) {
  for (const form of document.querySelectorAll("form[data-unsent]")) form.addEventListener("submit", leave);
}
