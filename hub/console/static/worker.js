// The pages of tickets without a network. FILES and STAMP stand above: the hub writes them.

const PAGES = "lingdang-pages";
const OWN = `lingdang-files-${STAMP}`;
const OURS = /^\/tickets(\/[^/]+)?$/;
const PATIENCE = 6000;
const OLDEST = 12 * 3600 * 1000;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(OWN).then((box) => box.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(tidy().then(() => self.clients.claim()));
});

async function tidy() {
  for (const name of await caches.keys()) {
    if (name.startsWith("lingdang-files-") && name !== OWN) await caches.delete(name);
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (FILES.includes(url.pathname + url.search)) event.respondWith(file(request));
  if (request.mode === "navigate" && OURS.test(url.pathname)) event.respondWith(page(request, url.pathname));
});

async function file(request) {
  return (await (await caches.open(OWN)).match(request)) ?? fetch(request);
}

// The hub first; what is kept only where it does not answer, and marked as what it is.
async function page(request, path) {
  const asked = fetch(request).then((answer) => {
    if (answer.status >= 500) throw new Error(answer.status);
    return answer;
  });
  const late = new Promise((_, fail) => setTimeout(fail, PATIENCE));
  const answer = await Promise.race([asked, late]).catch(() => null);
  return answer ?? (await kept(path)) ?? (await elsewhere(path)) ?? asked.catch(() => Response.error());
}

async function kept(path) {
  const box = await caches.open(PAGES);
  const found = await box.match(path);
  if (!found) return null;
  const at = Number(found.headers.get("x-kept"));
  if (Date.now() - at > OLDEST) {
    await box.delete(path);
    return null;
  }
  const text = (await found.text())
    .replace("<html ", `<html data-kept="${at}" `)
    .replace(/ hx-(sse:connect|get|trigger)="[^"]*"/g, "");
  return new Response(text, { headers: found.headers });
}

async function elsewhere(path) {
  const list = path !== "/tickets" && (await kept("/tickets"));
  return list ? Response.redirect("/tickets#not-kept", 302) : null;
}
