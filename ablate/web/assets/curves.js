/* Curves over epochs: the mean, its interval and the seeds of every arm, of one metric at a time. Needs uPlot.
 *
 *   window.ablateCurves.draw(figure)           // <figure data-picture="curves">, from the JSON within it
 *   window.ablateCurves.update(figure, data)   // other numbers, as a live page has them; what is chosen stays
 *
 * The data are those of `curves_data` in ablate/web/curve_data.py. */
(() => {
  "use strict";

  // A solid line is the baseline's.
  const DASHES = [[12, 3], [6, 3], [2, 2], [12, 3, 2, 3], [6, 2, 1, 2, 1, 2], [1, 4]];
  const LAYERS = { mean: "mean", interval: "95% interval", seeds: "seeds", training: "training mean, pale" };
  const MOST_SAID = 8;
  const HINT = "Point at a curve to read it; drag to zoom, double-click for the whole range.";
  const HELP = "Left and right step through them, up and down change the arm, Escape shows the whole range.";
  const TENTHS = Array.from({ length: 90 }, (_, index) => 1 + index / 10);
  const drawn = new WeakMap();
  const ink = document.createElement("canvas").getContext("2d");

  function make(name, attributes, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  function button(label, act) {
    const made = make("button", { type: "button" }, label);
    made.addEventListener("click", act);
    return made;
  }

  function box(checked, change, ...label) {
    const input = make("input", { type: "checkbox" });
    input.checked = checked;
    input.addEventListener("change", () => change(input.checked));
    return make("label", {}, input, ...label);
  }

  function swatch({ colour, width, dash }) {
    const line = `<path d="M1 5H35" stroke="var(${colour})" stroke-width="${width}" stroke-dasharray="${dash}"/>`;
    const holder = make("span", { class: "curves-swatch" });
    holder.innerHTML = `<svg viewBox="0 0 36 10" aria-hidden="true">${line}</svg>`;
    return holder;
  }

  function written(value) {
    if (value == null) return "–";
    const size = Math.abs(value);
    const text = size && (size < 1e-3 || size >= 1e6) ? value.toExponential(2) : String(+value.toPrecision(4));
    return text.replace("-", "−");
  }

  /* A colour nearly transparent: the canvas writes any opaque one as #rrggbb. */
  function faint(colour) {
    ink.fillStyle = colour;
    return ink.fillStyle.length === 7 ? `${ink.fillStyle}26` : ink.fillStyle;
  }

  /* Ticks of a logarithmic axis, the plainest that are enough. */
  function ticks(low, high) {
    const powers = [];
    for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) powers.push(power);
    for (const steps of [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7], TENTHS]) {
      const found = powers.flatMap((power) => steps.map((step) => +(step * 10 ** power).toPrecision(3)));
      const within = found.filter((value) => value >= low && value <= high);
      const every = Math.ceil(within.length / 8);
      if (within.length > 3 || steps === TENTHS) return within.filter((_, index) => index % every === 0);
    }
  }

  function curves(figure, data) {
    let arms, stops, known, plot, lines, visible, width, zoom, at, line, logBox, trainingBox, listed, values;
    let [metric, current, step, isLog] = [0, 0, null, data.metrics[0].log];
    const hidden = new Set();
    // Many arms with all their seeds would be a tangle.
    const shows = { mean: true, interval: true, seeds: data.arms.length <= 4, training: false };
    const place = figure.querySelector(".drawn");
    const heading = make("p", { class: "curves-title", "aria-hidden": true });
    const chart = make("div", { class: "curves-chart", tabindex: 0, role: "application" });
    const readout = make("p", { class: "curves-readout", "aria-hidden": true });
    const said = make("p", { class: "curves-said", "aria-live": "polite" });
    const note = make("p", { class: "curves-note" });
    const whole = button("whole range", reset);

    const shown = () => data.metrics[metric];
    const end = () => data.x[data.x.length - 1];
    const colour = (name) => getComputedStyle(figure).getPropertyValue(name).trim() || "gray";
    const height = () => Math.round(Math.min(420, Math.max(260, 0.5 * width)));
    const isError = () => isLog && shown().share;

    // what is drawn

    /* What is shown of a value: of a share what is missing from 1, where the axis is logarithmic. */
    const seen = (given) => (given == null ? null : isError() ? 1 - given : given);

    /* What has a place on the axis, or `instead`. */
    const value = (given, instead = null) => (seen(given) > 0 || !isLog ? seen(given) : given == null ? null : instead);

    function title() {
      const { title, unit } = shown();
      const of = unit && unit !== "fraction" ? `, ${unit}` : "";
      return `${isError() ? "1 − " : ""}${title}${of}${isLog ? ", log axis" : ""}`;
    }

    /* Whether arms and metrics are as before. */
    function take(given) {
      data = given;
      let others = 0;
      arms = data.arms.map(({ name, baseline }) => {
        if (baseline) return { name, baseline, colour: "--ink", dash: [], width: 3 };
        const index = others++;
        return { name, baseline, colour: `--series-${(index % 10) + 1}`, dash: DASHES[index % DASHES.length], width: 2 };
      });
      stops = data.stops || data.x.map((x, index) => [index, String(x)]);
      if (!stops.length) stops = [[0, "0"]];
      note.textContent = data.note || "";
      const before = known;
      known = JSON.stringify([data.arms, data.metrics.map(({ title, twin }) => [title, twin])]);
      return before === known;
    }

    /* Intervals below seeds below means; `lines` says of each column what it is of. */
    function layers() {
      const { twin, arms: numbers } = shown();
      const [columns, series, bands] = [[data.x], [{}], []];
      lines = [null];
      visible = [...arms.keys()].filter((index) => !hidden.has(arms[index].name));
      // A diverged run may leave the axis, which is the others'.
      const allEnded = visible.every((index) => numbers[index].seeds.every((seed) => seed.end));
      function add(given, of, options, instead) {
        columns.push(data.x.map((_, index) => value(given[index], instead)));
        lines.push(of);
        return series.push({ points: { show: given.length === 1 && options.width > 0 }, ...options }) - 1;
      }
      // The baseline below the others, which may be equal to it.
      const order = [...visible].sort((one, other) => arms[other].baseline - arms[one].baseline);
      const each = (name, act) =>
        shows[name] && order.forEach((arm) => act(numbers[arm], { ...arms[arm], stroke: () => colour(arms[arm].colour) }, arm));
      each("interval", ({ low, high }, { stroke }) => {
        // What reaches zero leaves a logarithmic axis, and does not stretch it.
        const isWithin = (ends) => !isLog || ends.every((given) => value(given, 0) !== 0);
        const pair = [high, low].map((ends) => add(ends, null, { width: 0, auto: isWithin(ends) }, 1e-12));
        bands.push({ series: isError() ? pair.reverse() : pair, fill: () => faint(stroke()) });
      });
      each("seeds", ({ seeds }, { stroke }, arm) => {
        const seedLine = (seed) => ({ stroke, width: 1, alpha: 0.5, auto: !seed.end || allEnded });
        seeds.forEach((seed) => add(seed.values, { arm, seed }, seedLine(seed)));
      });
      each("training", (_, { stroke, dash }, arm) => {
        if (twin != null) add(data.metrics[twin].arms[arm].mean, null, { stroke, dash, width: 1.5, alpha: 0.5 });
      });
      each("mean", ({ mean }, { stroke, width, dash }, arm) => add(mean, { arm }, { stroke, width, dash }));
      return { columns, series, bands };
    }

    function range(low, high) {
      if (low == null) return [0.1, 1];
      const factor = low === high ? 1.1 : (high / low) ** 0.04;
      const room = 0.04 * (high - low || Math.abs(low) || 1);
      return isLog ? [low / factor, high * factor] : [low - room, high + room];
    }

    function draw() {
      if (plot) plot.destroy();
      plot = null;
      width = chart.clientWidth;
      if (!width) return;
      const { columns, series, bands } = layers();
      const rule = { stroke: () => colour("--line"), width: 1 };
      const axis = { stroke: () => colour("--muted"), grid: rule, ticks: rule, font: "12px system-ui, sans-serif" };
      axis.values = (_, given) => given.map(written);
      const logTicks = isLog && { splits: (_, __, low, high) => ticks(low, high), filter: (_, given) => given };
      const size = (_, labels) => 16 + 7.2 * Math.max(3, ...(labels || []).map((label) => label.length));
      const incrs = [1, 10, 100, 1e3, 1e4, 1e5].flatMap((power) => [power, 2 * power, 5 * power]);
      const below = { ...axis, incrs, size: 48, label: data.across, labelSize: 16, labelGap: 0, labelFont: axis.font };
      const former = zoom;
      const options = {
        width,
        height: height(),
        series,
        bands,
        legend: { show: false },
        focus: { alpha: 1 },
        cursor: {
          focus: { prox: 24 },
          points: { show: false },
          drag: { x: true, y: false },
          dataIdx: (_, __, index) => stops[stopAt(index)][0],
          move: (_, left, top) => [left < 0 ? left : Math.max(0, placeOf(stopAt(plot.posToIdx(left)))), top],
        },
        scales: {
          x: { time: false, range: (_, low, high) => (low === high ? [low - 0.5, high + 0.5] : [low, high]) },
          y: { distr: isLog ? 3 : 1, range: (_, low, high) => range(low, high) },
        },
        axes: [below, { ...axis, size, space: 36, ...logTicks }],
        hooks: {
          setCursor: [({ cursor }) => hover(cursor.left < 0 ? null : cursor.idx)],
          setSeries: [(_, index) => tell((line = index == null ? null : lines[index]))],
          setScale: [(made, name) => name === "x" && zoomed(made.scales.x)],
          draw: [crosses],
        },
      };
      plot = new uPlot(options, columns, chart);
      if (former && former.min < end()) plot.setScale("x", former);
      heading.textContent = title();
      chart.setAttribute("aria-label", `${title()} over ${data.across}s, ${visible.length} arms shown. ${HELP}`);
      point(null);
    }

    /* Where runs diverged; held within the axis. */
    function crosses({ ctx, bbox: { left, top, width, height }, valToPos }) {
      ctx.save();
      ctx.fillStyle = colour("--bad");
      ctx.font = `bold ${18 * devicePixelRatio}px sans-serif`;
      [ctx.textAlign, ctx.textBaseline] = ["center", "middle"];
      for (const { end } of visible.flatMap((index) => shown().arms[index].seeds)) {
        if (!end || value(end[1]) == null) continue;
        const x = valToPos(end[0], "x", true);
        const y = Math.min(Math.max(valToPos(value(end[1]), "y", true), top), top + height);
        if (x >= left - 1 && x <= left + width + 1) ctx.fillText("×", x, y);
      }
      ctx.restore();
    }

    function zoomed({ min, max }) {
      zoom = min > data.x[0] || max < end() ? { min, max } : null;
      whole.hidden = !zoom;
    }

    function reset() {
      plot.setScale("x", { min: data.x[0], max: end() });
      chart.focus();
    }

    // what is read

    function stopAt(index) {
      const distance = ([at]) => Math.abs(at - index);
      return stops.reduce((best, stop, next) => (distance(stop) < distance(stops[best]) ? next : best), 0);
    }

    const placeOf = (stop) => plot.valToPos(data.x[stops[stop][0]], "x");

    function numbers(arm, index) {
      const of = shown().arms[arm];
      const [mean, ...ends] = [of.mean, of.low, of.high].map((given) => seen(given[index]));
      if (mean == null || ends.includes(null)) return written(mean);
      return `${written(mean)} [${ends.sort((a, b) => a - b).map(written).join(", ")}]`;
    }

    function hover(index) {
      at = index == null ? null : stops[stopAt(index)];
      values.forEach((element, arm) => {
        element.textContent = at && visible.includes(arm) ? numbers(arm, at[0]) : "";
      });
      tell();
    }

    function tell() {
      let text = at ? `${data.across} ${at[1]}` : HINT;
      if (at && line) {
        const { arm, seed } = line;
        const of = seed ? `, seed ${seed.seed}${seed.end ? " (diverged)" : ""}` : "";
        text += ` · ${arms[arm].name}${of}: ${seed ? written(seen(seed.values[at[0]])) : numbers(arm, at[0])}`;
      }
      readout.textContent = text;
    }

    /* To a stop by its position, or to none. */
    function point(next) {
      step = next;
      values.forEach(({ parentNode }, arm) => parentNode.classList.toggle("is-current", step != null && arm === current));
      if (!plot) return;
      if (step == null) return plot.setCursor({ left: -10, top: -10 });
      const [index] = stops[step];
      if (zoom && (data.x[index] < zoom.min || data.x[index] > zoom.max)) reset();
      const mean = value(shown().arms[current].mean[index]);
      plot.setCursor({ left: placeOf(step), top: mean == null ? 0 : plot.valToPos(mean, "y") });
      hover(index);
    }

    function press(event) {
      const last = stops.length - 1;
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
      const turn = { ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0;
      const to = { Home: 0, End: last }[event.key] ?? (step ?? (by < 0 ? last + 1 : -by)) + by;
      if (event.ctrlKey || event.metaKey || event.altKey || !plot || !visible.length) return;
      if (event.key === "Escape") return reset(), point(null);
      if (!by && !turn && event.key !== "Home" && event.key !== "End") return;
      event.preventDefault();
      const position = visible.indexOf(current);
      current = visible[(Math.max(position, 0) + turn + visible.length) % visible.length];
      point(Math.min(Math.max(to, 0), last));
      const told = [current, ...visible.filter((arm) => arm !== current)].slice(0, MOST_SAID);
      const more = visible.length - told.length;
      const texts = told.map((arm) => `${arms[arm].name}: ${numbers(arm, stops[step][0])}`);
      said.textContent = `${data.across} ${stops[step][1]}. ${texts.join("; ")}${more ? `; and ${more} more` : ""}.`;
    }

    // what is chosen

    function bar() {
      const select = make("select", {}, ...data.metrics.map(({ title }, value) => make("option", { value }, title)));
      const layer = ([name, label]) => box(shows[name], (is) => draw((shows[name] = is)), label);
      const boxes = Object.entries(LAYERS).map(layer);
      function choose() {
        metric = +select.value;
        logBox.firstChild.checked = isLog = shown().log;
        trainingBox.hidden = shown().twin == null;
        listed.replaceWith(list());
        draw();
      }
      select.value = metric;
      select.addEventListener("change", choose);
      logBox = box(isLog, (is) => draw((isLog = is)), "log axis");
      trainingBox = boxes.at(-1);
      trainingBox.hidden = shown().twin == null;
      whole.hidden = true;
      return make("div", { class: "curves-bar" }, make("label", {}, "Metric", select), logBox, ...boxes, whole);
    }

    function list() {
      const hide = (name, is) => hidden[is ? "add" : "delete"](name);
      values = arms.map(() => make("span", { class: "curves-value" }));
      const rows = arms.map((arm, index) => {
        const { n, seeds } = shown().arms[index];
        const diverged = seeds.length > n ? `, ${seeds.length - n} diverged` : "";
        const counts = ` n ${n}${diverged}${arm.baseline ? ", baseline" : ""}`;
        const name = make("span", { class: "curves-name" }, make("code", {}, arm.name), counts);
        return box(!hidden.has(arm.name), (is) => draw(hide(arm.name, !is)), swatch(arm), name, values[index]);
      });
      function all(is) {
        arms.forEach(({ name }) => hide(name, !is));
        rows.forEach((row) => (row.firstChild.checked = is));
        draw();
      }
      const head = make("legend", {}, "Arms ", button("all", () => all(true)), button("none", () => all(false)));
      return (listed = make("fieldset", { class: "curves-arms" }, head, make("div", {}, ...rows)));
    }

    function build() {
      place.replaceChildren(bar(), heading, chart, readout, said, list(), note);
      place.hidden = false;
      figure.classList.add("is-drawn");
      draw();
    }

    function update(given) {
      if (!take(given)) {
        [metric, current] = [Math.min(metric, data.metrics.length - 1), 0];
        return build();
      }
      if (!plot) return draw();
      const { columns, series } = layers();
      if (series.length !== plot.series.length) return draw();
      plot.setData(columns, !zoom);
      if (zoom) plot.redraw();
    }

    function fit() {
      if (!chart.clientWidth || chart.clientWidth === width) return;
      if (!plot) return draw();
      width = chart.clientWidth;
      plot.setSize({ width, height: height() });
    }

    take(data);
    build();
    chart.addEventListener("keydown", press);
    chart.addEventListener("blur", () => point(null));
    new ResizeObserver(fit).observe(chart);
    return { update, redraw: () => plot && plot.redraw(false, true) };
  }

  // all of a page

  function update(figure, data) {
    if (drawn.has(figure)) drawn.get(figure).update(data);
    else if (data.metrics.length) drawn.set(figure, curves(figure, data));
  }

  function draw(figure) {
    if (!drawn.has(figure)) update(figure, JSON.parse(figure.querySelector("script").textContent));
  }

  const all = (act) => document.querySelectorAll('[data-picture="curves"]').forEach(act);
  const redraw = () => all((figure) => drawn.has(figure) && drawn.get(figure).redraw());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  window.ablateCurves = { draw, update };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => all(draw));
  else all(draw);
})();
