// Tables: features of a sample, samples of a result, means over all of them, and what is said of a result.

const MOST_ROWS = 200;

/** A table whose head sorts it; columns are {name, value(row), cell(row), sorts: the orders that clicks go through}. */
function tableOf(rows, columns, order, options) {
  const head = el('tr', {}), body = el('tbody', {}), below = note('');
  const draw = () => {
    const {column, how} = order.now, value = columns[column].value;
    const known = [], unknown = [], sign = how === 'up' ? 1 : -1;
    for (const row of rows) {
      const held = value(row), number = held === null || held === undefined ? NaN : Number(held);
      const key = typeof held === 'string' ? held : how === 'size' ? Math.abs(number) : number;
      // What is no number stands behind all others, whichever way they are sorted.
      (Number.isNaN(key) ? unknown : known).push({row, key});
    }
    known.sort((a, b) => a.key < b.key ? -sign : a.key > b.key ? sign : 0);
    const most = options.most || MOST_ROWS;
    body.replaceChildren(...known.concat(unknown).slice(0, most).map(({row}) => {
      const made = el('tr', {}, columns.map((one) => el('td', {}, one.cell(row))));
      if (options.row) options.row(made, row);
      return made;
    }));
    below.textContent = rows.length > most ? 'The first ' + most + ' of ' + rows.length + ', in this order.' : '';
    head.replaceChildren(...columns.map((one, place) => {
      const marks = {up: ' \u2191', down: ' \u2193', size: ' \u2193 |.|'};
      const button = el('button', {type: 'button', onclick: () => {
        const at = place === column ? one.sorts.indexOf(how) : -1;
        order.now = {column: place, how: one.sorts[(at + 1) % one.sorts.length]};
        draw();
      }}, one.name + (place === column ? marks[how] : ''));
      return el('th', {'aria-sort': place !== column ? 'none' : how === 'up' ? 'ascending' : 'descending'}, button);
    }));
  };
  if (order.now.column >= columns.length) order.now = order.first;
  draw();
  return [el('div', {class: 'scroll'}, el('table', {class: options.class}, el('thead', {}, head), body)), below];
}

/** A number with a bar from the middle, to the right and red or to the left and blue; unsigned from the left. */
function barOf(value, limit, unsigned) {
  const share = shareOf(value, limit), bar = el('span', {class: 'bar'});
  const cell = el('span', {class: 'barred' + (unsigned ? ' one-sided' : '')}, bar);
  if (!Number.isNaN(share)) {
    const size = (unsigned ? 100 : 50) * Math.min(1, Math.abs(share));
    bar.style.width = size + '%';
    bar.style.left = (unsigned ? 0 : share < 0 ? 50 - size : 50) + '%';
    bar.style.backgroundColor = rgb(colourOf(share < 0 ? -0.7 : 0.7));
  }
  return el('span', {class: 'valued'}, numeral(value, !unsigned), cell);
}

/** All features of a sample, with what each result says of them. */
function featuresOf(piece, compared, unit, sample, shared, order) {
  const rows = [], many = piece.inputs.length > 1;
  piece.inputs.forEach((input, number) => {
    const {xs, words} = sampleOf(piece, number, unit, sample);
    const fits = xs !== null && String(input.xshape) === String(input.shape);
    const count = words ? words.length : product(input.shape);
    for (let place = 0; place < count; place++) {
      rows.push({place: rows.length, number, at: place, x: fits ? xs[place] : null});
    }
  });
  const alike = compared.filter((one) => one.piece.inputs.length === piece.inputs.length && one.piece.inputs.every(
    (input, number) => String(input.shape) === String(piece.inputs[number].shape)));
  const label = (row) => (many ? piece.inputs[row.number].name + '/' : '') + labelOf(
    piece.inputs[row.number], sample, row.at);
  const columns = [{name: 'feature', sorts: ['up', 'down'], value: (row) => row.place, cell: label}];
  if (rows.some((row) => row.x !== null)) {
    columns.push({name: 'input', sorts: ['down', 'up'], value: (row) => row.x, cell: (row) => numeral(row.x)});
  }
  const first = {column: columns.length, how: 'size'};
  for (const one of alike) {
    const held = one.piece.inputs.map((input, number) => sampleOf(one.piece, number, one.unit, sample).values);
    // The limit of a table is that of its features: nothing in it is clipped.
    const limit = shared === null ? limitOf(held, 100) : shared;
    columns.push({name: one.called, sorts: ['size', 'down', 'up'], value: (row) => held[row.number][row.at],
      cell: (row) => barOf(held[row.number][row.at], limit)});
  }
  order.first = first;
  order.now = order.now && order.width === columns.length ? order.now : first;
  order.width = columns.length;
  const left = compared.filter((one) => !alike.includes(one)).map((one) => one.called);
  const made = tableOf(rows, columns, order, {class: 'features', row: (tr, row) => {
    tr.dataset.place = String(row.place);
  }});
  return [el('h2', {}, 'Features of this sample'), made, left.length ? note(
    'Without a column, as their attributions have another shape: ' + left.join(', ') + '.') : null];
}

