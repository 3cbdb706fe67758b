/* The margin of a sweep, moved by a slider: the server says what would be said, and its answer takes the place of the
 * last one. */
(() => {
  "use strict";

  const form = document.querySelector("[data-explore]");
  if (!form) return;

  const WAIT_MILLISECONDS = 150;
  const slider = form.querySelector('input[type="range"]');
  const number = form.querySelector('input[type="number"]');
  const back = form.querySelector("[data-stated]");
  const line = document.querySelector("[data-explore-line]");
  const place = document.querySelector('[data-part="explored"]');
  const [low, high] = [Number(slider.dataset.low), Number(slider.dataset.high)];
  const steps = Number(slider.max);
  let asking = null;
  let waiting = 0;

  const valueAt = (step) => Number((low * (high / low) ** (step / steps)).toPrecision(3));
  const stepOf = (value) => Math.round((steps * Math.log(value / low)) / Math.log(high / low));

  function address() {
    const query = new URLSearchParams(new FormData(form));
    return `${location.pathname}?${query}`;
  }

  // What is said is read to those who do not see that the words have changed.
  function say(text, isProblem) {
    line.textContent = text;
    line.classList.toggle("hidden-visually", !isProblem);
    line.classList.toggle("tone-bad", isProblem);
  }

  async function ask() {
    if (!(Number(number.value) > 0)) {
      say("A margin is a number above 0.", true);
      return;
    }
    if (asking) asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    const from = address();
    try {
      const answer = await fetch(from, { headers: { Accept: "text/html" }, signal });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (signal.aborted) return;
      const part = page.querySelector('[data-part="explored"]');
      if (!part) {
        const said = page.querySelector(".problem p");
        say(said ? said.textContent : "That could not be answered.", true);
        return;
      }
      place.replaceChildren(...part.childNodes);
      for (const each of place.querySelectorAll("details")) each.open = open.has(each.textContent.slice(0, 60));
      say(place.querySelector(":scope > p").textContent, false);
      history.replaceState(null, "", from);
    } catch (error) {
      if (error.name !== "AbortError") say("Connection lost: the words below are those of the margin before.", true);
    }
  }

  const open = new Set();
  place.addEventListener(
    "toggle",
    ({ target }) => {
      if (target.open) open.add(target.textContent.slice(0, 60));
      else if (target.isConnected) open.delete(target.textContent.slice(0, 60));
    },
    true,
  );

  function soon() {
    clearTimeout(waiting);
    if (back) back.hidden = Number(number.value) === Number(back.dataset.stated);
    slider.setAttribute("aria-valuetext", number.value);
    waiting = setTimeout(ask, WAIT_MILLISECONDS);
  }

  slider.closest("label").hidden = false;
  slider.addEventListener("input", () => {
    const step = Number(slider.value);
    const isStated = back && step === stepOf(Number(back.dataset.stated));
    number.value = isStated ? back.dataset.stated : valueAt(step);
    soon();
  });
  number.addEventListener("input", () => {
    if (Number(number.value) > 0) slider.value = stepOf(Number(number.value));
    soon();
  });
  if (back) {
    back.hidden = Number(number.value) === Number(back.dataset.stated);
    back.addEventListener("click", () => {
      number.value = back.dataset.stated;
      slider.value = stepOf(Number(number.value));
      soon();
    });
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
})();
