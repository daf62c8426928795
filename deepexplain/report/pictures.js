// Pictures, cells and letters. A drawing has an element, `at` (the place below a point of it, in shares of its width
// and height), `box` (where a place is, alike), `move` (the place beside one), `count` and `layout`.

/** How an array of a sample lies in a plane: its height, width, channels and where each number is. */
function planeOf(shape, channels, kind) {
  if (kind === 'cells') {
    // A long first axis runs to the right.
    const along = shape[0] > 2 * shape[1];
    const [high, wide] = along ? [shape[1], shape[0]] : shape;
    return {high, wide, deep: 1, along, index: (y, x) => along ? x * shape[1] + y : y * shape[1] + x};
  }
  if (shape.length === 2) {
    return {high: shape[0], wide: shape[1], deep: 1, index: (y, x) => y * shape[1] + x};
  }
  const [a, b, c] = shape;
  return channels === 'first' ? {high: b, wide: c, deep: a, index: (y, x, of) => (of * b + y) * c + x} :
    {high: a, wide: b, deep: c, index: (y, x, of) => (y * b + x) * c + of};
}

/** Numbers of a plane, channels summed. */
function summedOver(plane, values) {
  const found = new Float64Array(plane.high * plane.wide);
  for (let y = 0; y < plane.high; y++) {
    for (let x = 0; x < plane.wide; x++) {
      for (let of = 0; of < plane.deep; of++) found[y * plane.wide + x] += Number(values[plane.index(y, x, of)]);
    }
  }
  return found;
}

