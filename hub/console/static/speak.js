// Reads a part of the page aloud; a second press stops it. Without a voice there is no button.

const voice = window.speechSynthesis;
const pieces = (id) => [...document.querySelectorAll(`#${id} :is(h1,h2,p,dt,dd,li)`)];

for (const button of voice ? document.querySelectorAll("[data-speak]") : []) {
  button.hidden = false;
  button.addEventListener("click", () => {
    if (voice.speaking) return voice.cancel();
    const words = pieces(button.dataset.speak).filter((e) => !e.querySelector("p,dt,dd,li"));
    const said = new SpeechSynthesisUtterance(words.map((e) => e.innerText).join("。\n"));
    said.lang = document.documentElement.lang;
    said.rate = 0.9;
    voice.speak(said);
  });
}
