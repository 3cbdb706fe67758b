/* Curves over epochs: mean, interval and seeds of every arm, by one metric at a time. Needs uPlot.
 *
 *   ablateCurves.draw(figure)           // <figure data-picture="curves">, from the JSON within it
 *   ablateCurves.update(figure, data)   // other numbers, as a live page has them; what is chosen stays
 *
 * The data: ablate/web/curve_data.py. */
(() => {
  "use strict";

  // A solid line is the baseline's.
  const DASHES = [[12, 3], [6, 3], [2, 2], [12, 3, 2, 3], [6, 2, 1, 2, 1, 2], [1, 4]];
  const HINT = "Point at a curve to read it, drag to zoom, double-click for all.";
  const HELP = "Left and right step, up and down change the arm, Escape shows the whole range.";
  // Steps, and arms.
  const LEAPS = {
    ArrowLeft: [-1, 0], ArrowRight: [1, 0], Home: [-1e9, 0], End: [1e9, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
  };
  const drawn = new WeakMap();

  function make(name, attributes, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (typeof value === "function") element.addEventListener(key, value);
      else element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
  }

  const button = (label, click) => make("button", { type: "button", click }, label);

  function box(checked, change, ...label) {
    const input = make("input", { type: "checkbox", change: () => change(input.checked) });
    input.checked = checked;
    return make("label", {}, input, ...label);
  }

  function swatch({ variable, width, dash }) {
    const made = make("span", { class: "curves-swatch" });
    const line = `stroke="var(${variable})" stroke-width="${width}" stroke-dasharray="${dash}"`;
    made.innerHTML = `<svg viewBox="0 0 36 10" aria-hidden="true"><path d="M1 5H35" ${line}/></svg>`;
    return made;
  }

  const within = (value, low, high) => Math.min(Math.max(value, low), high);

  function written(value) {
    if (value == null) return "–";
    const size = Math.abs(value);
    const text = size && (size < 1e-3 || size >= 1e6) ? value.toExponential(2) : String(+value.toPrecision(4));
    return text.replace("-", "−");
  }

  /* Ticks of a logarithmic axis: the roundest number in every other one of eleven parts. */
  function ticks(_, __, low, high) {
    const at = (part) => low * (high / low) ** (part / 11);
    return [0, 2, 4, 6, 8, 10].map((part) => roundest(at(part), at(part + 1)));
  }

  function roundest(low, high) {
    for (let unit = 10 ** Math.ceil(Math.log10(high)); ; unit /= 10) {
      for (const step of [unit, unit / 2, unit / 5]) {
        const found = Math.ceil(low / step) * step;
        if (found <= high) return found;
      }
    }
  }

  function curves(figure, data) {
    let arms, stops, known, plot, lines, visible, width, zoom, at, line, logBox, listed, values;
    let [metric, current, step, isLog] = [0, 0, null, data.metrics[0].log];
    const hidden = new Map();
    const shows = { mean: true, "95% interval": true, seeds: data.seeds };
    const place = figure.querySelector(".drawn");
    const heading = make("p", { class: "curves-title", "aria-hidden": true });
    const keys = { tabindex: 0, role: "application", keydown: press, blur: () => point(null) };
    const chart = make("div", { class: "curves-chart", ...keys });
    const readout = make("p", { class: "curves-readout", "aria-hidden": true });
    const said = make("p", { class: "curves-said", "aria-live": "polite" });
    const note = make("p", { class: "curves-note" });

    const shown = () => data.metrics[metric];
    const end = () => data.x.at(-1);
    const colour = (name) => getComputedStyle(figure).getPropertyValue(name);
    const isError = () => isLog && shown().share;

    /* What is shown of a value: of a share what is missing from 1, where the axis is logarithmic. */
    const seen = (given) => (given == null ? null : isError() ? 1 - given : given);

    /* What has a place on the axis, or `instead`. */
    const value = (given, instead = null) => (seen(given) > 0 || !isLog ? seen(given) : given == null ? null : instead);

    /* Whether arms and metrics are as before. */
    function take(given) {
      data = given;
      let others = 0;
      arms = data.arms.map((arm) => {
        const index = arm.baseline ? -1 : others++;
        const name = arm.baseline ? "--ink" : `--series-${(index % 10) + 1}`;
        const [dash, width] = arm.baseline ? [[], 3] : [DASHES[index % DASHES.length], 2];
        return { ...arm, variable: name, stroke: () => colour(name), dash, width };
      });
      stops = data.stops || (data.x.length ? data.x : [0]).map((x, index) => [index, String(x)]);
      note.textContent = data.note;
      const before = known;
      const counted = data.metrics.map(({ title, arms }) => [title, arms.map(({ counts }) => counts)]);
      known = JSON.stringify([data.arms, counted]);
      return before === known;
    }

    /* Intervals below seeds below means; `lines` says what a column is of. */
    function layers() {
      const numbers = shown().arms;
      const [columns, series, bands] = [[data.x], [{}], []];
      lines = [null];
      visible = [...arms.keys()].filter((index) => !hidden.get(arms[index].name));
      // A diverged run may leave the axis, which is the others'.
      const allEnded = visible.every((index) => numbers[index].seeds.every((seed) => seed.end));
      function add(given, of, options, instead) {
        columns.push(data.x.map((_, index) => value(given[index], instead)));
        lines.push(of);
        return series.push({ points: { show: given.length === 1 && options.width > 0 }, ...options }) - 1;
      }
      // The baseline below the others, which may be equal to it.
      const order = [...visible].sort((one, other) => arms[other].baseline - arms[one].baseline);
      const each = (name, act) => shows[name] && order.forEach((arm) => act(numbers[arm], arms[arm], arm));
      each("95% interval", ({ low, high }, { stroke }) => {
        // What reaches zero leaves a logarithmic axis, and does not stretch it.
        const isWithin = (ends) => !isLog || ends.every((given) => value(given, 0) !== 0);
        const pair = [high, low].map((ends) => add(ends, null, { width: 0, auto: isWithin(ends) }, 1e-12));
        const fill = () => `color-mix(in srgb, ${stroke()} 15%, transparent)`;
        bands.push({ series: isError() ? pair.reverse() : pair, fill });
      });
      each("seeds", ({ seeds }, { stroke }, arm) => {
        const thin = { stroke, width: 1, alpha: 0.5 };
        for (const seed of seeds) add(seed.values, { arm, seed }, { ...thin, auto: !seed.end || allEnded });
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
      plot?.destroy();
      plot = null;
      width = chart.clientWidth;
      if (!width) return;
      const { columns, series, bands } = layers();
      const rule = { stroke: () => colour("--line"), width: 1 };
      const axis = { stroke: () => colour("--muted"), grid: rule, ticks: rule };
      axis.values = (_, given) => given.map(written);
      const logTicks = isLog && { splits: ticks, filter: (_, given) => given };
      const incrs = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 1e5];
      const former = zoom;
      const options = {
        width,
        height: Math.round(within(width / 2, 260, 420)),
        series,
        bands,
        legend: { show: false },
        focus: { alpha: 1 },
        cursor: {
          focus: { prox: 24 },
          points: { show: false },
          dataIdx: (_, __, index) => stops[stopAt(index)][0],
          move: (_, left, top) => [left < 0 ? left : Math.max(0, placeOf(stopAt(plot.posToIdx(left)))), top],
        },
        scales: {
          x: { time: false, range: (_, low, high) => (low === high ? [low - 0.5, high + 0.5] : [low, high]) },
          y: { distr: isLog ? 3 : 1, range: (_, low, high) => range(low, high) },
        },
        axes: [{ ...axis, incrs, size: 32 }, { ...axis, size: 64, space: 36, ...logTicks }],
        hooks: {
          setCursor: [({ cursor }) => hover(cursor.left < 0 ? null : cursor.idx)],
          setSeries: [(_, index) => tell((line = index == null ? null : lines[index]))],
          setScale: [(made, name) => name === "x" && zoomed(made.scales.x)],
          draw: [crosses],
        },
      };
      plot = new uPlot(options, columns, chart);
      if (former) plot.setScale("x", former);
      const title = `${isError() ? "1 − " : ""}${shown().label} over ${data.across}s${isLog ? ", log axis" : ""}`;
      heading.textContent = title;
      chart.setAttribute("aria-label", `${title}, ${visible.length} arms shown. ${HELP}`);
      point(null);
    }

    /* Where runs diverged; held within the axis. */
    function crosses({ ctx, bbox: { left, top, width, height }, valToPos }) {
      ctx.save();
      const font = `bold ${18 * devicePixelRatio}px sans-serif`;
      Object.assign(ctx, { fillStyle: colour("--bad"), font, textAlign: "center", textBaseline: "middle" });
      for (const { end } of visible.flatMap((index) => shown().arms[index].seeds)) {
        if (value(end?.[1]) == null) continue;
        const x = valToPos(end[0], "x", true);
        const y = within(valToPos(value(end[1]), "y", true), top, top + height);
        if (x >= left - 1 && x <= left + width + 1) ctx.fillText("×", x, y);
      }
      ctx.restore();
    }

    const zoomed = ({ min, max }) => (zoom = min > data.x[0] || max < end() ? { min, max } : null);

    function reset() {
      plot.setScale("x", { min: data.x[0], max: end() });
      chart.focus();
    }

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
        const of = seed ? `, seed ${seed.seed}${seed.end ? " (diverged)" : seed.live ? " (under way)" : ""}` : "";
        text += `. ${arms[arm].name}${of}: ${seed ? written(seen(seed.values[at[0]])) : numbers(arm, at[0])}`;
      }
      readout.textContent = text;
    }

    /* To a stop by its position, or to none. */
    function point(next) {
      step = next;
      if (!plot) return;
      if (step == null) return plot.setCursor({ left: -10, top: -10 });
      const [index] = stops[step];
      if (zoom && (data.x[index] < zoom.min || data.x[index] > zoom.max)) reset();
      const mean = value(shown().arms[current].mean[index]);
      plot.setCursor({ left: placeOf(step), top: mean == null ? 0 : plot.valToPos(mean, "y") });
      hover(index);
    }

    function press(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || !visible.length) return;
      if (event.key === "Escape") return reset(), point(null);
      if (!LEAPS[event.key]) return;
      event.preventDefault();
      const [by, turn] = LEAPS[event.key];
      const from = step ?? (by < 0 ? stops.length : -Math.sign(by));
      current = visible.at((Math.max(visible.indexOf(current), 0) + turn) % visible.length);
      point(within(from + by, 0, stops.length - 1));
      line = { arm: current };
      tell();
      said.textContent = readout.textContent;
    }

    function bar() {
      const options = data.metrics.map(({ title }, value) => make("option", { value }, title));
      const select = make("select", { change: choose }, ...options);
      function choose() {
        metric = +select.value;
        logBox.firstChild.checked = isLog = shown().log;
        listed.replaceWith(list());
        draw();
      }
      select.value = metric;
      logBox = box(isLog, (is) => draw((isLog = is)), "log axis");
      const boxes = Object.keys(shows).map((name) => box(shows[name], (is) => draw((shows[name] = is)), name));
      return make("div", { class: "curves-bar" }, make("label", {}, "Metric", select), logBox, ...boxes);
    }

    const counts = (index) => ` ${shown().arms[index].counts}`;

    function list() {
      values = arms.map(() => make("span", { class: "curves-value" }));
      const rows = arms.map((arm, index) => {
        const name = make("span", { class: "curves-name" }, make("code", {}, arm.name), counts(index));
        return box(!hidden.get(arm.name), (is) => draw(hidden.set(arm.name, !is)), swatch(arm), name, values[index]);
      });
      function all(is) {
        arms.forEach(({ name }) => hidden.set(name, !is));
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
      const { columns, series } = layers();
      if (series.length !== plot?.series.length) return draw();
      plot.setData(columns, !zoom);
      if (zoom) plot.redraw();
    }

    take(data);
    build();
    new ResizeObserver(() => chart.clientWidth !== width && draw()).observe(chart);
    return { update, redraw: () => plot?.redraw(false, true) };
  }

  function update(figure, data) {
    if (drawn.has(figure)) drawn.get(figure).update(data);
    else if (data.metrics.length) drawn.set(figure, curves(figure, data));
  }

  function draw(figure) {
    if (!drawn.has(figure)) update(figure, JSON.parse(figure.querySelector("script").textContent));
  }

  const all = (act) => document.querySelectorAll('[data-picture="curves"]').forEach(act);
  const redraw = () => all((figure) => drawn.get(figure)?.redraw());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  window.ablateCurves = { draw, update };
  all(draw);
})();
