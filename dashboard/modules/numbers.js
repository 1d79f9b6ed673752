/** Numbers, times and sizes, read and written. */

const SPECIAL = { NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY, "-Infinity": Number.NEGATIVE_INFINITY };
const SPECIAL_TEXT = { NaN: "NaN", Infinity: "∞", "-Infinity": "-∞" };
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** Reads a value of a metric: a number, or the text that JSON needs for NaN and the infinities. */
export function readNumber(value) {
  return typeof value === "string" ? SPECIAL[value] : value;
}

/** Writes a value of a metric with four significant digits. */
export function formatNumber(value) {
  const number = readNumber(value);
  if (number === null || number === undefined) {
    return "–";
  }
  if (!Number.isFinite(number)) {
    return SPECIAL_TEXT[String(number)];
  }
  const size = Math.abs(number);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) {
    return number.toExponential(3);
  }
  return Number.isInteger(number) ? String(number) : String(Number(number.toPrecision(4)));
}

/** Writes a span of time, such as "2 m 05 s". */
export function formatDuration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const pad = (number) => String(number).padStart(2, "0");
  if (days > 0) {
    return `${days} d ${pad(hours % 24)} h`;
  }
  if (hours > 0) {
    return `${hours} h ${pad(minutes % 60)} m`;
  }
  return minutes > 0 ? `${minutes} m ${pad(whole % 60)} s` : `${whole} s`;
}

/** Seconds from one ISO time to another, or to now. */
export function secondsBetween(start, end = null) {
  return ((end ? Date.parse(end) : Date.now()) - Date.parse(start)) / 1000;
}

/** Writes an ISO time or Unix seconds as the reader's local date and time. */
export function formatTime(time) {
  return new Date(typeof time === "number" ? time * 1000 : time).toLocaleString();
}

/** Writes a size in bytes with a binary unit. */
export function formatBytes(bytes) {
  const power = bytes > 0 ? Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1) : 0;
  const scaled = bytes / 1024 ** power;
  return `${power === 0 ? scaled : scaled.toFixed(1)} ${UNITS[power]}`;
}
