// The page: what is chosen, in the address behind # too, and all that follows from it.

const PIECES = DATA.pieces;
const state = {result: 0, sample: 0, unit: 0, scale: 'own', as: '', over: false, at: null, hidden: new Set()};
const filter = {target: '', low: '', high: '', delta: ''};
const orders = {features: {}, samples: {}, means: {}};
const parts = {};

function pieceOf() {
  return PIECES[state.result];
}

/** Results of the same samples. */
function groupOf(piece) {
  return PIECES.filter((one) => one.group === piece.group);
}

/** A result by its method, and by its file too where others have the same method. */
function calledIn(group, piece) {
  const alike = group.some((one) => one !== piece && one.method === piece.method);
  return piece.method + (alike ? ' (' + piece.file + ')' : '');
}

/** The unit of a result that is shown where another's is chosen, -1 where it has none such. */
function unitOf(piece) {
  return piece.units.length === 1 ? 0 : state.unit < piece.units.length ? state.unit : -1;
}

/** The samples that the filter lets through. */
function chosenSamples(piece) {
  const unit = unitOf(piece), found = [];
  const bound = (text) => text.trim() === '' || Number.isNaN(Number(text)) ? null : Number(text);
  const low = bound(filter.low), high = bound(filter.high), delta = bound(filter.delta);
  for (let sample = 0; sample < piece.shown; sample++) {
    const score = ofSample(piece, 'scores', unit, sample), off = ofSample(piece, 'delta', unit, sample);
    if (filter.target && piece.unit && piece.unit[unit][sample] !== filter.target) continue;
    if (low !== null && score !== null && !(score >= low)) continue;
    if (high !== null && score !== null && !(score <= high)) continue;
    if (delta !== null && off !== null && !(Math.abs(off) >= delta)) continue;
    found.push(sample);
  }
  return found;
}

/** The state out of the address; what is none there is let be. */
function readAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const number = (name, most) => {
    const text = asked.get(name);
    if (text !== null && /^\d+$/.test(text) && Number(text) < most) state[name] = Number(text);
  };
  number('result', PIECES.length);
  if (!PIECES.length) return;
  number('unit', pieceOf().units.length);
  number('sample', pieceOf().shown);
  if (['own', 'shared'].includes(asked.get('scale'))) state.scale = asked.get('scale');
  if (['', ...Object.keys(KINDS)].includes(asked.get('as'))) state.as = asked.get('as');
  state.over = asked.get('over') === '1';
  const at = /^(\d+),(\d+)$/.exec(asked.get('at') || '');
  state.at = at && Number(at[1]) < pieceOf().inputs.length ? [Number(at[1]), Number(at[2])] : null;
}

function writeAddress() {
  const said = new URLSearchParams({result: state.result, sample: state.sample, unit: state.unit, scale: state.scale});
  if (state.as) said.set('as', state.as);
  if (state.over) said.set('over', '1');
  if (state.at) said.set('at', state.at.join(','));
  if ('#' + said !== location.hash) history.replaceState(null, '', '#' + said);
}

/** Let state be within what there is, and draw all of it. */
function render() {
  const piece = pieceOf();
  state.unit = Math.min(state.unit, piece.units.length - 1);
  state.sample = Math.max(0, Math.min(state.sample, piece.shown - 1));
  parts.controls.replaceChildren(...controls(piece));
  renderSample();
  parts.means.replaceChildren(...meansOf(piece, state.unit, orders.means).flat(3).filter(Boolean));
  parts.about.replaceChildren(...aboutOf(piece).flat(2));
}

