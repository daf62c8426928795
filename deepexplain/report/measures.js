// Tables of measures: methods by measures, and curves.

const LINES = ['#1f6fb4', '#d9541e', '#2f9e44', '#9c36b5', '#c2255c', '#0c8599', '#a06b00', '#5f3dc4', '#5c940d',
  '#495057'];
const SVG = 'http://www.w3.org/2000/svg';

/** An element of SVG. */
function drawn(tag, properties, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(properties)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** A measure's lines, one for each method, with a name beside it. */
function curvesOf(curve) {
  const points = curve.lines.flatMap(([, xs, means]) => xs.map((x, i) => [x, means[i]])).filter(
    ([x, y]) => typeof x === 'number' && typeof y === 'number');
  if (!points.length) return null;
  const [left, right] = rangeOf(points.map(([x]) => x)), [low, high] = rangeOf(points.map(([, y]) => y));
  const across = (x) => 48 + 300 * (right > left ? (x - left) / (right - left) : 0.5);
  const down = (y) => 170 - 155 * (high > low ? (y - low) / (high - low) : 0.5);
  const svg = drawn('svg', {viewBox: '0 0 360 200', class: 'curves', role: 'img'});
  svg.append(drawn('title', {}, curve.measure), drawn('path', {d: 'M48 10V170H352', class: 'axis'}));
  for (const [x, y, text, anchor] of [[44, down(low), short(low), 'end'], [44, down(high) + 4, short(high), 'end'],
    [across(left), 186, short(left), 'start'], [across(right), 186, short(right), 'end']]) {
    svg.append(drawn('text', {x, y, 'text-anchor': anchor}, text));
  }
  const names = el('ul', {class: 'names'});
  curve.lines.forEach(([method, xs, means], place) => {
    const own = xs.map((x, i) => [x, means[i]]).filter(([x, y]) => typeof x === 'number' && typeof y === 'number');
    const line = drawn('polyline', {points: own.map(([x, y]) => across(x) + ',' + down(y)).join(' '),
      class: 'line', stroke: LINES[place % LINES.length]});
    line.append(drawn('title', {}, method));
    svg.append(line);
    const swatch = el('span', {class: 'swatch'});
    swatch.style.backgroundColor = LINES[place % LINES.length];
    names.append(el('li', {}, swatch, method));
  });
  return el('figure', {}, el('figcaption', {}, curve.measure), svg, names);
}

/** A table of measures. */
function measuresOf(table) {
  const rows = table.methods.map((method, place) => ({method, cells: table.cells[place], place}));
  const columns = [{name: 'method', sorts: ['up', 'down'], value: (row) => row.place, cell: (row) => row.method}];
  table.measures.forEach((measure, place) => {
    const better = table.better[place], sorts = better === 'higher' ? ['down', 'up'] : ['up', 'down'];
    columns.push({name: measure + ', ' + better + ' is better', sorts,
      value: (row) => row.cells[place] && row.cells[place][0],
      cell: (row) => {
        if (!row.cells[place]) return '-';
        const [mean, error, rank, samples] = row.cells[place];
        return el('span', {class: rank === 1 ? 'best' : '', title: samples + ' samples'}, numeral(mean),
          error === null ? '' : [' \u00b1 ', numeral(error)], rank === null ? '' : ' (' + short(rank) + ')');
      }});
  });
  const order = {now: {column: 0, how: 'up'}, first: {column: 0, how: 'up'}};
  return el('section', {class: 'measures'}, el('h2', {}, 'Measures: ' + table.file), note(
    'The mean over samples \u00b1 its standard error, and the rank. A click on a head sorts, the best first.'),
  table.warnings.map((one) => el('p', {class: 'warning'}, one)), tableOf(rows, columns, order, {class: 'matrix'}),
  el('div', {class: 'figures'}, table.curves.map(curvesOf)),
  table.facts.length ? el('details', {}, el('summary', {}, 'About it'), listed(table.facts)) : null);
}
