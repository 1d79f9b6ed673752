/** One chart: a metric in training and in validation. */

import { element, setText } from "./elements.js";
import { findBest, isNeutral, smooth } from "./history.js";
import { formatNumber } from "./numbers.js";
import { isDark } from "./theme.js";

/* global Plotly */

const COLOURS = {
  light: { training: "#2563c9", validation: "#c2570c", text: "#4b5565", grid: "#e5e8ee", panel: "#ffffff" },
  dark: { training: "#6ea8fe", validation: "#f59e5b", text: "#a9b4c4", grid: "#2b3442", panel: "#171d27" },
};
const CONFIG = {
  displaylogo: false,
  // What is charted stays here: plotly.js has a button that sends it to its makers.
  plotlyServerURL: "",
  modeBarButtonsToRemove: ["sendChartToCloud", "select2d", "lasso2d", "autoScale2d"],
};
const FEW_POINTS = 40;
// So few steps get a mark each; left alone, the axis would have halves of steps.
const FEW_STEPS = 10;
const FAINT = 0.25;

export class Chart {
  #plot = element("div", { class: "plot", role: "img" });
  #best = element("p", { class: "best" });
  #broken = element("p", { class: "broken", hidden: true });
  #group;
  #observer = new ResizeObserver(() => {
    if (this.#plot.data) {
      Plotly.Plots.resize(this.#plot);
    }
  });

  /** group is an entry of History.groups. */
  constructor(group) {
    this.#group = group;
    this.card = element(
      "figure",
      { class: "card chart", "data-metric": group.title },
      element("figcaption", {}, element("h3", {}, group.title), this.#best),
      this.#plot,
      this.#broken,
    );
    // The width changes with the window and with every chart that joins.
    this.#observer.observe(this.#plot);
  }

  /** Draws the history; view is {kind, logX, logY, smoothing}. */
  draw(history, view) {
    const colours = COLOURS[isDark() ? "dark" : "light"];
    const drawn = ["training", "validation"]
      .map((role) => ({ role, name: this.#group[role], ...history.points(view.kind, this.#group[role]) }))
      .filter((series) => series.steps.length > 0);
    this.#describe(drawn, view);
    const traces = drawn.flatMap((series) => makeTraces(series, view, colours));
    const lastStep = Math.max(...drawn.map((series) => series.steps.at(-1)));
    Plotly.react(this.#plot, traces, makeLayout(view, colours, lastStep), CONFIG);
  }

  /** Gives back what the plot holds. */
  remove() {
    this.#observer.disconnect();
    Plotly.purge(this.#plot);
    this.card.remove();
  }

  #describe(drawn, { kind }) {
    const judged = drawn.at(-1);
    const best = findBest(judged.name, judged);
    setText(this.#best, best ? `best ${judged.name} ${formatNumber(best.value)} at ${kind} ${best.step}` : "");
    const last = drawn.map((series) => `${series.name} ${formatNumber(series.values.at(-1))}`).join(", ");
    this.#plot.setAttribute("aria-label", `Chart of ${this.#group.title}. Last: ${last}. ${this.#best.textContent}`);
    const warning = drawn.map((series) => describeBroken(series, kind)).filter(Boolean).join(" ");
    this.#broken.hidden = warning === "";
    setText(this.#broken, warning);
  }
}

function describeBroken({ name, steps, values }, kind) {
  const broken = values.flatMap((value, index) => (isBroken(value) ? [index] : []));
  if (broken.length === 0) {
    return "";
  }
  const first = broken[0];
  const more = broken.length > 1 ? ` and ${broken.length - 1} more` : "";
  return `${name} is ${formatNumber(values[first])} at ${kind} ${steps[first]}${more}.`;
}

function isBroken(value) {
  return typeof value === "number" && !Number.isFinite(value);
}

function keepFinite(value) {
  return Number.isFinite(value) ? value : null;
}

function makeTraces(series, view, colours) {
  const { role, name, steps, values } = series;
  const colour = colours[role];
  const smoothing = isNeutral(name) ? 0 : view.smoothing;
  const line = {
    name,
    x: steps,
    y: smooth(values, smoothing).map(keepFinite),
    customdata: values.map(formatNumber),
    hovertemplate: "%{customdata}",
    mode: steps.length <= FEW_POINTS ? "lines+markers" : "lines",
    line: { color: colour, width: 2 },
    marker: { size: 5 },
  };
  const quiet = { x: steps, hoverinfo: "skip", showlegend: false };
  const traces = [line];
  if (smoothing > 0) {
    const faint = { mode: "lines", opacity: FAINT, line: { color: colour, width: 1.5 } };
    traces.unshift({ ...quiet, ...faint, name: `${name} as it is`, y: values.map(keepFinite) });
  }
  const best = findBest(name, series);
  if (best) {
    traces.push({
      ...quiet,
      name: `best ${name}`,
      x: [best.step],
      y: [best.value],
      mode: "markers",
      marker: { symbol: "star", size: 13, color: colour, line: { color: colours.panel, width: 1 } },
    });
  }
  return [...traces, ...markBroken(series, colour)];
}

/** Marks NaN and the infinities with a cross at the height of the last finite value. */
function markBroken({ name, steps, values }, colour) {
  const marks = { x: [], y: [], customdata: [] };
  let height = values.find(Number.isFinite) ?? 0;
  values.forEach((value, index) => {
    if (Number.isFinite(value)) {
      height = value;
    } else if (isBroken(value)) {
      marks.x.push(steps[index]);
      marks.y.push(height);
      marks.customdata.push(formatNumber(value));
    }
  });
  if (marks.x.length === 0) {
    return [];
  }
  return [
    {
      ...marks,
      name: `${name} not finite`,
      mode: "markers",
      showlegend: false,
      hovertemplate: "%{customdata}",
      marker: { symbol: "x", size: 9, color: colour },
    },
  ];
}

function makeLayout(view, colours, lastStep) {
  const unified = { hoverformat: "d", unifiedhovertitle: { text: `${view.kind} %{x}` } };
  const everyStep = !view.logX && lastStep <= FEW_STEPS ? { dtick: 1 } : {};
  const axis = { gridcolor: colours.grid, zerolinecolor: colours.grid, linecolor: colours.grid, automargin: true };
  return {
    height: 300,
    margin: { l: 8, r: 12, t: 8, b: 8 },
    paper_bgcolor: "transparent",
    plot_bgcolor: "transparent",
    font: { color: colours.text, size: 12, family: "inherit" },
    hovermode: "x unified",
    hoverlabel: { bgcolor: colours.panel, bordercolor: colours.grid, font: { color: colours.text } },
    modebar: { bgcolor: "transparent", color: colours.grid, activecolor: colours.text },
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
    xaxis: { ...axis, ...everyStep, title: { text: view.kind }, type: view.logX ? "log" : "linear", ...unified },
    yaxis: { ...axis, type: view.logY ? "log" : "linear" },
    // Keeps the reader's zoom through updates, until the scales change.
    uirevision: `${view.kind} ${view.logX} ${view.logY}`,
  };
}