/** The samples of a result that the filter lets through. */
function samplesOf(piece, unit, chosen, sample, pick, order) {
  const number = (name) => (row) => ofSample(piece, name, unit, row);
  const columns = [{name: 'sample', sorts: ['up', 'down'], value: (row) => row, cell: (row) => el('button', {
    type: 'button', class: 'pick', onclick: () => pick(row)}, String(row))}];
  for (const [name, held] of [['name', piece.names], ['target', piece.unit && piece.unit[unit]]]) {
    if (held) columns.push({name, sorts: ['up', 'down'], value: (row) => held[row], cell: (row) => held[row]});
  }
  for (const [name, label] of [['scores', 'score'], ['sums', 'sum'], ['delta', 'delta']]) {
    if (piece[name] !== null) {
      columns.push({name: label, sorts: ['down', 'up', 'size'], value: number(name),
        cell: (row) => numeral(number(name)(row))});
    }
  }
  order.first = {column: 0, how: 'up'};
  order.now = order.now && order.width === columns.length ? order.now : order.first;
  order.width = columns.length;
  return [el('h2', {}, 'Samples'), tableOf(chosen, columns, order, {class: 'samples', most: 500, row: (made, row) => {
    if (row === sample) made.className = 'chosen';
  }})];
}

/** Means over all samples, by feature. */
function meansOf(piece, unit, order) {
  const found = [];
  piece.inputs.forEach((input, number) => {
    const held = piece.summary[number];
    if (!held) return;
    const [absolute, spread, signed] = ['absolute', 'spread', 'signed'].map((name) => arrayOf(held[name]));
    const count = product(input.shape), start = unit * count, rows = Array.from({length: count}, (_, place) => place);
    const limit = limitOf([absolute.subarray(start, start + count)], 100);
    const own = order[number] = order[number] || {now: {column: 1, how: 'down'}, first: {column: 1, how: 'down'}};
    // Of a job no more is known than the rows that were read.
    const which = (held.n === piece.n ? 'Over all ' : 'Over the first ') + held.n + ' samples';
    found.push(el('h2', {}, which + (input.name ? ', ' + input.name : '')), held.lost ? el('p', {class: 'warning'},
      held.lost + ' attributions are not finite; the means are of the others.') : null, tableOf(rows, [
      {name: 'feature', sorts: ['up', 'down'], value: (row) => row, cell: (row) => labelOf(input, 0, row)},
      {name: 'mean |attribution|', sorts: ['down', 'up'], value: (row) => absolute[start + row],
        cell: (row) => barOf(absolute[start + row], limit, true)},
      {name: 'its standard deviation', sorts: ['down', 'up'], value: (row) => spread[start + row],
        cell: (row) => numeral(spread[start + row])},
      {name: 'mean', sorts: ['size', 'down', 'up'], value: (row) => signed[start + row],
        cell: (row) => barOf(signed[start + row], limit)}], own, {class: 'means'}));
  });
  return found;
}

/** What is said of a result. */
function aboutOf(piece) {
  return [el('h2', {}, 'About this result'), piece.warnings.map((one) => el('p', {class: 'warning'}, one)),
    listed([['file', piece.file]].concat(piece.facts))];
}
