'use strict';
// Numbers out of the page's data, as text and as colours; and elements, whose text is never read as HTML.

const DATA = JSON.parse(document.getElementById('data').textContent);
const TYPES = {f4: Float32Array, f8: Float64Array, i1: Int8Array, i2: Int16Array, i4: Int32Array, i8: BigInt64Array,
  u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, u8: BigUint64Array};
const decoded = new Map();

/** The array of a number, null for none. */
function arrayOf(number) {
  if (number === null || number === undefined) return null;
  if (!decoded.has(number)) {
    const [type, text] = DATA.arrays[number];
    const held = atob(text), bytes = new Uint8Array(held.length);
    for (let i = 0; i < held.length; i++) bytes[i] = held.charCodeAt(i);
    decoded.set(number, new TYPES[type](bytes.buffer));
  }
  return decoded.get(number);
}

/** A number in four digits; whole ones have all of theirs. */
function short(value, signed) {
  if (value === null || value === undefined) return '-';
  if (typeof value !== 'number') return String(value);
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const size = Math.abs(value);
  let text = String(Number(value.toPrecision(4)));
  if (Number.isInteger(value) && size < 1e9) text = String(value);
  else if (size >= 1e6 || size < 1e-4) text = value.toExponential(3).replace(/\.?0+e/, 'e').replace('e+', 'e');
  return signed && value > 0 ? '+' + text : text;
}

/** An element; children are elements or text. */
function el(tag, properties, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else if (name === 'class') made.className = value;
    else if (name.includes('-') || name === 'for' || name === 'role') made.setAttribute(name, value);
    else made[name] = value;
  }
  for (const child of children.flat(Infinity)) if (child !== null && child !== undefined) made.append(child);
  return made;
}

/** A line of less weight. */
function note(text) {
  return el('p', {class: 'note'}, text);
}

/** Terms and what is said of them. */
function listed(pairs) {
  return el('dl', {}, pairs.map(([name, text]) => [el('dt', {}, name), el('dd', {}, text)]));
}

/** A number as an element that has all of its digits too. */
function numeral(value, signed, tag) {
  return el(tag || 'span', {class: 'number', title: String(value), 'data-value': String(value)}, short(value, signed));
}

// Blue lowers the target, red raises it, white is zero: ColorBrewer's RdBu, as the library's pictures have it.
const RAMP = [[5, 48, 97], [33, 102, 172], [67, 147, 195], [146, 197, 222], [209, 229, 240], [247, 247, 247],
  [253, 219, 199], [244, 165, 130], [214, 96, 77], [178, 24, 43], [103, 0, 31]];
const UNKNOWN = [204, 204, 204];

/** Red, green and blue of a share between -1 and 1; grey for none. */
function colourOf(share) {
  if (Number.isNaN(share)) return UNKNOWN;
  const at = (Math.max(-1, Math.min(1, share)) + 1) / 2 * (RAMP.length - 1);
  const low = Math.min(Math.floor(at), RAMP.length - 2), part = at - low;
  return RAMP[low].map((one, channel) => Math.round(one + part * (RAMP[low + 1][channel] - one)));
}

/** What of the deepest colour a value has; infinite ones have no colour, as nan. */
function shareOf(value, limit) {
  const one = Number(value);
  return Number.isFinite(one) ? one / limit : NaN;
}

function rgb(colour) {
  return 'rgb(' + colour.join(',') + ')';
}

/** Black or white, whichever is better to read on a colour. */
function inkOn(colour) {
  const [r, g, b] = colour.map((one) => one / 255).map(
    (one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? '#000' : '#fff';
}

/** The absolute value with the deepest colour, never 0: a percentile of those that are finite. */
function limitOf(lists, percent) {
  const sizes = new Float64Array(lists.reduce((sum, values) => sum + values.length, 0));
  let count = 0;
  for (const values of lists) {
    for (const value of values) {
      const size = Math.abs(Number(value));
      if (size < Infinity) sizes[count++] = size;
    }
  }
  if (!count) return 1;
  const sorted = sizes.subarray(0, count).sort(), at = percent / 100 * (sorted.length - 1);
  const low = Math.floor(at), high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]) || sorted[sorted.length - 1] || 1;
}

/** The smallest and the largest of the numbers that are finite. */
function rangeOf(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    const one = Number(value);
    if (Number.isFinite(one)) {
      if (one < low) low = one;
      if (one > high) high = one;
    }
  }
  return low > high ? [0, 0] : [low, high];
}

function product(sizes) {
  return sizes.reduce((one, other) => one * other, 1);
}

/** Of an input of a result, a sample's attributions and values by one unit. */
function sampleOf(piece, number, unit, sample) {
  const input = piece.inputs[number], all = arrayOf(input.attributions);
  if (input.words) {
    if (!input.ends) {
      let end = 0;
      input.ends = [0].concat(input.words.map((words) => end += words.length));
    }
    const total = input.ends[input.ends.length - 1];
    return {values: all.subarray(unit * total + input.ends[sample], unit * total + input.ends[sample + 1]),
      words: input.words[sample], xs: null};
  }
  const size = product(input.shape), start = (unit * piece.shown + sample) * size;
  const own = input.xs === null ? 0 : product(input.xshape);
  return {values: all.subarray(start, start + size), words: null,
    xs: input.xs === null ? null : arrayOf(input.xs).subarray(sample * own, (sample + 1) * own)};
}

/** A number of a sample by one unit: of scores, sums, delta. */
function ofSample(piece, name, unit, sample) {
  const held = arrayOf(piece[name]);
  return held === null ? null : held[unit * piece.shown + sample];
}

/** What a feature is called, by its flat place. */
function labelOf(input, sample, place) {
  if (input.words) return input.words[sample][place];
  const shape = input.shape, names = input.features || input.letters;
  if (!shape.length) return 'feature 0';
  if (shape.length === 1) return names ? names[place] : 'feature ' + place;
  const found = [];
  let rest = place;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const one = rest % shape[axis];
    found.unshift(axis === shape.length - 1 && names ? names[one] : String(one));
    rest = Math.floor(rest / shape[axis]);
  }
  return found.join('/');
}
