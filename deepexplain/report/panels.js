// A panel: a sample by one result. All panels tell their numbers of the place that is pointed at in one of them.

/** The share of places, in percent, whose colours are not clipped. */
function percentOf(kind) {
  return kind === 'letters' || kind === 'words' ? 100 : 99;
}

/** What is coloured of an input: a number for each place of its drawing. */
function colouredOf(piece, number, unit, sample, kind) {
  const input = piece.inputs[number], {values} = sampleOf(piece, number, unit, sample);
  if (kind === 'picture' || kind === 'cells') return summedOver(planeOf(input.shape, input.channels, kind), values);
  if (kind === 'letters') {
    const wide = input.shape[1];
    return Float64Array.from({length: input.shape[0]}, (_, place) => {
      let sum = 0;
      for (let of = 0; of < wide; of++) sum += Number(values[place * wide + of]);
      return sum;
    });
  }
  return values;
}

/** How an input is drawn, where the page is asked for a kind. */
function kindOf(input, wanted) {
  return wanted && input.kinds.includes(wanted) ? wanted : input.kinds[0];
}

/** The drawing of an input and what is read at its places. */
function drawingOf(piece, number, unit, sample, kind, look, limit, wide) {
  const input = piece.inputs[number], {values, xs, words} = sampleOf(piece, number, unit, sample);
  const coloured = colouredOf(piece, number, unit, sample, kind);
  if (kind === 'words') {
    const made = wordsDrawing(words, values, limit);
    return Object.assign(made, {read: (place) => [words[place], values[place], null, []]});
  }
  if (kind === 'signal') {
    const made = signalDrawing(input, xs, values, limit, wide);
    const deep = (xs === null ? input.shape : input.xshape)[1] || 1;
    return Object.assign(made, {read: (place) => {
      const time = Math.floor(place / deep), name = (input.features || [])[place % deep] || 'channel ' + place % deep;
      return [input.shape.length === 1 && xs !== null && input.xshape.length === 1 ? labelOf(input, sample, place) :
        'place ' + time + (deep > 1 ? ', ' + name : ''), values[made.of(place)], xs && xs[place], []];
    }});
  }
  if (kind === 'letters') {
    const made = logoDrawing(input.letters || input.features, xs, input.shape, coloured, limit, wide);
    const deep = input.shape[1], called = (of) => (input.letters || input.features || [])[of] || String(of);
    return Object.assign(made, {read: (place) => {
      const own = Array.from({length: deep}, (_, of) => of), which = own.filter((of) => Number(xs[place * deep + of]));
      return ['place ' + place + ', ' + (which.length ? called(which[0]) : 'no letter'), coloured[place], null,
        own.map((of) => [called(of), values[place * deep + of]])];
    }});
  }
  const plane = planeOf(input.shape, input.channels, kind);
  const same = xs !== null && String(input.xshape) === String(input.shape);
  const flat = same || xs !== null && kind === 'picture';
  const under = flat ? planeOf(input.xshape, input.channels, kind) : null;
  const below = look.over && under ? paintedSample(under, xs, true) : null;
  const made = mapDrawing(plane, coloured, limit, below);
  return Object.assign(made, {under, read: (place) => {
    const y = Math.floor(place / plane.wide), x = place % plane.wide;
    const own = Array.from({length: plane.deep}, (_, of) => of);
    const onto = under && under.high === plane.high && under.wide === plane.wide;
    const value = onto ? Array.from({length: under.deep}, (_, of) => xs[under.index(y, x, of)]) : null;
    const name = kind === 'cells' ? labelOf(input, sample, plane.index(y, x)) :
      (onto || !under ? 'row ' : 'patch ') + y + ', column ' + x;
    return [name, coloured[place], value && value.length === 1 ? value[0] : value,
      plane.deep > 1 && plane.deep <= 4 ? own.map((of) => ['channel ' + of, values[plane.index(y, x, of)]]) : []];
  }});
}

/** The line below a drawing: what is read at a place. */
function readout(found) {
  const [name, value, x, parts] = found, line = [el('b', {}, name), ': ', numeral(value, true)];
  if (parts.length) {
    line.push(' (', parts.map(([called, one], i) => [i ? ', ' : '', called + ' ', numeral(one, true)]), ')');
  }
  if (x !== null && x !== undefined) {
    line.push(', input ', Array.isArray(x) ? x.map((one, i) => [i ? ', ' : '', numeral(one)]) : numeral(x));
  }
  return line;
}

