"""The engine that is Ray: shards on actors, each a process with the model open, on this machine or a cluster.

    run(job, 'ray', workers=4)                                             # this machine
    run(job, 'ray', address='auto', num_cpus=4, num_gpus=1)                # a cluster: an actor for each of its GPUs

An actor has one shard in hand and is given the next one when it is done, so that the driver holds no more than a
number for each. This is not Ray Data's `map_batches`: there results would travel through the object store to whoever
writes them, a block that fails ends the whole data set, and what is done is known by ids in memory, not by files that
are whole. For a pipeline of Ray Data of one's own there is `Worker`.
"""
import math
import socket
import warnings
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

from .engines import check_workers, signals_kept
from .job import Job
from .todo import TURN, Todo
from .worker import TRIES, Outcome, Worker


class Maker:
    """The actor."""

    def __init__(self, job: Job, threads: int) -> None:
        self._worker = Worker(job, threads)

    def open(self) -> None:
        """Open the model."""
        self._worker.open()

    def shard(self, number: int) -> Outcome:
        """Make a shard."""
        return self._worker.shard(number)


def work(job: Job, shards: Sequence[int], stopped: Callable[[], bool], workers: Optional[int] = None,
         address: Optional[str] = None, num_cpus: float = 1, num_gpus: float = 0) -> Iterator[Outcome]:
    """Make shards of a job; see `engines`.

    Args:
        workers: how many actors; by default as many as the cluster has place for.
        address: of a cluster, as `ray.init` takes it; by default this machine, or the Ray that this process is
            connected to already.
        num_cpus, num_gpus: what Ray sets apart for each actor. TensorFlow takes as many threads as CPUs, at least one.

    Raises:
        ImportError: Ray is not installed.
        ValueError: for what is wrong with the arguments.
        ChildProcessError: no worker can open the model.
    """
    try:
        import ray
    except ImportError:
        raise ImportError("this engine needs Ray: pip install 'deepexplain[ray]'.") from None
    check_workers(workers)
    for name, value in (('num_cpus', num_cpus), ('num_gpus', num_gpus)):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
            raise ValueError(f'{name} must be a number of at least 0, not {value!r}.')
    with _connected(ray, address):
        count = _count(ray, workers, num_cpus, num_gpus, address is None)
        actor = ray.remote(num_cpus=num_cpus, num_gpus=num_gpus, max_restarts=0)(Maker)
        given = ray.put(job), max(1, int(num_cpus))
        yield from _made(ray, lambda: actor.remote(*given), Todo(shards, stopped), min(count, len(shards)))


@contextmanager
def _connected(ray: Any, address: Optional[str]) -> Iterator[None]:
    """Be connected to Ray; whoever was before stays so."""
    if ray.is_initialized():
        if address is not None:
            raise ValueError('address: this process is connected to Ray already; leave the address out.')
        yield
        return
    try:
        host, colon, port = (address or '').rpartition(':')
        if colon and '//' not in host:
            socket.create_connection((host, int(port)), 10).close()  # Ray itself would ask for minutes.
        with signals_kept():
            ray.init(address=address, include_dashboard=False, log_to_driver=False, logging_level='ERROR')
    except (OSError, ValueError) as error:
        raise ValueError('Ray cannot be reached at %r: %s' % (address, _text(error))) from None
    try:
        yield
    finally:
        with signals_kept():
            ray.shutdown()


def _count(ray: Any, workers: Optional[int], num_cpus: float, num_gpus: float, final: bool) -> int:
    """How many actors there are to be.

    Args:
        final: whether there will never be more of the cluster.
    """
    needs = {kind: need for kind, need in (('CPU', num_cpus), ('GPU', num_gpus)) if need}
    nodes = [node['Resources'] for node in ray.nodes() if node['Alive']]
    if not needs:
        return workers or max(1, int(sum(node.get('CPU', 0) for node in nodes)))
    places = sum(min(int(node.get(kind, 0) / need) for kind, need in needs.items()) for node in nodes)
    if places < (workers or 1):
        said = f'Ray has place for {places} of {workers or 1} workers of {num_cpus:g} CPUs and {num_gpus:g} GPUs'
        if final and not places:
            raise ValueError(said + '.')
        warnings.warn(said + '; the others wait for it.', stacklevel=2)
    return workers or max(1, places)


def _made(ray: Any, start: Callable[[], Any], todo: Todo, count: int) -> Iterator[Outcome]:
    actors: List[Any] = []
    idle: List[Any] = []
    # What is waited for -> whose it is, and of which shard; None while it opens the model.
    hand: Dict[Any, Tuple[Any, Optional[int]]] = {}
    unopened = 0
    try:
        while todo or any(shard is not None for _, shard in hand.values()):
            while len(actors) < count and len(idle) < len(todo):
                actors.append(start())
                hand[actors[-1].open.remote()] = actors[-1], None
            done: List[Optional[Outcome]] = []
            for ref in ray.wait(list(hand), timeout=TURN)[0] if hand else ():
                actor, shard = hand.pop(ref)
                try:
                    done.append(ray.get(ref))
                    idle.append(actor)
                    unopened = 0
                except ray.exceptions.RayTaskError as error:
                    raise ChildProcessError(f'Ray: a worker cannot open the model: {_text(error.cause)}') from None
                except ray.exceptions.RayError as error:
                    actors.remove(actor)
                    ray.kill(actor)  # It may be out of reach only.
                    if shard is not None:
                        done.append(todo.died(shard, _text(error)))
                        continue
                    unopened += 1
                    if unopened >= TRIES * count:
                        raise ChildProcessError(f'Ray: workers die before they have opened the model: {_text(error)}'
                                                ) from None
            while idle and todo:
                actor, shard = idle.pop(), todo.next()
                hand[actor.shard.remote(shard)] = actor, shard
            yield from filter(None, done)
    finally:
        for actor in actors:
            ray.kill(actor)


def _text(error: Any) -> str:
    return f'{type(error).__name__}: %s' % ' '.join(str(getattr(error, 'message', None) or error).split())[:400]
