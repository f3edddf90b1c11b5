// The question of the scenario that the address names, before there is a simulator to ask it. The
// build fills in what the catalogue asks, as lists of title and summary, where it names another
// than the first, which stands in the page.
(() => {
  const questions = QUESTIONS;
  const link = new URLSearchParams((location.hash.length > 1 ? location.hash : location.search).slice(1));
  // What a whole document in the address asks is not known yet.
  const found = link.has("z") ? ["Where does it break when it grows?", ""] : questions[link.get("s")];
  if (!found) return;
  const shown = document.querySelector(".question").children;
  found.forEach((text, index) => shown[index].textContent !== text && (shown[index].textContent = text));
})();
