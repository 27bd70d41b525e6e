// A button that must be held for a second; without script a plain press is enough.
let holding = 0;
function release() {
  clearTimeout(holding);
  document.querySelector(".held")?.classList.remove("held");
}
document.addEventListener("pointerdown", (event) => {
  const held = event.target.closest("[data-hold]");
  if (!held?.form.reportValidity()) return;
  held.classList.add("held");
  holding = setTimeout(() => {
    release();
    held.form?.submit();
  }, 1000);
});
for (const name of ["pointerup", "pointercancel", "blur"]) addEventListener(name, release);
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-hold]") && event.detail > 0) event.preventDefault();
});
