/* What the pages of the application do beside what those of a report do: nothing that cannot be done without. */
(() => {
  "use strict";

  // A part of a page that takes longer than the page: it is fetched once the page stands, one after the other.
  const fill = async (element) => {
    const answer = await fetch(element.dataset.fill, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = page.querySelector("[data-part]");
    if (part) element.replaceChildren(...part.childNodes);
  };

  const fillAll = async () => {
    for (const element of document.querySelectorAll("[data-fill]")) {
      try {
        await fill(element);
      } catch {
        return; // the server has gone; the links stay
      }
    }
  };

  fillAll();
})();
