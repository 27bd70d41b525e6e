// What waits on this phone, said in words until the hub has it.

const tray = document.getElementById("pocket");
const root = document.documentElement;
const say = (name, values = {}) => tray.dataset[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
const clockOf = (at) => new Date((new Date(at).getTime() || Date.now()) + 8 * 3600000).toISOString().slice(5, 16).replace("T", " ");
const number = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const typed = () => [...document.querySelectorAll("main textarea, main input:not([type=hidden])")].some((each) => each.value !== each.defaultValue);

async function show(end = "") {
  const entries = await Pocket.entries();
  const stuck = entries.filter((each) => each.stuck).length;
  tray.hidden = !entries.length;
  tray.classList.toggle("stuck", stuck > 0);
  tray.querySelector("h2").textContent = stuck ? say("stuck", { n: stuck }) : say("waiting", { n: entries.length });
  tray.querySelector(".soft").textContent = stuck ? say("stuckWhy") : say(end === "signed-out" ? "signedOut" : "waitingWhy");
  tray.querySelector("a.button").hidden = end !== "signed-out";
  tray.querySelector("ol").replaceChildren(...entries.map(row));
  for (const each of document.querySelectorAll("[data-after]")) {
    each.hidden = !entries.some((entry) => entry.number === number && entry.do === each.dataset.after);
  }
  for (const each of document.querySelectorAll("form[data-pocket=arrive], form[data-pocket=complete]")) {
    if (entries.some((entry) => entry.number === number && entry.do === each.dataset.pocket)) each.hidden = true;
  }
  const how = end === "signed-out" ? "keptOut" : "kept";
  document.getElementById("kept").textContent = say(how, { at: clockOf(Number(root.dataset.kept)) });
  root.toggleAttribute("data-cut", end === "cut" || end === "signed-out");
}

function row(entry) {
  const made = document.getElementById("pocket-row").content.cloneNode(true);
  const { status, detail } = entry.stuck ?? {};
  const reason = tray.dataset[`why${status}`] ?? tray.dataset.whyother;
  made.querySelector("b").textContent = say(`do${entry.do}`);
  made.querySelector("a").textContent = entry.number;
  made.querySelector("a").href = `/tickets/${encodeURIComponent(entry.number)}`;
  made.querySelector("time").textContent = clockOf(entry.done);
  made.querySelector(".said").textContent = entry.said ?? "";
  // Of a step the hub's sentence names its own words for states; the ticket's page says it better.
  const more = entry.type === "application/json" && status < 410 ? "" : detail;
  made.querySelector(".why").textContent = entry.stuck ? `${reason} ${more}` : "";
  made.querySelector(".buttons").hidden = !entry.stuck;
  const key = status === "unknown" ? crypto.randomUUID() : entry.key;
  const [again, drop] = made.querySelectorAll("button");
  again.onclick = () => Pocket.put({ ...entry, key, stuck: undefined, tried: undefined }).then(go);
  drop.onclick = () => confirm(say("sure")) && Pocket.drop(entry.id).then(() => show());
  return made;
}