/** A canvas of the colours of a function of (y, x): red, green, blue, and opacity where it is not 1. */
function painted(high, wide, colour) {
  const canvas = el('canvas', {width: wide, height: high}), context = canvas.getContext('2d');
  const image = context.createImageData(wide, high);
  for (let y = 0; y < high; y++) {
    for (let x = 0; x < wide; x++) {
      const [r, g, b, opacity] = colour(y, x), at = 4 * (y * wide + x);
      image.data[at] = r;
      image.data[at + 1] = g;
      image.data[at + 2] = b;
      image.data[at + 3] = 255 * (opacity === undefined ? 1 : opacity);
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** The sample itself: in colours where it has three channels, else grey. */
function paintedSample(plane, xs, grey) {
  const [low, high] = plane.deep === 3 && !grey ? rangeOf(xs) : [0, 0];
  const means = plane.deep === 3 && !grey ? null : summedOver(plane, xs).map((one) => one / plane.deep);
  const [least, most] = means ? rangeOf(means) : [0, 0];
  const scaled = (value, from, to) => Number.isFinite(value) && to > from ? 255 * (value - from) / (to - from) : 0;
  return painted(plane.high, plane.wide, (y, x) => {
    if (means) {
      const one = scaled(means[y * plane.wide + x], least, most);
      return [one, one, one];
    }
    return [0, 1, 2].map((of) => scaled(Number(xs[plane.index(y, x, of)]), low, high));
  });
}

/** A canvas as a drawing of high x wide places. */
function planeDrawing(canvas, high, wide) {
  canvas.classList.add('plane');
  const ratio = wide / high;
  if (ratio > 3 || ratio < 1 / 3) {
    // Long ones are stretched.
    canvas.style.height = Math.max(24, Math.min(ratio > 3 ? 12 * high : 3 * high, 320)) + 'px';
    canvas.style.width = ratio > 3 ? '100%' : Math.max(40, 14 * wide) + 'px';
  } else {
    canvas.style.width = 'min(100%, ' + Math.round(Math.min(280, 280 * ratio)) + 'px)';
  }
  return {
    element: canvas,
    layout: high + 'x' + wide,
    count: high * wide,
    at: (x, y) => Math.min(high - 1, Math.floor(y * high)) * wide + Math.min(wide - 1, Math.floor(x * wide)),
    box: (place) => [place % wide / wide, Math.floor(place / wide) / high, 1 / wide, 1 / high],
    move: (place, across, down) => {
      const x = place % wide + across, y = Math.floor(place / wide) + down;
      return x < 0 || y < 0 || x >= wide || y >= high ? place : y * wide + x;
    },
  };
}

/** A heat map; over the sample where `below` is its canvas. */
function mapDrawing(plane, sums, limit, below) {
  const map = painted(plane.high, plane.wide, (y, x) => {
    const share = shareOf(sums[y * plane.wide + x], limit);
    const opacity = below ? (Number.isNaN(share) ? 0 : Math.min(1, Math.abs(share))) : 1;
    return colourOf(share).concat(opacity);
  });
  if (!below) return planeDrawing(map, plane.high, plane.wide);
  const canvas = el('canvas', {width: Math.max(below.width, plane.wide), height: Math.max(below.height, plane.high)});
  const context = canvas.getContext('2d');
  context.imageSmoothingEnabled = false;
  context.drawImage(below, 0, 0, canvas.width, canvas.height);
  context.drawImage(map, 0, 0, canvas.width, canvas.height);
  return planeDrawing(canvas, plane.high, plane.wide);
}

/** A canvas of so many CSS pixels, sharp on fine screens. */
function sharpCanvas(wide, high) {
  const fine = Math.min(2, window.devicePixelRatio || 1);
  const canvas = el('canvas', {width: Math.round(wide * fine), height: Math.round(high * fine), class: 'sharp'});
  canvas.style.width = wide + 'px';
  canvas.style.height = high + 'px';
  const context = canvas.getContext('2d');
  context.scale(fine, fine);
  context.fillStyle = '#fff';
  context.fillRect(0, 0, wide, high);
  return [canvas, context];
}

/** A letter stretched to a box, a grey block where there is none. */
function drawLetter(context, letter, colour, left, top, wide, high) {
  context.fillStyle = letter === null ? rgb(UNKNOWN) : colour;
  if (letter === null) {
    context.fillRect(left, top, wide, high);
    return;
  }
  context.save();
  context.font = 'bold 100px sans-serif';
  const box = context.measureText(letter);
  const across = Math.max(1, box.actualBoundingBoxLeft + box.actualBoundingBoxRight);
  const down = Math.max(1, box.actualBoundingBoxAscent + box.actualBoundingBoxDescent);
  const stretched = wide / Math.max(across, 0.35 * down);
  context.translate(left + (wide - stretched * across) / 2, top);
  context.scale(stretched, high / down);
  context.fillText(letter, box.actualBoundingBoxLeft, box.actualBoundingBoxAscent);
  context.restore();
}

/** A sequence as letters as high as what they contribute, in rows of the width. */
function logoDrawing(letters, xs, shape, sums, limit, wide) {
  const count = shape[0], across = Math.max(1, Math.min(count, Math.floor(wide / 13)));
  const cell = Math.min(22, wide / across), rows = Math.ceil(count / across);
  const [low, high] = rangeOf(sums), up = high > 0 ? 46 : 6, down = low < 0 ? 46 : 6, row = up + down + 10;
  const [canvas, context] = sharpCanvas(cell * across, rows * row);
  for (let place = 0; place < count; place++) {
    const left = place % across * cell, zero = Math.floor(place / across) * row + up + 4;
    let which = -1;
    for (let of = 0; of < shape[1]; of++) if (Number(xs[place * shape[1] + of])) which = of;
    context.fillStyle = '#888';
    context.fillRect(left, zero - 0.5, cell, 1);
    const share = shareOf(sums[place], limit);
    if (Number.isNaN(share) || !share) continue;
    const size = Math.min(1, Math.abs(share)) * 45;
    drawLetter(context, which < 0 ? null : letters ? letters[which] : String(which),
      rgb(colourOf(share > 0 ? 0.8 : -0.8)), left + 0.5, share > 0 ? zero - size : zero, cell - 1, size);
  }
  return {
    element: canvas,
    layout: String(count),
    count,
    at: (x, y) => {
      const found = Math.floor(y * rows) * across + Math.floor(x * across);
      return found < count ? found : -1;
    },
    box: (place) => [place % across / across, Math.floor(place / across) / rows, 1 / across, 1 / rows],
    move: (place, right, below) => {
      const found = place + right + below * across;
      return found < 0 || found >= count ? place : found;
    },
  };
}
