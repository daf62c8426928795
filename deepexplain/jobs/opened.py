"""A job's model and data, open in this process: rows in, attributions out."""
from contextlib import ExitStack
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..samples.binding import Binding, bind, check_fed, ends_of, fed_array, find, one_taker
from ..samples.objects import named_objects
from ..samples.pictures import Layout, layout_of
from ..samples.says import PYTHON, Says, WrongUse
from ..samples.target import units_of_column, ys_of
from ..units import draws, explained
from .checking import source_of
from .data import Source
from .given import checked_options
from .identity import model_digest
from .ids import ids_of, numbers_of
from .job import Job

#: The columns of results. Of several inputs there is one `attributions/NAME` for each.
ID, ATTRIBUTIONS, UNIT, SCORE, DELTA = 'id', 'attributions', 'unit', 'score', 'delta'


class Plan(NamedTuple):
    """What columns are for.

    Attributes:
        binding: which input takes which array, and what is attributed to.
        columns: those that are data.
        stacked: whether each of them is a feature of the one input.
        shapes: of lists that hold what has more dimensions, the shape of a row.
        explainer: the explainer.
    """
    binding: Binding
    columns: List[str]
    stacked: bool
    shapes: Dict[str, List[int]]
    explainer: Any

    def arrays(self, rows: Mapping[str, np.ndarray]) -> Dict[str, np.ndarray]:
        """The columns of rows as the inputs take them."""
        return _arrays(rows, self.columns, self.stacked, self.shapes)


