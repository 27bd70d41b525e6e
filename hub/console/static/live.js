// Life of a page: notices a lost stream, ticks the clock, rings, and gives the wall its keys.

const LOST_AFTER = 5000;
const RELOAD_AFTER = 20000;
const frozen = document.getElementById("frozen");
const clock = document.getElementById("clock");
const live = document.querySelector("[data-at]");
let heard = performance.now();
let shown = live ? face(Number(live.dataset.at)) : "";
let asking = false;

function face(seconds) {
  return new Date((seconds + 8 * 3600) * 1000).toISOString().slice(11, 19);
}

function hear() {
  heard = performance.now();
  document.documentElement.classList.add("live");
  if (frozen.hidden) return;
  frozen.hidden = true;
  document.documentElement.classList.remove("stopped");
}

async function watch() {
  const quiet = performance.now() - heard;
  if (quiet < LOST_AFTER) return;
  frozen.querySelector("strong").textContent = frozen.dataset.text + shown;
  frozen.hidden = false;
  document.documentElement.classList.add("stopped");
  if (quiet < RELOAD_AFTER || asking) return;
  asking = true;
  const answer = await fetch("/healthz", { cache: "no-store" }).catch(() => null);
  asking = false;
  if (answer?.ok && performance.now() - heard > RELOAD_AFTER) location.reload();
}

if (live && !document.documentElement.dataset.kept) {
  setInterval(watch, 500);
  document.addEventListener("htmx:sse:after:message", hear, true);
  document.addEventListener("tick", (event) => {
    shown = event.detail.data;
    if (clock) clock.textContent = shown;
  }, true);
  document.addEventListener("reload", () => {
    setTimeout(() => location.reload(), performance.now() < 3000 ? 3000 : 0);
  }, true);
}

// Sound sleeps until somebody has clicked, as browsers demand; the click is the test.
const button = document.getElementById("sound");
let audio = null;
let faults = 0;

function beep(pitch, at = 0) {
  const tone = audio.createOscillator();
  const loudness = audio.createGain();
  const start = audio.currentTime + at;
  tone.frequency.value = pitch;
  loudness.gain.setValueAtTime(0.3, start);
  loudness.gain.exponentialRampToValueAtTime(0.001, start + 0.4);
  tone.connect(loudness).connect(audio.destination);
  tone.start(start);
  tone.stop(start + 0.45);
}

function ring() {
  if (!audio) return;
  if (document.querySelector("[data-urgent]")) [880, 660, 880].forEach((p, i) => beep(p, i * 0.3));
  const now = document.querySelectorAll(".todo article").length;
  if (now > faults) beep(523);
  faults = now;
}

if (button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    audio ??= new AudioContext();
    faults = document.querySelectorAll(".todo article").length;
    button.textContent = button.dataset.on;
    [523, 659].forEach((pitch, i) => beep(pitch, i * 0.25));
  });
  setInterval(ring, 2000);
  navigator.wakeLock?.request("screen").catch(() => null);
}

// A button that was just pressed keeps its space bar; digits and letters work from everywhere.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input,select,textarea")) return;
  const key = /^Numpad[0-9]$/.test(event.code) ? event.code.at(-1) : event.key.toLowerCase();
  const named = key !== " " && document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (named) {
    event.preventDefault();
    named.click();
  } else if (key !== " ") return;
  else if (!event.target.closest("a,button,summary")) document.getElementById("receive")?.click();
});
