/* What the pages of the application do beside what those of a report do: nothing that cannot be done without. */
(() => {
  "use strict";

  // A part of a page that takes longer than the page: it is fetched once the page stands, one after the other.
  const MADE_LATER = 202;
  const SECONDS = 3;
  const TRIES = 100;

  const fetched = async (address) => {
    for (let tries = 1; ; tries += 1) {
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      if (answer.status !== MADE_LATER || tries === TRIES) return answer;
      await new Promise((resolve) => { setTimeout(resolve, SECONDS * 1000); });
    }
  };

  const fill = async (element) => {
    const answer = await fetched(element.dataset.fill);
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