class Opened:
    """The model of a job with the explainer on it and, if the job has some, the data.

    Args:
        threads: how many threads TensorFlow may use, by default as it likes. What counts is the first model that a
            process opens.
        says: how what is wrong is said.
        options: makes the job's options, see `Job`.
        source: the data, where they are open already.

    Raises:
        ValueError: besides what `Job` raises: the model is another than that which the job was made of.
    """

    def __init__(self, job: Job, threads: Optional[int] = None, says: Says = PYTHON,
                 options: Optional[Callable[..., Any]] = None, source: Optional[Source] = None) -> None:
        self.job, self._says, self._options, self._axis = job, says, options, job.how().channels or ''
        self.source: Optional[Source] = None
        self._plans: Dict[Tuple[str, ...], Plan] = {}
        self._explainers: Dict[Tuple[str, ...], Any] = {}
        with ExitStack() as stack:
            self._de = de = stack.enter_context(_model(job, threads, says))
            self._feed = {}
            for name, value in job.feed.items():
                said = f'{says.flag("feed")} {name}'
                tensor = find(de, said, name)
                self._feed[tensor.name] = fed_array(said, value, tensor)
            self._ends = ends_of(de, job.layer, job.inputs, list(self._feed), says)
            self._ys = None if job.targets else ys_of(job.target, self._ends.T, 1, says)
            self._by_name = {self._ends.called[one.name]: one for one in self._ends.free}
            self._by_name.update((one.op.name, one) for one in self._ends.free)
            if job.model_sha256 not in (None, model_digest(job.model, job.opening)):
                raise ValueError(f"model: '{job.model}' has changed since the job was made.")
            if job.data is not None:
                self.source = source_of(job, says) if source is None else source
                stack.callback(self.source.close)
                self.source.lay_out(self._layout)
                self._plan(self.source.rows(0, 1), self.source.flat)
            self._stack = stack.pop_all()

    def close(self) -> None:
        """Close the model and the data."""
        self._stack.close()

    @property
    def plans(self) -> List[Plan]:
        """Those that are made."""
        return list(self._plans.values())

    def build(self) -> None:
        """Build the explainer as for rows of all inputs, where their shapes are known, to see that it can be built."""
        rows = {}
        for tensor in self._ends.free:
            if tensor.shape.ndims is None:
                return
            if tensor.shape.ndims == 0:  # A number that is to be fed.
                continue
            shape = [1] + [size or 1 for size in tensor.shape.as_list()[1:]]
            rows[self._ends.called[tensor.name]] = np.zeros(shape, tensor.dtype.as_numpy_dtype)
        self._plan(rows, None)

    def attribute(self, rows: Mapping[str, np.ndarray], first: Optional[int], names: Optional[np.ndarray] = None
                  ) -> Dict[str, np.ndarray]:
        """The results of some rows, by column.

        Args:
            first: the number of the first of them in the data; None where that is not known.
            names: what they are called, where they have no ids.
        """
        job, plan = self.job, self._plan(rows, None)
        binding, explainer, arrays = plan.binding, plan.explainer, plan.arrays(rows)
        n = len(next(iter(arrays.values())))
        ids = ids_of(job.ids, self._id_column(rows), rows, names, first, n)
        if ids is None and draws(explainer):
            raise ValueError("'%s' draws random numbers for each row by its id, and these rows have none: give them a "
                             "column 'id'." % job.method)
        taken = {name: arrays[key] for name, key in binding.taken.items()}
        xs: Any = [taken[x.name] for x in binding.X] if binding.whole else None
        feed = dict(self._feed, **{name: taken[name] for name in binding.along})
        seed = {'seed': job.seed} if draws(explainer) else {}
        found, delta, units = explained(
            explainer, xs[0] if binding.whole and len(xs) == 1 else xs, self._targets(rows), job.batch_size, feed,
            binding.along, numbers_of(ids) if seed else None, **seed)
        columns: Dict[str, np.ndarray] = {} if ids is None else {ID: ids}
        if isinstance(found, list):
            columns.update((f'{ATTRIBUTIONS}/{name}', one) for name, one in zip(binding.names, found))
        else:
            columns[ATTRIBUTIONS] = found
        columns[UNIT] = np.full(n, -1, np.int64) if units.places is None else np.asarray(units.places, np.int64)
        columns[SCORE] = np.asarray(units.scores, np.float64)
        columns[DELTA] = np.full(n, np.nan) if delta is None else np.asarray(delta, np.float64)
        for name, array in columns.items():
            if len(array) != n:
                raise ValueError(f"'{job.method}' makes {len(array)} rows of {name} for {n} rows of the data.")
        return columns

    def _layout(self) -> Layout:
        """How the one input that there is takes pictures."""
        taker = one_taker(self._ends, 'set of pictures', self._says)
        shape = None if taker.shape.ndims is None else taker.shape.as_list()[1:]
        layout = layout_of(self._ends.called[taker.name], shape, self.job.how().channels, self._says)
        self._axis = layout.axis
        return layout

    def _plan(self, rows: Mapping[str, np.ndarray], flat: Optional[Sequence[str]]) -> Plan:
        """What the columns of some rows are for, found out at the first of them.

        Args:
            flat: the columns whose lists may be of more dimensions; None for all.
        """
        names = tuple(rows)
        if names not in self._plans:
            job, ends, says = self.job, self._ends, self._says
            kept = {name: array for name, array in rows.items() if name not in (self._id_column(rows), job.targets)}
            try:
                stacked = self._stacks(kept)
                shapes = {} if stacked else self._shapes(kept, list(kept) if flat is None else flat)
                arrays = _arrays(rows, list(kept), stacked, shapes)
                binding, _ = bind(ends, job.inputs, arrays, says, list(kept) if stacked else None)
                check_fed(ends.T, binding.X, list(self._feed) + binding.along, job.layer, says)
            except WrongUse as error:
                known = flat is None or job.data is None or job.data in str(error)
                raise error if known else WrongUse(f"{error} ({says.data}: '{job.data}')") from None
            self._plans[names] = Plan(binding, list(kept), stacked, shapes, self._explainer(binding))
        return self._plans[names]

    def _explainer(self, binding: Binding) -> Any:
        """The explainer on what a binding attributes to, built once."""
        job, key = self.job, tuple(x.name for x in binding.X)
        if key not in self._explainers:
            if self._options is not None:
                job.options = checked_options(self._options(binding.X, binding.names, self._axis))
            X = binding.X[0] if len(binding.X) == 1 else binding.X
            explainer = self._de.get_explainer(job.method, self._ends.T, X, **job.options)
            # Of more rows than a call has they would be those of other rows.
            explainer._attribution.check_all({})
            self._explainers[key] = explainer
        return self._explainers[key]

    def _stacks(self, kept: Mapping[str, np.ndarray]) -> bool:
        """Whether each column is a feature of the one input: all hold a number a row, and not all name inputs."""
        if not kept or '' in kept or set(kept) <= set(self._by_name) or any(one.ndim != 1 for one in kept.values()):
            return False
        if one_taker(self._ends, 'table', self._says).shape.ndims == 1:
            return False
        for name, array in kept.items():
            if array.dtype.kind in 'SUO':
                raise WrongUse("%s: the column '%s' must hold numbers, as it is to be a feature; %s says which "
                               'columns are read.' % (self._says.data, name, self._says.flag('columns')))
        return True

    def _shapes(self, kept: Mapping[str, np.ndarray], flat: Sequence[str]) -> Dict[str, List[int]]:
        """Which lists of numbers are to be brought to the shapes of their inputs."""
        found: Dict[str, List[int]] = {}
        only = self._ends.takers[0] if len(self._ends.takers) == 1 and len(kept) == 1 else None
        for name, array in kept.items():
            taker = self._by_name.get(name, only)
            shape = None if taker is None or taker.shape.ndims is None else taker.shape.as_list()[1:]
            if name in flat and array.ndim <= 2 and shape is not None and None not in shape and (
                    int(np.prod(shape)) == int(np.prod(array.shape[1:])) and list(array.shape[1:]) != shape):
                found[name] = shape
        return found

    def _targets(self, rows: Mapping[str, np.ndarray]) -> Any:
        """The units of some rows, as the explainer takes them."""
        name = self.job.targets
        return self._ys if name is None else units_of_column(name, rows, self._ends.T)

    def _id_column(self, rows: Mapping[str, np.ndarray]) -> Optional[str]:
        if self.job.ids is not None:
            return self.job.ids
        return 'id' if 'id' in rows and 'id' not in self._by_name else None


def _arrays(rows: Mapping[str, np.ndarray], columns: Sequence[str], stacked: bool, shapes: Mapping[str, List[int]]
            ) -> Dict[str, np.ndarray]:
    if stacked:
        return {'': np.stack([rows[name] for name in columns], 1)}
    return {name: rows[name].reshape([len(rows[name])] + shapes[name]) if name in shapes else rows[name]
            for name in columns}


def _model(job: Job, threads: Optional[int], says: Says) -> Any:
    import tensorflow.compat.v1 as tf

    from ..tensorflow import DeepExplain

    config = tf.ConfigProto()
    # Whoever only checks a job leaves the memory of the GPU to those who do it.
    config.gpu_options.allow_growth = True
    if threads is not None:
        config.intra_op_parallelism_threads = config.inter_op_parallelism_threads = threads
    given = dict(job.opening)
    named = given.pop('custom_objects', None)
    said = says.flag('custom-objects')
    objects = None if named is None else named_objects([_named(one, said) for one in named], said)
    return DeepExplain.open(job.model, config=config, custom_objects=objects, **given)


def _named(text: Any, said: str) -> Any:
    key, equals, rest = str(text).rpartition('=')
    module, colon, name = rest.partition(':')
    if not colon or not module or not name:
        raise WrongUse(f'{said}: expected MODULE:NAME or LAYER=MODULE:NAME, not {text!r}.')
    return key, module, name
