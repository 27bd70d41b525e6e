// Sends what waits: in order, and each once, for the hub knows a key for 24 hours (Idempotency-Key).

const KEY_LASTS = 23 * 3600 * 1000;
const LATER = new Set([408, 425, 429, 502, 503, 504]);
const STEPS = new Set(["arrive", "complete", "false_alarm"]);

// Whose session it is now, and the token of its forms; null without a network.
async function whoIsHere() {
  const asked = { cache: "no-store", headers: { accept: "text/html" }, signal: AbortSignal.timeout(8000) };
  const answer = await fetch("/more", asked).catch(() => null);
  if (!answer || answer.status >= 500) return null;
  if (answer.redirected || !answer.ok) return { owner: "" };
  const text = await answer.text().catch(() => "");
  const owner = /data-owner="(\w+)"/.exec(text)?.[1];
  return owner ? { owner, csrf: /name="csrf" value="(\w+)"/.exec(text)?.[1] } : null;
}

async function stick(entry, status, detail) {
  await Pocket.put({ ...entry, stuck: { status, detail: detail ?? "" } });
  return "stuck";
}

async function send(entry, csrf) {
  if (entry.tried && Date.now() - entry.tried > KEY_LASTS) return stick(entry, "unknown");
  await Pocket.put({ ...entry, tried: entry.tried ?? Date.now() });
  const headers = { "content-type": entry.type, "idempotency-key": entry.key, "x-csrf-token": csrf };
  const asked = { method: "POST", body: entry.body, headers, signal: AbortSignal.timeout(60000) };
  const answer = await fetch(entry.path, asked).catch(() => null);
  const told = await answer?.json().catch(() => null);
  if (!told) return "cut";
  if (answer.ok) {
    await Pocket.drop(entry.id);
    return "sent";
  }
  if (answer.status === 401) return "signed-out";
  if (LATER.has(answer.status) || told.first === "under_way") return "cut";
  const said = told.texts?.[document.documentElement.lang.slice(0, 2)] ?? told.detail;
  return stick(entry, told.first ?? answer.status, said);
}

async function sendAll() {
  if (!(await Pocket.entries()).some((each) => !each.stuck)) return "sent";
  const here = await whoIsHere();
  if (!here) return "cut";
  if (!here.owner) return "signed-out";
  const held = new Set();
  let end = "sent";
  for (const each of await Pocket.entries()) {
    if (each.owner !== here.owner) continue;
    const waits = each.stuck || (STEPS.has(each.do) && held.has(each.number));
    const came = waits ? "stuck" : await send(each, here.csrf);
    // A photo that waits holds nothing up; a step that did not come about holds those behind it.
    if (came === "stuck" && STEPS.has(each.do)) held.add(each.number);
    if (came === "sent" || came === "stuck") continue;
    end = came;
    if (each.do !== "photo") return end;
  }
  return end;
}

// One sender at a time, whatever is open: a second tab waits, and then finds nothing left.
const flush = () => navigator.locks.request("lingdang-errands", sendAll);

// Keeps one piece of work; the hub's version does not matter, for it is a call of its API.
async function keepErrand({ number, what, path, type, body, said }) {
  const offset = (await Pocket.fact("offset")) ?? 0;
  const done = new Date(Date.now() + offset).toISOString();
  const { owner } = document.documentElement.dataset;
  const entry = { owner, number, do: what, type, said, done, key: crypto.randomUUID() };
  if (type === "application/json") {
    Object.assign(entry, { path, body: JSON.stringify({ ...body, done_at: done }) });
  } else {
    Object.assign(entry, { path: `${path}&done_at=${encodeURIComponent(done)}`, body });
  }
  navigator.storage?.persist?.();
  return Pocket.put(entry);
}