/** Put a mark where a place is. */
function mark(holder, drawing, place) {
  let found = holder.querySelector('.mark');
  if (place < 0 || !drawing.box) {
    if (found) found.remove();
    holder.querySelectorAll('.pointed').forEach((one) => one.classList.remove('pointed'));
    const word = place < 0 ? null : holder.querySelector('[data-place="' + place + '"]');
    if (word) word.classList.add('pointed');
    return;
  }
  if (!found) holder.append(found = el('div', {class: 'mark'}));
  const [x, y, wide, high] = drawing.box(place), whole = drawing.element;
  found.style.left = whole.offsetLeft + x * whole.offsetWidth + 'px';
  found.style.top = whole.offsetTop + y * whole.offsetHeight + 'px';
  found.style.width = Math.max(2, wide * whole.offsetWidth) + 'px';
  found.style.height = Math.max(2, high * whole.offsetHeight) + 'px';
}

/** The head of a panel: what is explained, and whether it adds up. */
function headOf(piece, unit, sample, called) {
  const facts = [], named = {scores: 'score ', sums: 'sum ', rest: 'of it on no words ', delta: 'delta '};
  if (piece.unit) facts.push(['target ', piece.unit[unit][sample]]);
  else if (piece.several) facts.push(['target ', piece.units[unit]]);
  for (const [name, label] of Object.entries(named)) {
    const value = ofSample(piece, name, unit, sample);
    if (value !== null) facts.push([label, numeral(value)]);
  }
  return [el('h3', {}, called), el('p', {class: 'facts'}, facts.map((one, i) => [i ? ' · ' : '', one]))];
}

/** A panel, and `tell`, which has it tell its numbers of a place of an input. */
function panelOf(piece, called, unit, sample, look, limit, point, wide) {
  const root = el('article', {class: 'panel', 'data-method': piece.method}), own = [];
  root.append(...headOf(piece, unit, sample, called));
  let percent = 100, crowded = 0;
  piece.inputs.forEach((input, number) => {
    const kind = kindOf(input, look.as);
    if (kind === 'table') return;
    const drawing = drawingOf(piece, number, unit, sample, kind, look, limit, wide);
    const holder = el('div', {class: 'holder ' + kind}, drawing.element);
    const line = el('p', {class: 'readout', 'data-input': String(number)});
    if (input.name) root.append(el('h4', {}, input.name));
    root.append(holder, line);
    percent = Math.min(percent, percentOf(kind));
    crowded = Math.max(crowded, drawing.crowded || 0);
    // Places of drawings that are laid out otherwise are others.
    drawing.key = kind + ' ' + drawing.layout;
    watch(drawing, number, point);
    own.push({number, drawing, holder, line});
  });
  if (own.length) {
    root.append(legendOf(limit, percent));
    if (crowded) root.append(note(crowded + ' places share a column of pixels: the largest is seen.'));
    if (piece.inputs.some((input) => input.summed)) root.append(note('A word has the sum over its embedding.'));
  }
  const tell = (number, place, key) => own.forEach((one) => {
    const there = one.number === number && key === one.drawing.key && place < one.drawing.count;
    const here = there ? place : -1;
    mark(one.holder, one.drawing, here);
    one.line.replaceChildren(...(here < 0 ? [] : readout(one.drawing.read(here)).flat(3)));
  });
  return {root, tell, keyOf: (number) => (own.find((one) => one.number === number) || {drawing: {}}).drawing.key};
}

/** Have a drawing tell what is pointed at: by the mouse, a finger, or arrows once it has the focus. */
function watch(drawing, number, point) {
  const target = drawing.element;
  let at = -1;
  const under = (event) => {
    const box = target.getBoundingClientRect();
    return drawing.at((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height, event.target);
  };
  target.tabIndex = 0;
  target.setAttribute('role', 'img');
  target.setAttribute('aria-label', 'attributions; arrows move over the places');
  target.addEventListener('pointermove', (event) => point(number, at = under(event), drawing.key, false));
  target.addEventListener('pointerleave', () => point(-1, -1, '', false));
  target.addEventListener('click', (event) => point(number, at = under(event), drawing.key, true));
  target.addEventListener('keydown', (event) => {
    const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
    if (!step || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    point(number, at = at < 0 ? 0 : drawing.move(at, step[0], step[1]), drawing.key, true);
  });
}
