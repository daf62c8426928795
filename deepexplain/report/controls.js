// What is chosen by hand, and the beginning.

const KINDS = {picture: 'pictures', cells: 'cells', signal: 'signals', letters: 'letters', words: 'words',
  table: 'table only'};

/** A choice with its label. */
function choice(label, id, options, value, chosen) {
  const made = el('select', {id, onchange: (event) => chosen(event.target.value)}, options.map(
    ([one, text]) => el('option', {value: one}, text)));
  made.value = value;
  return el('label', {class: 'field'}, label, made);
}

/** The choice of results, by file. */
function resultChoice() {
  const made = el('select', {id: 'result', onchange: (event) => chooseResult(Number(event.target.value))});
  let group = null;
  PIECES.forEach((piece, place) => {
    if (!group || group.label !== piece.file) made.append(group = el('optgroup', {label: piece.file}));
    group.append(el('option', {value: String(place)}, piece.method));
  });
  made.value = String(state.result);
  return el('label', {class: 'field'}, 'result', made);
}

function check(label, id, value, chosen) {
  return el('label', {class: 'check'}, el('input', {type: 'checkbox', id, checked: value, onchange: (event) => chosen(
    event.target.checked)}), label);
}

/** A bound of the filter. */
function bound(label, name) {
  const changed = (event) => {
    filter[name] = event.target.value;
    event.target.setAttribute('aria-invalid', String(Number.isNaN(Number(event.target.value))));
    filtered();
  };
  return el('label', {class: 'field'}, label, el('input', {type: 'text', inputMode: 'decimal', size: 7,
    id: 'filter-' + name, value: filter[name], oninput: changed}));
}

/** Keep a sample that the filter lets through. */
function filtered() {
  const chosen = chosenSamples(pieceOf());
  if (chosen.length && !chosen.includes(state.sample)) state.sample = chosen[0];
  renderSample();
}

function controls(piece) {
  const rows = [el('p', {class: 'left', hidden: !piece.left.length}, 'On this page: ' + piece.left.join('; ') + '.')];
  parts.where = el('span', {id: 'where', 'aria-live': 'polite'});
  const last = Math.max(0, piece.shown - 1), choices = [resultChoice()];
  parts.number = el('input', {type: 'number', id: 'sample', min: '0', max: String(last), onchange: (event) => {
    const asked = Math.floor(Number(event.target.value));
    goTo(Math.max(0, Math.min(Number.isFinite(asked) ? asked : 0, last)));
  }});
  if (piece.units.length > 1) {
    const units = piece.units.map((one, place) => [String(place), one]);
    choices.push(choice('unit', 'unit', units, String(state.unit), (one) => {
      state.unit = Number(one);
      filter.target = '';
      render();
    }));
  }
  choices.push(el('span', {class: 'field'}, el('label', {for: 'sample'}, 'sample'), el('span', {class: 'stepper'},
    el('button', {type: 'button', id: 'before', 'aria-label': 'sample before', onclick: () => step(-1)}, '\u2190'),
    parts.number,
    el('button', {type: 'button', id: 'next', 'aria-label': 'next sample', onclick: () => step(1)}, '\u2192'))));
  const kinds = [...new Set(piece.inputs.flatMap((input) => input.kinds))];
  if (kinds.length > 1) {
    const many = piece.inputs.length > 1 ? [['', 'each its own way']] : [];
    const now = many.length ? state.as : kindOf(piece.inputs[0], state.as);
    choices.push(choice('drawn as', 'as', many.concat(kinds.map((one) => [one, KINDS[one]])), now, (one) => {
      Object.assign(state, {as: one, at: null});
      renderSample();
    }));
  }
  const group = groupOf(piece), many = group.length > 1;
  if (many) {
    choices.push(choice('colours', 'scale', [['own', 'a scale each'], ['shared', 'one scale']], state.scale, (one) => {
      state.scale = one;
      renderSample();
    }));
  }
  rows.push(el('div', {class: 'row'}, choices));
  const checks = group.filter((one) => one !== piece).map(
    (one) => check(calledIn(group, one), 'beside-' + PIECES.indexOf(one), !state.hidden.has(one), (shown) => {
      if (shown) state.hidden.delete(one); else state.hidden.add(one);
      renderSample();
    }));
  if (checks.length) checks.unshift(el('span', {}, 'beside it:'));
  if (piece.inputs.some((input) => input.kinds.includes('picture'))) {
    checks.push(check('over the picture', 'over', state.over, (value) => {
      state.over = value;
      renderSample();
    }));
  }
  if (checks.length) rows.push(el('div', {class: 'row'}, checks));
  const bounds = [];
  if (piece.unit) {
    const targets = [...new Set(piece.unit[state.unit])].sort((a, b) => a.localeCompare(b, 'en', {numeric: true}));
    if (targets.length > 1) {
      const all = [['', 'all']].concat(targets.map((one) => [one, one]));
      bounds.push(choice('target', 'filter-target', all, filter.target, (one) => {
        filter.target = one;
        filtered();
      }));
    }
  }
  if (piece.scores !== null && piece.shown > 1) bounds.push(bound('score from', 'low'), bound('to', 'high'));
  if (piece.delta !== null && piece.shown > 1) bounds.push(bound('|delta| from', 'delta'));
  if (bounds.length) {
    rows.push(el('details', {class: 'filter', open: Object.values(filter).some(Boolean)},
      el('summary', {}, 'Choose samples'), el('div', {class: 'row'}, bounds)));
  }
  rows.push(note([parts.where, '. Arrows go through the samples, with Shift through the results; click a place to ' +
    'keep it.']));
  return rows;
}

document.addEventListener('keydown', (event) => {
  if (!PIECES.length || event.altKey || event.ctrlKey || event.metaKey) return;
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  const by = {ArrowLeft: -1, ArrowRight: 1}[event.key];
  if (!by) return;
  event.preventDefault();
  if (event.shiftKey) chooseResult((state.result + by + PIECES.length) % PIECES.length); else step(by);
});

document.getElementById('theme').addEventListener('click', () => {
  const root = document.documentElement, dark = matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = (root.dataset.theme || (dark ? 'dark' : 'light')) === 'dark' ? 'light' : 'dark';
});

const main = document.getElementById('main');
if (PIECES.length) {
  for (const name of ['controls', 'panels', 'features', 'samples', 'means', 'about']) {
    main.append(parts[name] = el('section', {id: name}));
  }
  readAddress();
  render();
  addEventListener('hashchange', () => {
    readAddress();
    render();
  });
  let wide = innerWidth;
  addEventListener('resize', () => {
    if (innerWidth !== wide) {
      wide = innerWidth;
      renderSample();
    }
  });
}
main.append(...DATA.tables.map(measuresOf));
document.documentElement.dataset.ready = '1';