/** What depends on the sample. */
function renderSample() {
  const piece = pieceOf(), {sample, unit} = state, chosen = chosenSamples(piece);
  writeAddress();
  parts.number.value = String(sample);
  for (const name of ['samples', 'panels', 'features']) parts[name].replaceChildren();
  if (!piece.shown) {
    parts.where.textContent = 'no samples';
    parts.panels.append(note(piece.n ? 'There is no room for its samples on this page.' : 'It has no samples.'));
    return;
  }
  const many = chosen.length === piece.shown ? piece.shown : chosen.length + ' of ' + piece.shown;
  parts.where.textContent = 'sample ' + sample + (piece.names ? ', ' + piece.names[sample] : '') + ', ' + many +
    ' to go through';
  parts.samples.append(...samplesOf(piece, unit, chosen, sample, goTo, orders.samples).flat(2));
  const group = groupOf(piece);
  const compared = [piece].concat(group.filter((one) => one !== piece && !state.hidden.has(one))).filter(
    (one) => one.shown > sample && unitOf(one) >= 0).map((one) => ({piece: one, unit: unitOf(one),
      called: calledIn(group, one)}));
  const look = {as: state.as, over: state.over};
  const limits = compared.map((one) => {
    const kinds = one.piece.inputs.map((input) => kindOf(input, look.as));
    return limitOf(kinds.map((kind, number) => colouredOf(one.piece, number, one.unit, sample, kind)),
      Math.min(...kinds.map(percentOf), 100));
  });
  const inputs = inputPanels(piece, look), widest = Math.max(...limits);
  const wide = widthOf(parts.panels.clientWidth, inputs.length + compared.length);
  const drawn = [];
  const point = (number, place, key, pinned) => {
    if (pinned) {
      state.at = place < 0 ? null : [number, place];
      state.key = key;
      writeAddress();
    }
    const at = place < 0 && state.at ? state.at : [number, place], by = place < 0 ? state.key : key;
    drawn.forEach((one) => one.tell(at[0], at[1], by));
  };
  parts.panels.append(...inputs);
  compared.forEach((one, place) => drawn.push(panelOf(one.piece, one.called, one.unit, sample, look,
    state.scale === 'own' ? limits[place] : widest, point, wide)));
  parts.panels.append(...drawn.map((one) => one.root));
  parts.panels.classList.toggle('wide', piece.inputs.some(
    (input) => ['signal', 'letters', 'words'].includes(kindOf(input, look.as))));
  if (state.at) {
    state.key = drawn[0].keyOf(state.at[0]);
    point(-1, -1, '', false);
  }
  const all = compared.flatMap(
    (one) => one.piece.inputs.map((_, number) => sampleOf(one.piece, number, one.unit, sample).values));
  const shared = state.scale === 'own' ? null : limitOf(all, 100);
  parts.features.append(...featuresOf(piece, compared, unit, sample, shared, orders.features).flat(2).filter(Boolean));
}

/** How wide drawings are in so many of the wide panels, as the styles lay them out. */
function widthOf(room, panels) {
  const gap = 14, least = 510, columns = Math.max(1, Math.min(panels, Math.floor((room + gap) / (least + gap))));
  return Math.max(200, Math.floor((room - gap * (columns - 1)) / columns) - 26);
}

/** The sample itself, where it is a picture. */
function inputPanels(piece, look) {
  const found = piece.inputs.map((input, number) => {
    const {xs} = sampleOf(piece, number, state.unit, state.sample), kind = kindOf(input, look.as);
    const fits = kind === 'picture' || kind === 'cells' && String(input.xshape) === String(input.shape);
    if (xs === null || !fits) return [];
    const plane = planeOf(input.xshape, input.channels, kind);
    return [input.name ? el('h4', {}, input.name) : null, el('div', {class: 'holder'}, planeDrawing(
      paintedSample(plane, xs, false), plane.high, plane.wide).element)];
  }).flat().filter(Boolean);
  return found.length ? [el('article', {class: 'panel'}, el('h3', {}, 'input'), found)] : [];
}

function goTo(sample) {
  state.sample = sample;
  renderSample();
}

/** The next of the chosen samples, or the one before. */
function step(by) {
  const chosen = chosenSamples(pieceOf());
  const found = by > 0 ? chosen.find((one) => one > state.sample) : chosen.filter((one) => one < state.sample).pop();
  if (found !== undefined) goTo(found);
}

function chooseResult(result) {
  Object.assign(state, {result, at: null, hidden: new Set([...state.hidden].filter((one) => one !== PIECES[result]))});
  if (!pieceOf().inputs.some((input) => input.kinds.includes(state.as))) state.as = '';
  Object.assign(filter, {target: '', low: '', high: '', delta: ''});
  render();
}
