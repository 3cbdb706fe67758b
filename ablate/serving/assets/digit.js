/* The sheet to draw on, and what is asked of it. Who is asked stands in the address, so that it can be sent. */
(() => {
  "use strict";

  const form = document.querySelector("[data-digit]");
  if (!form) return;

  // The picture that is sent is as large as this, whatever the screen; pens are in hundredths of it.
  const SENT_SIDE = 280;
  const QUIET_MS = 350;
  const canvas = form.querySelector("canvas");
  const context = canvas.getContext("2d");
  const said = form.querySelector("[data-said]");
  const hint = form.querySelector("[data-hint]");
  const file = form.querySelector("[data-file]");
  const pen = form.querySelector("[data-thickness]");
  const undo = form.querySelector('[data-do="undo"]');
  const clear = form.querySelector('[data-do="clear"]');
  const whom = form.querySelector("[data-whom]");
  const places = Array.from(document.querySelectorAll("[data-place]"));
  const asker = Array.from(crypto.getRandomValues(new Uint8Array(12)), (each) => each.toString(16)).join("");

  let strokes = []; // { pen, points: [[x, y], …] }, all in [0, 1]
  let photograph = null; // { blob, name, bitmap or null }
  let seed = null;
  let asked = 0;
  let timer = 0;
  let isReady = false;
  let hasAnswered = false;

  // the sheet ---------------------------------------------------------------------------------------------------------

  const trace = (target, side, stroke) => {
    target.lineWidth = (stroke.pen / 100) * side;
    const at = stroke.points.map(([x, y]) => [x * side, y * side]);
    target.beginPath();
    target.moveTo(...at[0]);
    // Through the middles between the points, so that quick strokes have no corners.
    for (let i = 1; i < at.length - 1; i += 1) {
      target.quadraticCurveTo(...at[i], (at[i][0] + at[i + 1][0]) / 2, (at[i][1] + at[i + 1][1]) / 2);
    }
    target.lineTo(...at[at.length - 1]);
    target.stroke();
  };

  const traceAll = (target, side, ink) => {
    target.strokeStyle = ink;
    target.lineCap = "round";
    target.lineJoin = "round";
    for (const stroke of strokes) trace(target, side, stroke);
  };

  const show = () => {
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (photograph?.bitmap) {
      const { width, height } = photograph.bitmap;
      const scale = Math.min(canvas.width / width, canvas.height / height);
      const size = [width * scale, height * scale];
      context.drawImage(photograph.bitmap, (canvas.width - size[0]) / 2, (canvas.height - size[1]) / 2, ...size);
    }
    traceAll(context, canvas.width, getComputedStyle(canvas).color);
    hint.hidden = strokes.length > 0 || Boolean(photograph?.bitmap);
    hint.textContent = photograph ? photograph.name : "Draw here";
    undo.disabled = strokes.length === 0;
    clear.disabled = strokes.length === 0 && !photograph;
    canvas.setAttribute("aria-label", photograph ? `The picture ${photograph.name}` : `A sheet with ${strokes.length} strokes`);
  };

  const drawing = () => {
    const sheet = document.createElement("canvas");
    sheet.width = sheet.height = SENT_SIDE;
    const target = sheet.getContext("2d");
    target.fillStyle = "#fff";
    target.fillRect(0, 0, SENT_SIDE, SENT_SIDE);
    traceAll(target, SENT_SIDE, "#000");
    return new Promise((resolve) => sheet.toBlob(resolve, "image/png"));
  };

  const point = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };

  let stroke = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || stroke) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    forgetPhotograph();
    const at = point(event);
    stroke = { id: event.pointerId, pen: Number(pen.value), points: [at, at] };
    strokes.push(stroke);
    clearTimeout(timer);
    getReady();
    show();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!stroke || event.pointerId !== stroke.id) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) stroke.points.push(point(each));
    show();
  });
  const lift = (event) => {
    if (!stroke || event.pointerId !== stroke.id) return;
    stroke = null;
    readSoon();
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);

  const takeBack = () => {
    strokes.pop();
    show();
    if (strokes.length) readSoon();
    else wipe();
  };
  const wipe = () => {
    strokes = [];
    forgetPhotograph();
    clearTimeout(timer);
    asked += 1;
    for (const each of places) each.replaceChildren();
    say("");
    show();
  };
  undo.addEventListener("click", takeBack);
  clear.addEventListener("click", wipe);
  document.addEventListener("keydown", (event) => {
    const isField = event.target instanceof Element && event.target.matches("input[type=text], input[type=search]");
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && !isField && strokes.length) {
      event.preventDefault();
      takeBack();
    }
  });
  const repaint = () => requestAnimationFrame(show);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ["data-theme"] });

  // a photograph ------------------------------------------------------------------------------------------------------

  const forgetPhotograph = () => {
    photograph?.bitmap?.close();
    photograph = null;
    file.value = "";
  };

  const take = async (blob, name) => {
    if (!blob) return;
    strokes = [];
    photograph?.bitmap?.close();
    photograph = { blob, name, bitmap: null };
    show();
    read();
    const taken = photograph;
    try {
      const bitmap = await createImageBitmap(blob);
      if (photograph === taken) photograph.bitmap = bitmap;
    } catch {
      // What the browser cannot show, the server may be able to read; else it says so.
    }
    show();
  };
  file.addEventListener("change", () => take(file.files[0], file.files[0]?.name));
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    form.classList.add("is-over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) form.classList.remove("is-over");
  });
  document.addEventListener("drop", (event) => {
    form.classList.remove("is-over");
    if (!holdsFiles(event)) return;
    event.preventDefault();
    take(event.dataTransfer.files[0], event.dataTransfer.files[0]?.name);
  });
  document.addEventListener("paste", (event) => {
    const pasted = event.clipboardData?.files[0];
    if (pasted) take(pasted, pasted.name || "pasted");
  });

  // who is asked ------------------------------------------------------------------------------------------------------

  const sides = () => {
    const words = form.querySelector("[data-names]").value.split(/\s+/);
    const boxes = form.querySelectorAll('input[type="checkbox"]:checked');
    return [...new Set([...Array.from(boxes, (box) => box.value), ...words])].filter(Boolean);
  };
  const count = () => {
    const number = sides().length;
    form.querySelector("[data-count]").textContent = number ? `${number} chosen` : "nobody yet";
  };
  form.addEventListener("change", (event) => {
    if (!event.target.matches('[name="with"]')) return;
    const query = new URLSearchParams(sides().map((side) => ["with", side]));
    history.replaceState(null, "", `${location.pathname}?${query}`);
    count();
    if (strokes.length || photograph) readSoon();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    read();
  });
  document.addEventListener("change", (event) => {
    if (!(event.target instanceof Element && event.target.matches("[data-seed]"))) return;
    seed = event.target.value;
    read();
  });

  // asking ------------------------------------------------------------------------------------------------------------

  const say = (text, isProblem = false) => {
    said.textContent = text || "\u00a0";
    said.classList.toggle("tone-bad", isProblem);
  };

  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  const send = async (body, name) => {
    const query = new URLSearchParams(sides().map((side) => ["with", side]));
    query.append("asker", asker);
    query.append("name", name);
    if (seed !== null) query.append("seed", seed);
    const answer = await fetch(`/api/readings?${query}`, {
      method: "POST",
      headers: { "Content-Type": "application/octet-stream" },
      body,
    });
    return answer.json();
  };

  const follow = async (first, number) => {
    let state = first;
    const since = performance.now();
    for (let wait = 40; state.kind === "reading" && !state.is_over; wait = Math.min(wait * 1.3, 500)) {
      const seconds = Math.round((performance.now() - since) / 1000);
      if (seconds > 0 || state.step !== "reading") say(`${state.said} …${seconds > 1 ? ` ${seconds} s` : ""}`);
      await pause(wait);
      if (number !== asked) return null;
      state = await (await fetch(`/api/readings/${state.number}`)).json();
    }
    return number === asked ? state : null;
  };

  const fetched = async (number) => {
    const page = await (await fetch(`/digit/${number}`)).text();
    return new DOMParser().parseFromString(page, "text/html");
  };

  // What was unfolded stays so, and what was in focus too.
  const put = (page) => {
    const open = new Set(Array.from(document.querySelectorAll("[data-key][open]"), (each) => each.dataset.key));
    const hadFocus = document.activeElement?.matches("[data-seed]");
    for (const each of page.querySelectorAll("[data-key]")) each.open = open.has(each.dataset.key);
    for (const each of places) {
      each.replaceChildren(...(page.querySelector(`[data-part="${each.dataset.place}"]`)?.childNodes ?? []));
    }
    if (hadFocus) document.querySelector("[data-seed]")?.focus();
  };

  const summary = (state) => {
    const read = new Map();
    const answered = state.sides.filter((side) => side.predict);
    for (const side of answered) {
      const name = side.predict.images[0].class_name;
      read.set(name, (read.get(name) ?? 0) + 1);
    }
    if (answered.length === 1) return `Read as ${[...read.keys()][0]}.`;
    const all = answered.length === 2 ? "Both" : `All ${answered.length}`;
    if (read.size === 1) return `${all} read ${[...read.keys()][0]}.`;
    const counts = [...read].sort((one, other) => other[1] - one[1]);
    return `Of ${answered.length}, ${counts.map(([name, n]) => `${n} read${n === 1 ? "s" : ""} ${name}`).join(", ")}.`;
  };

  const read = async () => {
    clearTimeout(timer);
    asked += 1;
    const number = asked;
    if (!sides().length) {
      say("Choose who is asked.", true);
      return;
    }
    try {
      const [body, name] = photograph ? [photograph.blob, photograph.name] : [await drawing(), "drawing"];
      if (number !== asked) return;
      const state = await follow(await send(body, name), number);
      if (state === null) return;
      if (state.kind === "problem" || state.step === "failed") {
        say(`${state.message ?? state.said} ${state.hint ?? ""}`, true);
        return;
      }
      if (state.step !== "done") return;
      const page = await fetched(state.number);
      if (number !== asked) return;
      const answered = state.sides.some((side) => side.predict);
      put(page);
      say(answered ? summary(state) : "");
      // Once there are answers, they have the place beside the sheet.
      if (answered && !hasAnswered) whom.open = false;
      hasAnswered ||= answered;
    } catch {
      if (number === asked) say("The server does not answer. Is ablate serve still running?", true);
    }
  };

  const readSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(read, QUIET_MS);
  };

  // Starting takes seconds: it begins with the first stroke.
  const getReady = () => {
    if (isReady || !sides().length) return;
    isReady = true;
    send(new Blob([]), "").catch(() => {});
  };

  count();
  show();
})();
