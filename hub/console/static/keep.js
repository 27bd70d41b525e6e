// Keeps the list and the tickets that somebody holds, and makes small pictures of large photos.

const MOST_KEPT = 30;
const KEEP_EVERY = 300000;
const SIDE = 1600;

async function keepPage(path) {
  const asked = { cache: "no-store", headers: { accept: "text/html" } };
  const answer = await fetch(path, asked);
  const text = await answer.text();
  const { owner } = document.documentElement.dataset;
  if (!answer.ok || answer.redirected || !text.includes(`data-owner="${owner}"`)) return;
  const headers = new Headers(answer.headers);
  headers.delete("content-encoding");
  headers.set("x-kept", Date.now());
  await (await caches.open(PAGES)).put(path, new Response(text, { headers }));
}

// What is no longer mine leaves the phone with the next list.
async function keepMine() {
  const list = document.getElementById("ticket-list");
  if (!list) return document.querySelector("[data-mine]") ? keepPage(location.pathname) : null;
  const mine = [...list.querySelectorAll("a[data-keep]")].map((each) => each.pathname);
  const wanted = ["/tickets", ...mine.slice(0, MOST_KEPT)];
  const box = await caches.open(PAGES);
  for (const each of await box.keys()) {
    if (!wanted.includes(new URL(each.url).pathname)) await box.delete(each);
  }
  for (const path of wanted) await keepPage(path);
  document.documentElement.dataset.ready = "";
}

async function shrink(file) {
  const drawn = await createImageBitmap(file, { imageOrientation: "from-image" });
  const share = Math.min(1, SIDE / Math.max(drawn.width, drawn.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(drawn.width * share);
  canvas.height = Math.round(drawn.height * share);
  canvas.getContext("2d").drawImage(drawn, 0, 0, canvas.width, canvas.height);
  return new Promise((done, fail) => {
    canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("no picture"))), "image/jpeg", 0.8);
  });
}

async function startKeeping() {
  const at = Number(document.querySelector("[data-at]")?.dataset.at ?? 0) * 1000;
  if (at) await Pocket.learn("offset", at - Date.now());
  await navigator.serviceWorker.register("/worker.js", { scope: "/tickets" });
  await navigator.serviceWorker.ready;
  await keepMine();
  setInterval(() => document.documentElement.classList.contains("stopped") || keepMine().catch(() => null), KEEP_EVERY);
}
