/* Curves over epochs: a mean with its interval and the seeds of every arm, of one metric at a time. Needs uPlot.
 *
 *   window.ablateCurves.draw(figure)           // <figure data-picture="curves">, from the JSON within it
 *   window.ablateCurves.update(figure, data)   // other numbers, as a live page has them; what is chosen stays
 *
 * The data are those of `curves_data` in ablate/web/pictures/curves.py. */
(function () {
  "use strict";

  // A solid line is the baseline's.
  const DASHES = [[12, 3], [6, 3], [2, 2], [12, 3, 2, 3], [6, 2, 1, 2, 1, 2], [1, 4]];
  const MOST_SAID = 8;
  const HINT = "Point at a curve to read it; drag to zoom, double-click for the whole range.";
  const HELP = "Left and right step through them, up and down change the arm, Escape shows the whole range.";
  const drawn = new WeakMap();
  const ink = document.createElement("canvas").getContext("2d");

  function make(name, attributes, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  function on(element, type, act) {
    element.addEventListener(type, act);
    return element;
  }

  function box(checked, change, ...label) {
    const input = make("input", { type: "checkbox" });
    input.checked = checked;
    on(input, "change", () => change(input.checked));
    return make("label", {}, input, ...label);
  }

  function swatch(arm) {
    const [svg, path] = ["svg", "path"].map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
    svg.setAttribute("viewBox", "0 0 36 10");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", "M1 5H35");
    path.setAttribute("stroke-dasharray", arm.dash);
    path.style.stroke = `var(${arm.colour})`;
    path.style.strokeWidth = arm.width;
    svg.append(path);
    return svg;
  }

  function written(value) {
    if (value == null) return "–";
    const size = Math.abs(value);
    const text = size && (size < 1e-3 || size >= 1e6) ? value.toExponential(2) : String(+value.toPrecision(4));
    return text.replace("-", "−");
  }

  /* Ticks of a logarithmic axis, the plainest that are enough. */
  function ticks(low, high) {
    const tenths = Array.from({ length: 90 }, (_, index) => 1 + index / 10);
    let within = [];
    for (const steps of [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7], tenths]) {
      for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) {
        within.push(...steps.map((step) => +(step * 10 ** power).toPrecision(3)));
      }
      within = within.filter((value) => value >= low && value <= high);
      if (within.length > 2) break;
      if (steps !== tenths) within = [];
    }
    return within.filter((_, index) => index % Math.ceil(within.length / 8) === 0);
  }

  /* Draws a figure; gives `update` and `redraw`. */
  function curves(figure, data) {
    let arms, stops, known, plot, lines, visible, width, zoom, at, line;
    let [metric, current, step, isLog] = [0, 0, null, data.metrics[0].log];
    const hidden = new Set();
    // Many arms with all their seeds would be a tangle.
    const shows = { mean: true, interval: true, seeds: data.arms.length <= 4, training: false };
    const chart = make("div", { class: "curves-chart", tabindex: 0, role: "application" });
    const heading = make("p", { class: "curves-title", "aria-hidden": true });
    const readout = make("p", { class: "curves-readout", "aria-hidden": true });
    const said = make("p", { class: "curves-said", "aria-live": "polite" });
    const note = make("p", { class: "curves-note" });
    const whole = on(make("button", { type: "button" }, "whole range"), "click", reset);
    const place = figure.querySelector(".drawn");
    let logBox, trainingBox, armBoxes, values;

    // what is drawn ------------------------------------------------------------------------------------

    const shown = () => data.metrics[metric];
    const colour = (name) => getComputedStyle(figure).getPropertyValue(name).trim() || "gray";
    const isError = () => isLog && shown().share;

    /* What the axis shows of a value: of a share what is missing from 1, where the axis is logarithmic. */
    function value(given) {
      if (given == null || !isLog) return given ?? null;
      const seen = isError() ? 1 - given : given;
      return seen > 0 ? seen : null;
    }

    function title() {
      const { title, unit } = shown();
      return (isError() ? "1 − " : "") + title + (unit && unit !== "fraction" ? `, ${unit}` : "") + (isLog ? ", log axis" : "");
    }

    function take(given) {
      data = given;
      let others = 0;
      arms = data.arms.map(({ name, baseline }) => {
        const index = baseline ? 0 : others++;
        const style = { colour: `--series-${(index % 10) + 1}`, dash: DASHES[index % DASHES.length], width: 2 };
        return { name, baseline, ...(baseline ? { colour: "--ink", dash: [], width: 3 } : style) };
      });
      stops = data.stops || data.x.map((x, index) => [index, String(x)]);
      note.textContent = data.note || "";
      const before = known;
      known = JSON.stringify([data.arms, data.metrics.map(({ title, twin }) => [title, twin])]);
      return before === known;
    }

    /* Columns and series: intervals below seeds below means. `lines` says of each what it is of. */
    function layers() {
      const { twin, arms: numbers } = shown();
      const [columns, series, bands] = [[data.x], [{}], []];
      lines = [null];
      visible = arms.map((_, index) => index).filter((index) => !hidden.has(arms[index].name));
      // A diverged run may leave the axis, which is the others'.
      const allEnded = visible.every((index) => numbers[index].seeds.every((seed) => seed.end));
      function add(given, of, options) {
        columns.push(data.x.map((_, index) => value(given[index])));
        lines.push(of);
        return series.push({ points: { show: given.length === 1 && options.width > 0 }, ...options }) - 1;
      }
      // The baseline below the others, which may be equal to it.
      const order = [...visible].sort((one, other) => arms[other].baseline - arms[one].baseline);
      const each = (name, act) => shows[name] && order.forEach((index) => act(numbers[index], arms[index], index));
      each("interval", ({ low, high }, style) => {
        const pair = [high, low].map((ends) => add(ends, null, { width: 0 }));
        bands.push({ series: isError() ? pair.reverse() : pair, fill: () => faint(colour(style.colour)) });
      });
      each("seeds", ({ seeds }, style, arm) => {
        for (const seed of seeds) {
          const auto = !seed.end || allEnded;
          add(seed.values, { arm, seed }, { stroke: () => colour(style.colour), width: 1, alpha: 0.5, auto });
        }
      });
      if (twin != null) {
        each("training", (_, style, arm) => {
          const { mean } = data.metrics[twin].arms[arm];
          add(mean, null, { stroke: () => colour(style.colour), width: 1.5, alpha: 0.5, dash: style.dash });
        });
      }
      each("mean", ({ mean }, { colour: name, width, dash }, arm) => {
        add(mean, { arm }, { stroke: () => colour(name), width, dash });
      });
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
      const logTicks = { splits: (_, __, low, high) => ticks(low, high), filter: (_, given) => given };
      const widest = (_, labels) => 16 + 7.2 * Math.max(3, ...(labels || []).map((label) => label.length));
      const [former, x] = [zoom, data.x];
      plot = new uPlot(
        {
          width,
          height: height(),
          legend: { show: false },
          focus: { alpha: 1 },
          cursor: {
            focus: { prox: 24 },
            points: { show: false },
            drag: { x: true, y: false },
            dataIdx: (_, __, index) => stops[stopAt(index)][0],
            move: (_, left, top) => [left < 0 ? left : snapped(left), top],
          },
          scales: {
            x: { time: false, range: (_, low, high) => (low === high ? [low - 0.5, high + 0.5] : [low, high]) },
            y: { distr: isLog ? 3 : 1, range: (_, low, high) => range(low, high) },
          },
          axes: [
            { ...axis, size: 48, label: data.across, labelSize: 16, labelGap: 0, labelFont: axis.font, incrs: steps() },
            { ...axis, size: widest, space: 36, ...(isLog ? logTicks : {}) },
          ],
          series,
          bands,
          hooks: {
            setCursor: [({ cursor }) => hover(cursor.left < 0 ? null : cursor.idx)],
            setSeries: [(_, index) => tell((line = index == null ? null : lines[index]))],
            setScale: [(_, name) => name === "x" && zoomed()],
            draw: [crosses],
          },
        },
        columns,
        chart,
      );
      if (former && former.min < x[x.length - 1]) plot.setScale("x", former);
      heading.textContent = title();
      chart.setAttribute("aria-label", `${title()} over ${data.across}s, ${visible.length} arms shown. ${HELP}`);
      point(null);
    }

    const height = () => Math.round(Math.min(420, Math.max(260, 0.5 * width)));
    const steps = () => [1, 10, 100, 1e3, 1e4, 1e5].flatMap((power) => [power, 2 * power, 5 * power]);

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

    function zoomed() {
      const { min, max } = plot.scales.x;
      zoom = min > data.x[0] || max < data.x[data.x.length - 1] ? { min, max } : null;
      whole.hidden = !zoom;
    }

    function reset() {
      plot.setScale("x", { min: data.x[0], max: data.x[data.x.length - 1] });
      chart.focus();
    }

    // what is read -------------------------------------------------------------------------------------

    function stopAt(index) {
      const distance = ([at]) => Math.abs(at - index);
      return stops.reduce((best, stop, next) => (distance(stop) < distance(stops[best]) ? next : best), 0);
    }

    function snapped(left) {
      return plot.valToPos(data.x[stops[stopAt(plot.posToIdx(left))][0]], "x");
    }

    function numbers(arm, index) {
      const of = shown().arms[arm];
      const [mean, ...ends] = [of.mean, of.low, of.high].map((given) => value(given[index]));
      if (mean == null || ends.includes(null)) return written(mean);
      return `${written(mean)} [${ends.sort((a, b) => a - b).map(written).join(", ")}]`;
    }

    function hover(index) {
      at = index == null ? null : stops[stopAt(index)];
      values.forEach((element, arm) => {
        element.textContent = at && !hidden.has(arms[arm].name) ? numbers(arm, at[0]) : "";
      });
      tell();
    }

    function tell() {
      let text = at ? `${data.across} ${at[1]}` : HINT;
      if (at && line) {
        const { arm, seed } = line;
        const of = seed ? `, seed ${seed.seed}${seed.end ? " (diverged)" : ""}` : "";
        text += ` · ${arms[arm].name}${of}: ${seed ? written(value(seed.values[at[0]])) : numbers(arm, at[0])}`;
      }
      readout.textContent = text;
    }

    /* To a stop by its position, or to none. */
    function point(next) {
      step = next;
      values.forEach((element, arm) => element.parentNode.classList.toggle("is-current", step != null && arm === current));
      if (step == null) return plot && plot.setCursor({ left: -10, top: -10 });
      const [index] = stops[step];
      const { min, max } = plot.scales.x;
      if (data.x[index] < min || data.x[index] > max) reset();
      const mean = value(shown().arms[current].mean[index]);
      plot.setCursor({ left: plot.valToPos(data.x[index], "x"), top: mean == null ? 0 : plot.valToPos(mean, "y") });
      hover(index);
    }

    function key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || !plot || !visible.length) return;
      const last = stops.length - 1;
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const turn = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      const to = { Home: 0, End: last }[event.key] ?? (by ? (step ?? (by > 0 ? -1 : last + 1)) + by : (step ?? 0));
      if (event.key === "Escape") return reset(), point(null);
      if (!by && !turn && event.key !== "Home" && event.key !== "End") return;
      event.preventDefault();
      const position = visible.indexOf(current);
      if (turn || position < 0) current = visible[(Math.max(position, 0) + (turn || 0) + visible.length) % visible.length];
      point(Math.min(Math.max(to, 0), last));
      const others = visible.filter((arm) => arm !== current);
      const told = [current, ...others.slice(0, MOST_SAID - 1)];
      const more = visible.length - told.length;
      const texts = told.map((arm) => `${arms[arm].name}: ${numbers(arm, stops[step][0])}`);
      said.textContent = `${data.across} ${stops[step][1]}. ${texts.join("; ")}${more ? `; and ${more} more` : ""}.`;
    }

    // what is chosen -----------------------------------------------------------------------------------

    function bar() {
      const select = make("select", {}, ...data.metrics.map(({ title }, index) => make("option", { value: index }, title)));
      select.value = metric;
      on(select, "change", () => {
        metric = +select.value;
        logBox.firstChild.checked = isLog = shown().log;
        trainingBox.hidden = shown().twin == null;
        draw();
      });
      const names = { mean: "mean", interval: "95% interval", seeds: "seeds", training: "training mean, pale" };
      const shown_ = Object.entries(names).map(([name, label]) => box(shows[name], (is) => draw((shows[name] = is)), label));
      logBox = box(isLog, (is) => draw((isLog = is)), "log axis");
      trainingBox = shown_[3];
      trainingBox.hidden = shown().twin == null;
      whole.hidden = true;
      return make("div", { class: "curves-bar" }, make("label", {}, "Metric", select), logBox, ...shown_, whole);
    }

    function list() {
      function choose(is) {
        arms.forEach(({ name }) => hidden[is ? "delete" : "add"](name));
        armBoxes.forEach((row) => (row.firstChild.checked = is));
        draw();
      }
      const buttons = [["all", true], ["none", false]].map(([label, is]) =>
        on(make("button", { type: "button" }, label), "click", () => choose(is)),
      );
      values = arms.map(() => make("span", { class: "curves-value" }));
      armBoxes = arms.map((arm, index) => {
        const { n, seeds } = shown().arms[index];
        const counts = ` n ${n}${seeds.length > n ? `, ${seeds.length - n} diverged` : ""}${arm.baseline ? ", baseline" : ""}`;
        const name = make("span", { class: "curves-name" }, make("code", {}, arm.name), counts);
        const change = (is) => draw(hidden[is ? "delete" : "add"](arm.name));
        return box(!hidden.has(arm.name), change, swatch(arm), name, values[index]);
      });
      const head = make("legend", {}, "Arms ", ...buttons);
      return make("fieldset", { class: "curves-arms" }, head, make("div", {}, ...armBoxes));
    }

    function build() {
      place.replaceChildren(bar(), heading, chart, readout, said, list(), note);
      place.hidden = false;
      figure.classList.add("is-drawn");
      draw();
    }

    function update(given) {
      if (!take(given)) {
        metric = Math.min(metric, data.metrics.length - 1);
        return build();
      }
      if (!plot) return draw();
      const { columns, series } = layers();
      if (series.length !== plot.series.length) return draw();
      plot.setData(columns, !zoom);
      if (zoom) plot.redraw();
    }

    take(data);
    build();
    on(on(chart, "keydown", key), "blur", () => point(null));
    new ResizeObserver(() => {
      if (!chart.clientWidth || chart.clientWidth === width) return;
      if (!plot) return draw();
      width = chart.clientWidth;
      plot.setSize({ width, height: height() });
    }).observe(chart);
    return { update, redraw: () => plot && plot.redraw(false, true) };
  }

  /* A colour nearly transparent: the canvas writes any opaque one as #rrggbb. */
  function faint(colour) {
    ink.fillStyle = colour;
    return ink.fillStyle.length === 7 ? `${ink.fillStyle}26` : ink.fillStyle;
  }

  // all of a page ----------------------------------------------------------------------------------------

  function update(figure, data) {
    if (drawn.has(figure)) drawn.get(figure).update(data);
    else if (data.metrics.length) drawn.set(figure, curves(figure, data));
  }

  function draw(figure) {
    if (!drawn.has(figure)) update(figure, JSON.parse(figure.querySelector('script[type="application/json"]').textContent));
  }

  const all = () => document.querySelectorAll('[data-picture="curves"]');
  const redraw = () => all().forEach((figure) => drawn.has(figure) && drawn.get(figure).redraw());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  window.ablateCurves = { draw, update };
  if (document.readyState === "loading") on(document, "DOMContentLoaded", () => all().forEach(draw));
  else all().forEach(draw);
})();
