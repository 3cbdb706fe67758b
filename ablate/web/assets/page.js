// What makes a page of tables comfortable: sorting, filtering, a list of contents that follows, a theme, and everything
// unfolded in print. Without it the page says the same.
(() => {
  "use strict";

  const FILTERED_FROM = 8; // Rows.
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  function made(name, attributes = {}, text = "") {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    return element;
  }

  // sorting -------------------------------------------------------------------------------------------------------

  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const NUMBER = /([<>≤≥]?)\s*([-+−]?)\s*[×]?\s*(\d+\.?\d*(?:e[-+−]?\d+)?|\.\d+(?:e[-+−]?\d+)?|∞)/i;

  // The first number of a cell: of an interval its lower end; null where there is none.
  function numberIn(text) {
    const found = NUMBER.exec(text);
    if (!found) return null;
    const [, bound, sign, digits] = found;
    const size = digits === "∞" ? Infinity : Number(digits.replace("−", "-"));
    const value = sign === "-" || sign === "−" ? -size : size;
    const nudge = bound === "<" ? -1e-12 : bound === ">" ? 1e-12 : 0;
    return value + nudge;
  }

  const textOf = (row, column) => row.cells[column].textContent.trim();
  const isEmpty = (text) => text === "" || text === "–";

  // A column of numbers says so; any other may still be one.
  function keyOf(title, rows, column) {
    const texts = rows.map((row) => textOf(row, column)).filter((text) => !isEmpty(text));
    const isNumeric = title.hasAttribute("data-numeric") || texts.every((text) => numberIn(text) !== null && /^[<≤+−×\d.[]/.test(text));
    return isNumeric ? numberIn : (text) => text;
  }

  function compared(first, second) {
    return typeof first === "number" && typeof second === "number" ? first - second : collator.compare(String(first), String(second));
  }

  // Array.sort is stable; what is empty stays at the end in either direction.
  function ordered(rows, key, column, isDescending) {
    const keyed = rows.map((row) => {
      const text = textOf(row, column);
      return { row, key: isEmpty(text) ? null : key(text) };
    });
    keyed.sort((a, b) => {
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null);
      return isDescending ? compared(b.key, a.key) : compared(a.key, b.key);
    });
    return keyed.map((each) => each.row);
  }

  function makeSortable(table) {
    const head = table.tHead && table.tHead.rows[0];
    const body = table.tBodies[0];
    if (!head || !body || body.rows.length < 2) return;
    const original = [...body.rows];
    const titles = [...head.cells];
    titles.forEach((title, column) => {
      const button = made("button", { type: "button" });
      button.append(...title.childNodes);
      title.append(button);
      button.addEventListener("click", () => {
        const before = title.getAttribute("aria-sort");
        const next = before === null ? "ascending" : before === "ascending" ? "descending" : null;
        titles.forEach((each) => each.removeAttribute("aria-sort"));
        if (next !== null) title.setAttribute("aria-sort", next);
        const rows = next === null ? original : ordered(original, keyOf(title, original, column), column, next === "descending");
        body.append(...rows);
      });
    });
  }

  // filtering -----------------------------------------------------------------------------------------------------

  // Every word has to stand in a row.
  function makeFilterable(table) {
    const rows = [...(table.tBodies[0] ? table.tBodies[0].rows : [])];
    if (rows.length < FILTERED_FROM) return;
    const input = made("input", { type: "search", placeholder: "Filter rows", "aria-label": "Filter the rows of the table below" });
    const count = made("output", {}, `${rows.length} rows`);
    const bar = made("div", { class: "filter" });
    bar.append(input, count);
    (table.closest(".scroll") || table).before(bar);
    const texts = rows.map((row) => row.textContent.toLowerCase());
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, index) => {
        row.hidden = !words.every((word) => texts[index].includes(word));
        shown += row.hidden ? 0 : 1;
      });
      count.textContent = shown === rows.length ? `${rows.length} rows` : `${shown} of ${rows.length} rows`;
    });
  }

  // What does not scroll needs no stop for the keyboard.
  function stopsWhereItScrolls(containers) {
    const look = () =>
      containers.forEach((each) => {
        if (each.scrollWidth > each.clientWidth || each.scrollHeight > each.clientHeight) each.tabIndex = 0;
        else each.removeAttribute("tabindex");
      });
    look();
    new ResizeObserver(look).observe(document.body);
  }

  // contents ------------------------------------------------------------------------------------------------------

  function followContents(contents) {
    const menu = contents.querySelector("details");
    const entries = all("a[href^='#']", contents)
      .map((link) => ({ link, target: document.getElementById(decodeURIComponent(link.hash.slice(1))) }))
      .filter((entry) => entry.target);
    const isWide = window.matchMedia("(min-width: 70rem)");
    const fold = () => {
      menu.open = isWide.matches;
    };
    fold();
    isWide.addEventListener("change", fold);
    // On a wide screen it is a list, and no menu that folds.
    contents.querySelector("summary").addEventListener("click", (event) => {
      if (isWide.matches) event.preventDefault();
    });
    contents.addEventListener("click", (event) => {
      if (event.target.closest("a") && !isWide.matches) menu.open = false;
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !isWide.matches) menu.open = false;
    });
    contents.classList.add("is-followed");

    let current = null;
    const mark = () => {
      const line = parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop) + 8;
      const isAtEnd = window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 2;
      const passed = entries.filter((entry) => entry.target.getBoundingClientRect().top <= line);
      const here = isAtEnd && window.scrollY > 0 ? entries.at(-1) : passed.at(-1);
      if (here === current) return;
      current = here;
      entries.forEach(({ link }) => link.removeAttribute("aria-current"));
      all(".is-here", contents).forEach((item) => item.classList.remove("is-here"));
      if (!here) return;
      here.link.setAttribute("aria-current", "true");
      for (let item = here.link.closest("li"); item; item = item.parentElement.closest("li")) item.classList.add("is-here");
      // Within the list alone: the page stays where the reader has it.
      const { offsetTop, offsetHeight } = here.link;
      if (offsetTop < contents.scrollTop || offsetTop + offsetHeight > contents.scrollTop + contents.clientHeight) {
        contents.scrollTop = offsetTop - contents.clientHeight / 3;
      }
    };
    let isAsked = false;
    const ask = () => {
      if (isAsked) return;
      isAsked = true;
      requestAnimationFrame(() => {
        isAsked = false;
        mark();
      });
    };
    window.addEventListener("scroll", ask, { passive: true });
    window.addEventListener("resize", ask, { passive: true });
    mark();
  }

  // themes, and what is folded ------------------------------------------------------------------------------------

  function toggleTheme(button) {
    const system = window.matchMedia("(prefers-color-scheme: dark)");
    const root = document.documentElement;
    const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
    const name = () => {
      button.textContent = isDark() ? "Light" : "Dark";
      button.setAttribute("aria-label", isDark() ? "Light theme" : "Dark theme");
    };
    button.hidden = false;
    name();
    system.addEventListener("change", name);
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      try {
        localStorage.setItem("ablate-theme", root.dataset.theme);
      } catch {
        // It lasts as long as the page, then.
      }
      name();
      // For what draws on a canvas.
      window.dispatchEvent(new CustomEvent("ablate-theme"));
    });
  }

  const folded = () => all("main details");

  function foldAll(button) {
    if (folded().length === 0) return;
    const isUnfolded = () => folded().every((each) => each.open);
    const name = () => {
      button.textContent = isUnfolded() ? "Fold all" : "Unfold all";
    };
    button.hidden = false;
    name();
    button.addEventListener("click", () => {
      const open = !isUnfolded();
      folded().forEach((each) => {
        each.open = open;
      });
      name();
    });
    document.addEventListener("toggle", name, true);
  }

  function unfoldInPrint() {
    let closed = [];
    window.addEventListener("beforeprint", () => {
      closed = all("main details:not(.numbers)").filter((each) => !each.open);
      closed.forEach((each) => {
        each.open = true;
      });
    });
    window.addEventListener("afterprint", () => {
      closed.forEach((each) => {
        each.open = false;
      });
      closed = [];
    });
  }

  // A link to what is folded away unfolds it.
  function unfoldTarget() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let each = target && target.closest("details"); each; each = each.parentElement.closest("details")) each.open = true;
    if (target) target.scrollIntoView();
  }

  function start() {
    all("main table:not([data-plain], .confusion)").forEach((table) => {
      makeSortable(table);
      makeFilterable(table);
    });
    stopsWhereItScrolls(all(".scroll, .image, main pre"));
    all("nav.contents").forEach(followContents);
    all("[data-action='theme']").forEach(toggleTheme);
    all("[data-action='fold']").forEach(foldAll);
    unfoldInPrint();
    window.addEventListener("hashchange", unfoldTarget);
    if (location.hash) unfoldTarget();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
