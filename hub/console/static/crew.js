// The crew's page: its forms go by what waits to be sent, so that a cut in the middle costs nothing.

async function go() {
  const before = (await Pocket.entries()).length;
  const end = await flush();
  await show(end);
  if ((before || root.dataset.kept) && end === "sent" && !typed()) {
    if (root.dataset.kept ? await whoIsHere() : (await Pocket.entries()).length < before) location.reload();
  }
}

async function take(event) {
  const form = event.target.closest("form[data-pocket], #acts, #ticket-people form[action$='/photos']");
  const what = form?.dataset.pocket ?? (form?.id === "acts" ? event.submitter?.value : "photo");
  if (!form || !(`do${what}` in tray.dataset)) return;
  event.preventDefault();
  const errand = await errandOf(form, what).catch(() => announce(say("picture")));
  if (!errand) return;
  const id = await keepErrand(errand).catch(() => announce(say("full")));
  if (!id) return;
  await show();
  const end = await flush();
  const left = (await Pocket.entries()).find((each) => each.id === id);
  if (!left) return location.reload();
  if (left.stuck?.status > 0 && form.id === "acts") {
    await Pocket.drop(id); // refused at once: the hub's own page says why, with what was typed
    return submitPlainly(form, what);
  }
  form.reset();
  await show(end);
  tray.scrollIntoView({ block: "start" });
}

async function errandOf(form, what) {
  const data = new FormData(form);
  const at = `/api/v1/tickets/${encodeURIComponent(number)}`;
  if (what === "photo") {
    const [moment, body] = [data.get("moment"), await shrink(data.get("photo"))];
    return { number, what, type: "image/jpeg", body, path: `${at}/photos?moment=${moment}`, said: say(`moment${moment}`) };
  }
  const body = what === "false_alarm" ? { do: "complete", code: what } : { do: what };
  for (const [name, value] of data) {
    const [step, field] = name.split(".");
    if (step !== what || !value) continue;
    if (["reason", "text", "code"].includes(field)) body[field] = value;
    else body.extra = { ...body.extra, [field]: value };
  }
  const said = body.reason ?? body.text ?? "";
  return { number, what, type: "application/json", body, path: `${at}/actions`, said };
}

function submitPlainly(form, what) {
  const pressed = Object.assign(document.createElement("input"), { type: "hidden", name: "do", value: what });
  form.append(pressed);
  form.submit();
}

async function begin() {
  await settled;
  root.classList.add("pocket");
  document.addEventListener("submit", take, true);
  addEventListener("online", go);
  if (location.hash === "#not-kept") announce(say("notKept"));
  if (!root.dataset.kept) startKeeping().catch(() => null);
  await show(root.dataset.kept ? "cut" : "").catch(() => null); // what cannot be shown is sent all the same
  await go();
  setInterval(async () => (root.dataset.kept || (await Pocket.entries()).length) && go(), 15000);
}

if (tray && settled) begin();
