/** All charts of a job, their controls and the table of last and best values. */

import { Chart } from "./chart.js";
import { byId, element, setChildren, setText } from "./elements.js";
import { findBest, History } from "./history.js";
import { formatNumber } from "./numbers.js";

// The eye wants no more, and a run of short epochs would redraw without end.
const REDRAW_MILLISECONDS = 250;

export class Charts {
  #history = new History();
  #charts = new Map();
  #timer = null;
  #controls = byId("controls");
  #csvPath;

  /** csvPath is the address of the job's metrics. */
  constructor(csvPath) {
    this.#csvPath = csvPath;
    this.#controls.addEventListener("input", () => this.draw());
    this.#controls.addEventListener("submit", (event) => event.preventDefault());
    this.#linkCsv();
  }

  /** Takes in the data of metrics events and redraws soon. */
  add(points) {
    points.forEach((point) => this.#history.add(point));
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.draw();
    }, REDRAW_MILLISECONDS);
  }

  /** Draws everything as the controls say. */
  draw() {
    const view = this.#readView();
    setText(this.#controls.elements["smoothing-text"], String(view.smoothing));
    this.#linkCsv(view.kind);
    const groups = this.#history.groups(view.kind);
    byId("no-metrics").hidden = groups.length > 0;
    setText(byId("no-metrics"), describeAbsence(view.kind));
    this.#keepOnly(groups);
    for (const group of groups) {
      if (!this.#charts.has(group.title)) {
        const chart = new Chart(group);
        this.#charts.set(group.title, chart);
        byId("charts").append(chart.card);
      }
    }
    groups.forEach((group) => this.#charts.get(group.title).draw(this.#history, view));
    this.#showValues(groups, view.kind);
  }

  #readView() {
    const fields = this.#controls.elements;
    return {
      kind: fields.kind.value,
      logX: fields["log-x"].checked,
      logY: fields["log-y"].checked,
      smoothing: Number(fields.smoothing.value),
    };
  }

  #linkCsv(kind = "epoch") {
    byId("csv").href = `${this.#csvPath}?kind=${kind}&format=csv`;
  }

  #keepOnly(groups) {
    const titles = new Set(groups.map((group) => group.title));
    for (const [title, chart] of this.#charts) {
      if (!titles.has(title)) {
        chart.remove();
        this.#charts.delete(title);
      }
    }
  }

  #showValues(groups, kind) {
    const rows = groups
      .flatMap((group) => [group.training, group.validation])
      .map((name) => ({ name, points: this.#history.points(kind, name) }))
      .filter(({ points }) => points.steps.length > 0)
      .map(({ name, points }) => describeValues(name, points, kind));
    byId("values-card").hidden = rows.length === 0;
    setChildren(byId("values"), rows);
  }
}

function describeAbsence(kind) {
  return kind === "epoch"
    ? "No metrics yet: the first values come with the end of the first epoch."
    : "No values of single batches: short epochs and external runs have none.";
}

function describeValues(name, points, kind) {
  const best = findBest(name, points);
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, name),
    element("td", {}, formatNumber(points.values.at(-1))),
    element("td", {}, best ? formatNumber(best.value) : "–"),
    element("td", {}, best ? `${kind} ${best.step}` : "–"),
  );
}
