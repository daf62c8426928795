// Signals and words: drawings as those of pictures.js.

/** Channels one above the other, each a line on the colours of its attributions; bars where there are no values. */
function signalDrawing(input, xs, values, limit, wide) {
  const own = xs === null ? input.shape : input.xshape, times = own[0], deep = own.length > 1 ? own[1] : 1;
  const places = input.shape[0], flat = input.shape.length < own.length || input.shape.length === 1;
  const of = (time, channel) => {
    const place = Math.min(places - 1, Math.floor((time + 0.5) * places / times));
    return flat ? place : place * deep + channel;
  };
  const high = deep > 1 ? Math.max(26, 56 - 4 * deep) : 90;
  const [canvas, context] = sharpCanvas(wide, high * deep);
  for (let channel = 0; channel < deep; channel++) {
    const top = channel * high;
    // Of the times that share a column of pixels the one with the largest attribution is seen.
    const seen = new Map();
    for (let time = 0; time < times; time++) {
      const from = Math.floor(time * wide / times), to = Math.max(from + 1, Math.floor((time + 1) * wide / times));
      const value = Number(values[of(time, channel)]);
      for (let x = from; x < to; x++) {
        if (!seen.has(x) || !(Math.abs(value) <= Math.abs(seen.get(x)))) seen.set(x, value);
      }
    }
    for (const [x, value] of seen) {
      const share = shareOf(value, limit);
      context.fillStyle = rgb(colourOf(share));
      if (xs !== null || Number.isNaN(share)) {
        context.fillRect(x, top, 1, high - 2);
      } else {
        const size = Math.min(1, Math.abs(share)) * (high / 2 - 2), zero = top + high / 2 - 1;
        context.fillStyle = rgb(colourOf(share > 0 ? 0.8 : -0.8));
        context.fillRect(x, share > 0 ? zero - size : zero, 1, size);
      }
    }
    context.strokeStyle = '#222';
    if (xs === null) {
      context.fillStyle = '#888';
      context.fillRect(0, top + high / 2 - 1, wide, 0.5);
      continue;
    }
    const line = Array.from({length: times}, (_, time) => Number(xs[time * deep + channel]));
    const [low, most] = rangeOf(line);
    context.beginPath();
    let open = false;
    line.forEach((value, time) => {
      if (!Number.isFinite(value)) {
        open = false;
        return;
      }
      const x = (time + 0.5) * wide / times;
      const y = top + 4 + (high - 10) * (most > low ? (most - value) / (most - low) : 0.5);
      if (open) context.lineTo(x, y); else context.moveTo(x, y);
      open = true;
    });
    context.stroke();
    if (deep > 1 && input.features) {
      context.font = '11px sans-serif';
      context.lineWidth = 3;
      context.strokeStyle = '#fff';
      context.strokeText(input.features[channel], 4, top + 12);
      context.fillStyle = '#222';
      context.fillText(input.features[channel], 4, top + 12);
      context.lineWidth = 1;
    }
  }
  return {
    element: canvas,
    layout: times + 'x' + deep,
    count: times * deep,
    at: (x, y) => Math.min(times - 1, Math.floor(x * times)) * deep + Math.min(deep - 1, Math.floor(y * deep)),
    box: (place) => [Math.floor(place / deep) / times, place % deep / deep, 1 / times, 1 / deep],
    move: (place, right, below) => {
      const time = Math.floor(place / deep) + right, channel = place % deep + below;
      return time < 0 || channel < 0 || time >= times || channel >= deep ? place : time * deep + channel;
    },
    of: (place) => of(Math.floor(place / deep), place % deep),
    crowded: times > wide ? Math.ceil(times / wide) : 0,
  };
}

/** Words on coloured ground. */
function wordsDrawing(words, values, limit) {
  const element = el('p', {class: 'words'});
  words.forEach((word, place) => {
    const share = shareOf(values[place], limit), made = el('span', {'data-place': String(place)}, word || ' ');
    if (!Number.isNaN(share)) {
      const colour = colourOf(share);
      made.style.backgroundColor = rgb(colour);
      made.style.color = inkOn(colour);
    }
    element.append(made, ' ');
  });
  return {
    element,
    layout: String(words.length),
    count: words.length,
    at: (x, y, target) => target.dataset && target.dataset.place !== undefined ? Number(target.dataset.place) : -1,
    box: null,
    move: (place, right, below) => Math.max(0, Math.min(words.length - 1, place + right + below)),
  };
}

/** The colours from -limit to limit, with their numbers. */
function legendOf(limit, percent) {
  const bar = painted(1, 101, (y, x) => colourOf(x / 50 - 1));
  bar.className = 'ramp';
  return el('div', {class: 'legend', title: percent < 100 ? percent + ' % of the places are within' : ''},
    el('span', {}, short(-limit)), bar, numeral(limit, true));
}
