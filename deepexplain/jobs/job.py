"""Job: what is to be attributed, by which model and method, and where the results go."""
import hashlib
import json
import os
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from .. import __version__
from ..samples.says import PYTHON, Says
from .codec import decoded, described, encoded
from .data import Reading, reading_of
from .given import (
    COLUMN,
    checked_options,
    count_of,
    mapping_of,
    names_of,
    path_of,
    seed_of,
    target_of,
    text_of,
)

#: What opening may hold, as in `DeepExplain.open`, and reading.
OPENING = ('signature', 'tags', 'checkpoint', 'custom_objects', 'inputs', 'outputs', 'safe_mode')
READING = ('columns', 'resize', 'scale', 'channels')

#: What a job is given besides its paths, and what is found of it.
_GIVEN = ('method', 'options', 'target', 'layer', 'inputs', 'ids', 'batch_size', 'seed', 'feed', 'opening', 'reading')
_FOUND = ('shard', 'at_once', 'rows', 'model_sha256', 'data_sha256')


class Job:
    """A data set to be attributed by one method; picklable, and JSON by `to_json`.

        job = Job('model.keras', 'samples.npy', 'attributions', method='intgrad', options={'steps': 50})
        report = run(job)
        results = read('attributions')

    It is checked when it is made: the model is opened, the method built, one sample run. A copy, by pickle or JSON, is
    not checked again.

    Args:
        model: the path of a model, as `DeepExplain.open` takes it.
        data: the path of an .npy, .npz, .csv, .parquet, .arrow, .feather or .tfrecord file, of a picture, or of a
            folder of one kind of these. Arrays and columns that are named as the model's inputs are for these;
            columns of one number under other names are together the features of the one input. None for a `Worker`
            alone.
        out: the folder of the results; made where there is none. None for a `Worker` alone.
        method, options: as `DeepExplain.get_explainer` has them; options are numbers, strings, arrays, and lists,
            tuples and dicts of these; or a function that makes them, once the model is open, of a list of the tensors
            that are attributed to, their names, and where the channels of pictures are ('last', 'first', '').
            Default 'intgrad', no options.
        target: which units are explained: 'max', each sample's largest (default); 'sum' (or 'all'); an int; of layers
            of more axes a tuple of ints; 'column:NAME', the ints of a column of the data, one for each row (of layers
            of more axes lists of them).
        layer: whose units: 'logits' (default), 'output', or a name as `OpenedModel.tensor` takes it.
        inputs: names of the inputs or inner layers that are attributed to; by default the model's inputs of floats
            that the data hold.
        ids: the column of the data with the ids of rows, ints or strings; by default 'id' if there is one, else
            pictures' paths, else the rows' numbers. What a method draws for a row hangs on the seed and its id alone.
        batch_size: the most rows of one call of the model, as in `Explainer.run`.
        shard: how many rows make one file of the results, at a time in a worker's memory; by default a 64th of all
            rows, 16 at the least, as many as 256 MiB of attributions hold and 16384 at the most.
        seed: an int of at least 0 and below 2 ** 32, for methods that draw. Default 0.
        limit: how many rows are taken, the first ones, an int; by default all.
        feed: values for what else the model needs, by name: {'keep_prob': 1}.
        opening: further arguments of `DeepExplain.open`: signature, tags, checkpoint, inputs, outputs, safe_mode;
            custom_objects as a list of 'MODULE:NAME' or 'LAYER=MODULE:NAME', to be imported by whoever works.
        reading: how data are read: columns, a list of those to be read, in order; of pictures resize, (height,
            width); scale, what 0 and 255 become, (0, 1); channels, 'first' or 'last'.
        says: words of the sentences that say what is wrong; for the command line.

    Attributes:
        rows, shards: how many rows there are, and how many files of results.
        attributed, features: names of the inputs that are attributed to, and of the columns that are features of one.
        hash: of all that changes a number: the content of the model and the data, what is given above but paths, how
            rows are cut, and the library's version.

    Raises:
        TypeError, ValueError, RuntimeError: for what is wrong with any of these, by its name; as `DeepExplain.open`,
            `get_explainer` and `Explainer.run`.
    """

    rows: Optional[int] = None
    at_once: Optional[int] = None
    model_sha256: Optional[str] = None
    data_sha256: Optional[str] = None
    attributed: Optional[List[str]] = None
    features: Optional[List[str]] = None

    def __init__(self, model: Union[str, 'os.PathLike[str]'], data: Union[None, str, 'os.PathLike[str]'] = None,
                 out: Union[None, str, 'os.PathLike[str]'] = None, method: str = 'intgrad',
                 options: Any = None, target: Union[str, int, Tuple[int, ...]] = 'max',
                 layer: str = 'logits', inputs: Optional[Sequence[str]] = None, ids: Optional[str] = None,
                 batch_size: Optional[int] = None, shard: Optional[int] = None, seed: int = 0,
                 feed: Optional[Mapping[str, Any]] = None, opening: Optional[Mapping[str, Any]] = None,
                 reading: Optional[Mapping[str, Any]] = None, limit: Optional[int] = None, says: Says = PYTHON
                 ) -> None:
        self.model = path_of('model', model)
        self.data = None if data is None else path_of('data', data)
        self.out = None if out is None else path_of('out', out)
        self.method, self.layer = text_of('method', method), text_of('layer', layer)
        self.options: Dict[str, Any] = {} if callable(options) else checked_options(options)
        self.target = target_of(target)
        self.inputs = names_of('inputs', inputs)
        self.ids = None if ids is None else text_of('ids', ids)
        self.batch_size, self.shard = count_of('batch_size', batch_size), count_of('shard', shard)
        self.seed, self.limit = seed_of(seed), count_of('limit', limit)
        self.feed: Dict[str, Any] = mapping_of('feed', feed)
        self.opening: Dict[str, Any] = mapping_of('opening', opening, OPENING)
        self.reading: Dict[str, Any] = mapping_of('reading', reading, READING)
        if self.how().scale == (0, 1):
            del self.reading['scale']  # As it is by itself.
        if self.opening.get('checkpoint') is not None:
            self.opening['checkpoint'] = path_of("opening['checkpoint']", self.opening['checkpoint'])
        from .checking import check
        check(self, says, options if callable(options) else None)

    @property
    def shards(self) -> int:
        """How many files of results there are."""
        return 0 if self.rows is None or self.shard is None else -(-self.rows // self.shard)

    def range_of(self, shard: int) -> Tuple[int, int]:
        """The rows of a shard.

        Args:
            shard: its number, an int from 0.

        Returns:
            The first row, and the one behind the last.

        Raises:
            ValueError: there is no such shard.
        """
        if not 0 <= shard < self.shards or self.rows is None or self.shard is None:
            raise ValueError(f'shard must be an int from 0 to {self.shards - 1}, not {shard!r}.')
        return shard * self.shard, min(self.rows, (shard + 1) * self.shard)

    def batches_of(self, shard: int) -> List[Tuple[int, int]]:
        """The rows of a shard as they are given to the explainer, one run after another.

        Args:
            shard: its number, an int from 0.

        Returns:
            Of each run the first row, and the one behind the last.

        Raises:
            ValueError: there is no such shard.
        """
        start, stop = self.range_of(shard)
        step = self.at_once or 1
        return [(first, min(stop, first + step)) for first in range(start, stop, step)]

    def how(self) -> Reading:
        """How the data are read."""
        return reading_of(self.reading, self.ids, self.targets)

    @property
    def targets(self) -> Optional[str]:
        """The column of the units that are explained, if it is one."""
        return self.target[len(COLUMN):] if self.target.startswith(COLUMN) else None

    def identity(self) -> Dict[str, Any]:
        """All that changes a number, as JSON; of arrays and files their hashes."""
        found = {name: described(getattr(self, name)) for name in _GIVEN + _FOUND}
        found['opening'].pop('checkpoint', None)  # It counts as a part of the model.
        return dict(found, deepexplain=__version__)

    @property
    def hash(self) -> str:
        """The hash of the identity."""
        return hashlib.sha256(json.dumps(self.identity(), sort_keys=True).encode()).hexdigest()

    def to_json(self) -> str:
        """The job as JSON, arrays and all."""
        return json.dumps({name: encoded(value, name) for name, value in sorted(vars(self).items())})

    @classmethod
    def from_json(cls, text: str) -> 'Job':
        """The job that `to_json` has written, as it was checked then.

        Args:
            text: what `to_json` returned.

        Returns:
            The `Job`; neither model nor data are opened.

        Raises:
            ValueError: it is no JSON.
        """
        job = cls.__new__(cls)
        vars(job).update(decoded(json.loads(text)))
        return job

    def __repr__(self) -> str:
        return f'Job({self.model!r}, {self.data!r}, {self.out!r}, method={self.method!r}, rows={self.rows})'
