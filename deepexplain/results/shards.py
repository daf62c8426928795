"""The folder of a job's results, as whoever reads it sees it: a manifest, and files of results one after another.

    manifest.json                          the job, versions and, once all is made, the checksums of the shards
    shard-000012-<job>-<sha256>.parquet    the results of a shard, or .npz: the name holds the checksum of the content
    failed-000012.json                     why a shard could not be made, and its rows

A shard is one file under a name that tells which job it is of and what it must hold, put there by one renaming:
whoever dies at any moment leaves it there or not, and nothing about it is written elsewhere that might disagree.
"""
import json
import os
import re
from contextlib import suppress
from typing import Any, Dict, List, NamedTuple, Tuple

from ..files import sha256_of
from .columns import Columns, read_columns

MANIFEST = 'manifest.json'
#: The name of a file of results.
SHARD = re.compile(r'shard-(\d+)-([0-9a-f]{12})-([0-9a-f]{32})(\.parquet|\.npz)$')
#: What a manifest holds at the least.
_HOLDS = {'hash': str, 'job': dict, 'shards': int, 'model': str, 'data': str}


class Shard(NamedTuple):
    """A file of results: its number, name, the beginnings of the job's hash and of its content's SHA-256."""
    number: int
    name: str
    job: str
    sha256: str


class Damaged(ValueError):
    """The manifest cannot be read."""


class Shards:
    """A folder of results by its path."""

    def __init__(self, path: str) -> None:
        self.path = path

    def manifest(self) -> Dict[str, Any]:
        """What the manifest holds.

        Raises:
            Damaged: it cannot be read.
            ValueError: there is none.
        """
        try:
            with open(self._at(MANIFEST), encoding='utf-8') as file:
                found = json.load(file)
        except (FileNotFoundError, NotADirectoryError):
            raise ValueError(f"'{self.path}' is no folder of results of a job: it has no {MANIFEST}.") from None
        except (OSError, ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or any(not isinstance(found.get(name), kind) for name, kind in _HOLDS.items()):
            raise Damaged(f"'{self._at(MANIFEST)}' is damaged; the run again writes it anew.")
        return found

    def shards(self) -> Dict[int, List[Shard]]:
        """The files of results that are there, by the numbers of the shards."""
        found: Dict[int, List[Shard]] = {}
        for name in sorted(os.listdir(self.path)):
            match = SHARD.match(name)
            if match:
                found.setdefault(int(match.group(1)), []).append(
                    Shard(int(match.group(1)), name, match.group(2), match.group(3)))
        return found

    def whole(self, shard: Shard) -> bool:
        """Whether a file holds what its name says."""
        with suppress(OSError):
            return sha256_of(self._at(shard.name))[:32] == shard.sha256
        return False

    def standing(self, job: str, count: int, verify: bool) -> Tuple[Dict[int, Shard], List[Shard]]:
        """The shards that stand, and what is damaged or double.

        Args:
            job: the hash of the job.
            count: how many shards it has; files of other numbers make up for none that are missing.
            verify: whether files are read to see that they hold what their names say.
        """
        found: Dict[int, Shard] = {}
        others: List[Shard] = []
        for number, shards in sorted(self.shards().items()):
            for shard in shards:
                if shard.job != job[:12] or number >= count:
                    continue
                if number not in found and (not verify or self.whole(shard)):
                    found[number] = shard
                else:
                    others.append(shard)
        return found, others

    def complete(self, manifest: Dict[str, Any], partial: bool) -> Dict[int, Shard]:
        """The shards that stand, by their names.

        Raises:
            ValueError: some are missing, and partial is False.
        """
        there, _ = self.standing(manifest['hash'], manifest['shards'], False)
        lacking = manifest['shards'] - len(there)
        if lacking and not partial:
            raise ValueError("'%s' lacks %d of %d shards: run the job to its end, or read what is there by "
                             'partial=True.' % (self.path, lacking, manifest['shards']))
        return there

    def columns(self, shard: Shard, verify: bool) -> Columns:
        """What a file of results holds.

        Raises:
            ValueError: it is damaged.
        """
        if verify and not self.whole(shard):
            raise ValueError(f"'{self._at(shard.name)}' is damaged: its content is not that of its checksum; the run "
                             'again makes it anew.')
        return read_columns(self._at(shard.name))

    def _at(self, name: str) -> str:
        return os.path.join(self.path, name)
