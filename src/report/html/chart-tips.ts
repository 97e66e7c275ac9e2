/** The one script of a page: it shows what a chart's mark stands for. */

/** Marks carry what they show as their label for screen readers; pointing at one shows the same text. */
export const chartTips = `
const tip = document.getElementById("tip");
const tell = (event) => {
  const mark = event.target.closest && event.target.closest("figure svg [aria-label]:not(svg):not([role=graphics-object])");
  tip.hidden = !mark;
  if (!mark) return;
  tip.textContent = mark.getAttribute("aria-label");
  tip.style.left = Math.max(4, Math.min(event.clientX + 12, innerWidth - tip.offsetWidth - 8)) + "px";
  tip.style.top = Math.max(4, event.clientY - tip.offsetHeight - 10) + "px";
};
document.addEventListener("pointermove", tell);
document.addEventListener("pointerdown", tell);
addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });
`;
