"""A job's model and data, open in this process: rows in, attributions out."""
from contextlib import ExitStack
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

import numpy as np

from ..samples.binding import Binding, bind, check_fed, ends_of, fed_array, find, one_taker
from ..samples.objects import named_objects
from ..samples.pictures import Layout, layout_of
from ..samples.says import PYTHON, Says, WrongUse
from ..samples.target import ys_of
from ..units import draws, explained
from .data import Source, open_source
from .ids import ids_of, numbers_of
from .job import Job, checked_options

#: The columns of results. Of several inputs there is one `attributions/NAME` for each.
ID, ATTRIBUTIONS, UNIT, SCORE, DELTA = 'id', 'attributions', 'unit', 'score', 'delta'


class Opened:
    """The model of a job with the explainer on it and, if the job has some, the data.

    Args:
        threads: how many threads TensorFlow may use, by default as it likes. What counts is the first model that a
            process opens.
        says: how what is wrong is said.
        options: makes the job's options, see `Job`.
    """

    def __init__(self, job: Job, threads: Optional[int] = None, says: Says = PYTHON,
                 options: Optional[Callable[..., Any]] = None) -> None:
        self.job, self._says, self._options, self._axis = job, says, options, ''
        self.source: Optional[Source] = None
        self._binding: Optional[Binding] = None
        with ExitStack() as stack:
            self._de = de = stack.enter_context(_model(job, threads, says))
            self._feed = {}
            for name, value in job.feed.items():
                said = f'{says.flag("feed")} {name}'
                tensor = find(de, said, name)
                self._feed[tensor.name] = fed_array(said, value, tensor)
            self._ends = ends_of(de, job.layer, job.inputs, list(self._feed), says)
            self._ys = ys_of(job.target, self._ends.T, 1, says)
            if job.data is not None:
                self.source = open_source(job.data, job.how(), self._layout)
                stack.callback(self.source.close)
                if not len(self.source):
                    raise WrongUse(f"{says.data}: '{job.data}' holds no rows.")
                self._bind(self.source.rows(0, 1), self.source.flat)
            self._stack = stack.pop_all()

    def close(self) -> None:
        """Close the model and the data."""
        self._stack.close()

    def attribute(self, rows: Mapping[str, np.ndarray], first: Optional[int], names: Optional[np.ndarray] = None
                  ) -> Dict[str, np.ndarray]:
        """The results of some rows, by column.

        Args:
            first: the number of the first of them in the data; None where that is not known.
            names: what they are called, where they have no ids.
        """
        if self._binding is None:
            self._bind(rows, None)
        binding = self._binding
        assert binding is not None
        arrays = self._arrays(rows)
        n = len(next(iter(arrays.values())))
        ids = ids_of(self.job.ids, self._id_column(rows), rows, names, first, n)
        if ids is None and draws(self._explainer):
            raise ValueError("'%s' draws random numbers for each row by its id, and these rows have none: give them a "
                             "column 'id'." % self.job.method)
        taken = {name: arrays[key] for name, key in binding.taken.items()}
        xs: Any = [taken[x.name] for x in binding.X] if binding.whole else None
        feed = dict(self._feed, **{name: taken[name] for name in binding.along})
        seed = {'seed': self.job.seed} if draws(self._explainer) else {}
        found, delta, units = explained(
            self._explainer, xs[0] if binding.whole and len(xs) == 1 else xs, self._ys, self.job.batch_size, feed,
            binding.along, numbers_of(ids) if seed else None, **seed)
        columns: Dict[str, np.ndarray] = {} if ids is None else {ID: ids}
        if isinstance(found, list):
            columns.update((f'{ATTRIBUTIONS}/{name}', one) for name, one in zip(binding.names, found))
        else:
            columns[ATTRIBUTIONS] = found
        columns[UNIT] = np.full(n, -1, np.int64) if units.places is None else np.asarray(units.places, np.int64)
        columns[SCORE] = np.asarray(units.scores, np.float64)
        columns[DELTA] = np.full(n, np.nan) if delta is None else np.asarray(delta, np.float64)
        return columns

    def _layout(self) -> Layout:
        """How the one input that there is takes pictures."""
        taker = one_taker(self._ends, 'set of pictures', self._says)
        shape = None if taker.shape.ndims is None else taker.shape.as_list()[1:]
        layout = layout_of(self._ends.called[taker.name], shape, self.job.how().channels, self._says)
        self._axis = layout.axis
        return layout

    def _bind(self, rows: Mapping[str, np.ndarray], flat: Optional[Sequence[str]]) -> None:
        """Find out which column is for which input, and build the explainer.

        Args:
            flat: the columns whose lists may be of more dimensions; None for all.
        """
        job, ends, says = self.job, self._ends, self._says
        self._names = {ends.called[one.name] for one in ends.free} | {one.op.name for one in ends.free}
        kept = {name: array for name, array in rows.items() if name != self._id_column(rows)}
        self._columns = list(kept)
        self._stacks = bool(kept) and not set(kept) <= self._names and '' not in kept and all(
            array.ndim == 1 for array in kept.values())
        self._flat = list(kept) if flat is None else list(flat)
        self._shapes: Dict[str, List[int]] = {}
        try:
            if self._stacks:
                one_taker(ends, 'table', says)
                for name, array in kept.items():
                    if array.dtype.kind in 'SUO':
                        raise WrongUse("%s: the column '%s' must hold numbers, as it is to be a feature; %s says which "
                                       'columns are read.' % (says.data, name, says.flag('columns')))
            else:
                self._find_shapes(kept)
            binding, _ = bind(ends, job.inputs, self._arrays(rows), says, list(kept) if self._stacks else None)
            check_fed(ends.T, binding.X, list(self._feed) + binding.along, job.layer, says)
        except WrongUse as error:
            known = self.job.data is None or self.job.data in str(error)
            raise error if known else WrongUse(f"{error} ({says.data}: '{job.data}')") from None
        if self._options is not None:
            job.options = checked_options(self._options(binding.X, binding.names, self._axis))
        X = binding.X[0] if len(binding.X) == 1 else binding.X
        self._explainer = self._de.get_explainer(job.method, ends.T, X, **job.options)
        self._binding = binding

    def _find_shapes(self, kept: Mapping[str, np.ndarray]) -> None:
        """Note which lists of numbers are to be brought to the shapes of their inputs."""
        by_name = {self._ends.called[one.name]: one for one in self._ends.free}
        by_name.update((one.op.name, one) for one in self._ends.free)
        for name, array in kept.items():
            taker = by_name.get(name, self._ends.takers[0] if len(self._ends.takers) == 1 and len(kept) == 1 else None)
            shape = None if taker is None or taker.shape.ndims is None else taker.shape.as_list()[1:]
            if name in self._flat and array.ndim <= 2 and shape is not None and None not in shape and (
                    int(np.prod(shape)) == int(np.prod(array.shape[1:])) and list(array.shape[1:]) != shape):
                self._shapes[name] = shape

    def _arrays(self, rows: Mapping[str, np.ndarray]) -> Dict[str, np.ndarray]:
        """The columns of rows as the inputs take them."""
        for name in self._columns:
            if name not in rows:
                raise ValueError("%s: the rows lack the column '%s', which the first had." % (self._says.data, name))
        if self._stacks:
            return {'': np.stack([rows[name] for name in self._columns], 1)}
        return {name: rows[name].reshape([len(rows[name])] + self._shapes[name]) if name in self._shapes else
                rows[name] for name in self._columns}

    def _id_column(self, rows: Mapping[str, np.ndarray]) -> Optional[str]:
        if self.job.ids is not None:
            return self.job.ids
        return 'id' if 'id' in rows and 'id' not in self._names else None


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
