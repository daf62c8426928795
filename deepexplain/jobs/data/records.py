"""TFRecord files of tf.train.Example."""
import struct
from typing import Any, Dict, Iterator, List

import numpy as np

from .source import Columns, DataError, Forward, Reading, Source

#: How many records lie between two places where reading can begin.
_STRIDE = 256


class Records(Source):
    """The features of the examples of a TFRecord file: lists of floats or ints of one length, or strings.

    A feature of one number is a number. Checksums are left to those who write: lengths are checked.
    """

    early = False

    def __init__(self, path: str, reading: Reading) -> None:
        self.path, self.files = path, [path]
        self._marks: List[int] = []
        self._length = 0
        with open(path, 'rb') as file:
            if file.read(2) == b'\x1f\x8b':
                raise DataError(f"data: '{path}' is packed with gzip: unpack it first.")
            size = file.seek(0, 2)
            at = file.seek(0)
            while at < size:
                if self._length % _STRIDE == 0:
                    self._marks.append(at)
                at += 16 + self._size(file, at, size)
                file.seek(at)
                self._length += 1
        self._names: List[str] = []
        if self._length:
            first = self._example(next(self._records(0)), 0).features.feature
            self._names = reading.wants(sorted(first), path)
        self.flat = self._names
        self._forward = Forward([_STRIDE * mark for mark in range(len(self._marks) or 1)], self._begin)

    def __len__(self) -> int:
        return self._length

    def rows(self, start: int, stop: int) -> Columns:
        return self._forward.rows(start, stop)

    def _size(self, file: Any, at: int, size: int) -> int:
        """The length of the record that begins here."""
        head = file.read(12)
        length = struct.unpack('<Q', head[:8])[0] if len(head) == 12 else size
        if at + 16 + length > size:
            raise DataError(f"data: '{self.path}' is no whole TFRecord file: it ends within record {self._length}.")
        return length

    def _records(self, mark: int) -> Iterator[bytes]:
        with open(self.path, 'rb') as file:
            file.seek(self._marks[mark])
            while True:
                head = file.read(12)
                if len(head) < 12:
                    return
                content = file.read(struct.unpack('<Q', head[:8])[0])
                file.read(4)
                yield content

    def _example(self, content: bytes, number: int) -> Any:
        import tensorflow.compat.v1 as tf
        try:
            example = tf.train.Example.FromString(content)
        except Exception:  # noqa: B902, which one depends on protobuf
            example = None
        if example is None or not example.features.feature:
            raise DataError(f"data: record {number} of '{self.path}' is no tf.train.Example with features.")
        return example

    def _begin(self, mark: int) -> Iterator[Columns]:
        found: Dict[str, List[Any]] = {name: [] for name in self._names}
        number = first = _STRIDE * mark
        for content in self._records(mark):
            features = self._example(content, number).features.feature
            for name in self._names:
                found[name].append(self._value(features, name, number))
            number += 1
            if number - first == _STRIDE:
                yield {name: self._stacked(found[name], name, first) for name in self._names}
                first, found = number, {name: [] for name in self._names}
        if number > first:
            yield {name: self._stacked(found[name], name, first) for name in self._names}

    def _value(self, features: Any, name: str, number: int) -> Any:
        feature = features[name] if name in features else None
        kind = None if feature is None else feature.WhichOneof('kind')
        if kind is None:
            raise DataError(f"data: record {number} of '{self.path}' has no feature '{name}'.")
        values = getattr(feature, kind).value
        if kind != 'bytes_list':
            return np.array(values, np.float32 if kind == 'float_list' else np.int64)
        try:
            return np.array([value.decode('utf-8') for value in values])
        except UnicodeDecodeError:
            raise DataError("data: the feature '%s' of record %d of '%s' must be floats, ints or text, not bytes: a "
                            'picture is given as floats, or as a file in a folder.' % (
                                name, number, self.path)) from None

    def _stacked(self, values: List[np.ndarray], name: str, first: int) -> np.ndarray:
        for number, value in enumerate(values):
            if value.shape != values[0].shape or value.dtype.kind != values[0].dtype.kind:
                raise DataError("data: the feature '%s' of record %d of '%s' must hold %d %s, as those before, not "
                                '%d %s.' % (name, first + number, self.path, len(values[0]), _kind(values[0]),
                                            len(value), _kind(value)))
        array = np.stack(values)
        return array[:, 0] if array.shape[1] == 1 else array


def _kind(values: np.ndarray) -> str:
    return {'f': 'floats', 'i': 'ints'}.get(values.dtype.kind, 'texts')


def opened(path: str, reading: Reading) -> Source:
    """See `data.ENDINGS`."""
    return Records(path, reading)
