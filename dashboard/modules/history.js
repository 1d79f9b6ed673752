/** The history of a job's metrics, put together from events. */

import { readNumber } from "./numbers.js";

const VALIDATION = "val_";
// Names of what is better when larger; all else (losses, errors) is better when smaller.
const RISING = /acc|precision|recall|auc|f1|fmeasure|f_score|iou|dice|psnr|ssim|r2/;
// Names of what is neither good nor bad.
const NEUTRAL = /^(lr|learning_rate|size|batch|epoch)$/;

export class History {
  #series = { epoch: new Map(), batch: new Map() };

  /** Takes in the data of a metrics event; a step told again replaces what was told before. */
  add({ kind, step, values }) {
    for (const [name, value] of Object.entries(values)) {
      if (!this.#series[kind].has(name)) {
        this.#series[kind].set(name, { values: new Map(), sorted: null });
      }
      const series = this.#series[kind].get(name);
      series.values.set(step, readNumber(value));
      series.sorted = null;
    }
  }

  /** The metrics of a kind, training and validation together, the loss first: [{title, training, validation}]. */
  groups(kind) {
    const names = [...this.#series[kind].keys()];
    const titles = new Set(names.map(titleOf));
    return [...titles].sort(compareNames).map((title) => ({ title, training: title, validation: VALIDATION + title }));
  }

  /** The points of a metric in order: {steps, values}; steps count from 1. */
  points(kind, name) {
    const series = this.#series[kind].get(name);
    if (!series) {
      return { steps: [], values: [] };
    }
    if (!series.sorted) {
      const entries = [...series.values].sort(([a], [b]) => a - b);
      series.sorted = { steps: entries.map(([step]) => step + 1), values: entries.map(([, value]) => value) };
    }
    return series.sorted;
  }
}

/** Orders names of metrics: the loss first, the learning rate last, each before its validation. */
export function compareNames(a, b) {
  const [first, second] = [titleOf(a), titleOf(b)];
  return rank(first) - rank(second) || first.localeCompare(second) || a.length - b.length;
}

function rank(title) {
  return title === "loss" ? 0 : isNeutral(title) ? 2 : 1;
}

function titleOf(name) {
  return name.startsWith(VALIDATION) ? name.slice(VALIDATION.length) : name;
}

/** Whether no value of the metric is better than another. */
export function isNeutral(name) {
  return NEUTRAL.test(name);
}

/** Finds the best finite point of a metric: {step, value}, or null where none is better than another. */
export function findBest(name, { steps, values }) {
  if (isNeutral(name)) {
    return null;
  }
  const sign = RISING.test(name) ? 1 : -1;
  let best = null;
  values.forEach((value, index) => {
    if (Number.isFinite(value) && (best === null || sign * value > sign * best.value)) {
      best = { step: steps[index], value };
    }
  });
  return best;
}

/**
 * Smooths values by an exponential moving average without bias to the start (Kingma and Ba, 2015, section 3).
 * weight is from 0 (as they are) to below 1; what is not finite is left out of the average and stays as it is.
 */
export function smooth(values, weight) {
  if (weight === 0) {
    return values;
  }
  let average = 0;
  let count = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) {
      return value;
    }
    count += 1;
    average = weight * average + (1 - weight) * value;
    return average / (1 - weight ** count);
  });
}
