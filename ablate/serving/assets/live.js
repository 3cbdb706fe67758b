/* A page that is looked at while its study is being trained. The server makes each part; what has changed takes the place
 * of what was, so that the page holds one state however long it stands open. */
(() => {
  "use strict";

  const section = document.querySelector("[data-live]");
  if (!section || !window.EventSource) return;

  // The server tells at least every ten seconds that it is there.
  const SILENT_MILLISECONDS = 25_000;
  const FIRST_WAIT_MILLISECONDS = 1_000;
  const LONGEST_WAIT_MILLISECONDS = 15_000;
  // A browser has six connections to a server, which pages that nobody sees must not take.
  const HIDDEN_MILLISECONDS = 60_000;

  const line = section.querySelector(".live-line");
  const figure = section.querySelector('[data-picture="curves"]');
  const title = document.title.replace(/^.*? · /, "");
  const shown = new Map();
  let source = null;
  let last = "";
  let wait = FIRST_WAIT_MILLISECONDS;
  let heard = 0;
  let again = 0;
  let hiding = 0;

  function say(text, tone) {
    if (line.textContent !== text) line.textContent = text;
    line.classList.toggle("tone-bad", tone === "bad");
    line.classList.toggle("tone-good", tone === "good");
  }

  /* In the place of what was; what was unfolded stays so. */
  function put(name, html) {
    if (shown.get(name) === html) return;
    shown.set(name, html);
    const place = section.querySelector(`[data-part="${name}"]`);
    if (!place) return;
    const open = new Set([...place.querySelectorAll("details[open]")].map((each) => each.dataset.key));
    const parts = new DOMParser().parseFromString(html, "text/html").body.childNodes;
    place.replaceChildren(...parts);
    for (const each of place.querySelectorAll("details")) each.open = open.has(each.dataset.key);
  }

  function state({ html, done, planned, over }) {
    for (const [name, part] of Object.entries(html)) put(name, part);
    if (planned !== undefined) document.title = `${done} of ${planned} · ${title}`;
    say(over ? "All of it has been tried; what comes later is shown here too." : "Live: what changes is shown at once.", "good");
  }

  function curves(data) {
    if (!figure || !window.ablateCurves) return;
    section.querySelector(".live-curves").hidden = !data.metrics.length;
    if (data.metrics.length) window.ablateCurves.update(figure, data);
  }

  function listen(kind, act) {
    source.addEventListener(kind, (event) => {
      heard = Date.now();
      wait = FIRST_WAIT_MILLISECONDS;
      if (event.lastEventId) last = event.lastEventId;
      act(event.data);
    });
  }

  function close() {
    clearTimeout(again);
    if (source) source.close();
    source = null;
  }

  /* A browser tries again by itself after most losses, and never after others. */
  function lost() {
    say("Connection lost, trying again …", "bad");
    if (source && source.readyState !== EventSource.CLOSED) return;
    close();
    again = setTimeout(open, wait);
    wait = Math.min(2 * wait, LONGEST_WAIT_MILLISECONDS);
  }

  function open() {
    close();
    heard = Date.now();
    source = new EventSource(section.dataset.live + (last ? `?last=${encodeURIComponent(last)}` : ""));
    source.onopen = () => say("Live: what changes is shown at once.", "good");
    source.onerror = lost;
    listen("state", (data) => state(JSON.parse(data)));
    listen("curves", (data) => curves(JSON.parse(data)));
    listen("beat", () => undefined);
  }

  function watchdog() {
    if (source && Date.now() - heard > SILENT_MILLISECONDS) {
      source.close();
      lost();
    }
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (document.hidden) hiding = setTimeout(close, HIDDEN_MILLISECONDS);
    else if (!source) open();
  });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => event.persisted && open());
  setInterval(watchdog, 5_000);
  open();
})();
