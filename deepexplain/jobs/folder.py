"""The folder of a job's results as runs write it; `results.shards` says what lies there."""
import json
import os
import re
from contextlib import contextmanager, suppress
from typing import Any, Dict, Iterator, Optional, Sequence

from ..results.shards import MANIFEST, Damaged, Shard, Shards
from .identity import differences
from .writing import PARTIAL, put

_LOCK = '.lock'
_FAILED = re.compile(r'failed-(\d+)\.json$')


class Folder(Shards):
    """A folder of results by its path, to be written."""

    def write_manifest(self, content: Dict[str, Any]) -> None:
        """Write it, whole or not at all."""
        text = json.dumps(content, indent=1, sort_keys=True).encode()
        put(self.path, lambda file: file.write(text), lambda sha256: MANIFEST)

    def failed(self) -> Dict[int, Dict[str, Any]]:
        """What is noted down of shards that could not be made, by their numbers."""
        found: Dict[int, Dict[str, Any]] = {}
        for name in sorted(os.listdir(self.path)):
            match = _FAILED.match(name)
            if match:
                with suppress(OSError, ValueError), open(self._at(name), encoding='utf-8') as file:
                    found[int(match.group(1))] = json.load(file)
        return found

    def note_failed(self, number: int, content: Dict[str, Any]) -> None:
        """Note down why a shard could not be made."""
        text = json.dumps(content).encode()
        put(self.path, lambda file: file.write(text), lambda sha256: f'failed-{number:06d}.json')

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with suppress(FileNotFoundError):
            os.unlink(self._at(name))

    def discard(self, numbers: Sequence[int], job: str) -> None:
        """Remove what there is of some shards of a job."""
        gone = set(numbers)
        for shards in self.shards().values():
            for shard in shards:
                if shard.number in gone and shard.job == job[:12]:
                    self.remove(shard.name)

    def forget_failures(self) -> None:
        """Remove what is noted down of failures: they are tried again."""
        for name in os.listdir(self.path):
            if _FAILED.match(name):
                self.remove(name)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder against other runs, for as long as this process lives; made where it is not there."""
        try:
            os.makedirs(self.path, exist_ok=True)
            file = open(self._at(_LOCK), 'a')
        except OSError as error:
            raise OSError(f"out: nothing can be written into '{self.path}': {error.strerror}.") from None
        with file:
            if not _locked(file):
                raise ValueError(f"out: another run is at work in '{self.path}'.")
            yield

    def begin(self, identity: Dict[str, Any], job: str, about: Dict[str, Any]) -> Dict[str, Any]:
        """Make the folder one of a job, or see that it is, and remove what killed processes have left.

        Args:
            identity, job: all that changes a number, and its hash.
            about: what else is noted down.

        Returns:
            The manifest as it is.

        Raises:
            ValueError: the folder holds another job, with what differs.
        """
        for name in os.listdir(self.path):
            if name.startswith(PARTIAL) and name.endswith('.part'):
                self.remove(name)
        manifest: Optional[Dict[str, Any]] = None
        if os.path.exists(self._at(MANIFEST)):
            with suppress(Damaged):
                manifest = self.manifest()
        if manifest is not None:
            told = differences(identity, manifest['job'])
            if told:
                raise ValueError("out: '%s' holds the results of another job: %s. Take another folder." % (
                    self.path, '; '.join('%s is %s here and %s there' % (name, _short(mine), _short(theirs))
                                         for name, (mine, theirs) in told.items())))
            if manifest['hash'] == job:
                return manifest
        strange = [one.name for shards in self.shards().values() for one in shards if one.job != job[:12]]
        if strange:
            raise ValueError("out: '%s' holds results of another job ('%s') without its %s, or with a damaged one. "
                             'Take another folder.' % (self.path, strange[0], MANIFEST))
        manifest = dict(about, job=identity, hash=job)
        self.write_manifest(manifest)
        return manifest

    def settle(self, job: str, count: int, verify: bool) -> Dict[int, Shard]:
        """The shards that stand; what is damaged or double is removed, what is of another job left alone.

        Args:
            job: the hash of the job.
            count: how many shards it has.
            verify: whether files are read to see that they hold what their names say.
        """
        found, others = self.standing(job, count, verify)
        for shard in others:
            self.remove(shard.name)
        return found


def shard_name(number: int, job: str, sha256: str, ending: str) -> str:
    """The name of a file of results."""
    return f'shard-{number:06d}-{job[:12]}-{sha256[:32]}{ending}'


def _locked(file: Any) -> Optional[bool]:
    """Lock a file until it is closed, where the system can; False where another process has."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # A file system without locks.
        return True
    return True


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + '...'
