"""Time as a ratio to the bare cost of the model's evaluations, and peak memory."""
import math
import time
from statistics import median

import numpy as np


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def typical(function, budget=.5, fewest=3):
    """The median time of a function, after one call that does not count."""
    function()
    times, start = [], time.perf_counter()
    while len(times) < fewest or (time.perf_counter() - start < budget and len(times) < 200):
        times.append(seconds(function))
    return median(times)


class Bare:
    """The cheapest cost of one row of a tensor in plain session calls, over sizes of the call.

    Attributes:
        size: the number of rows at which it is cheapest.
    """

    def __init__(self, session, fetch, X, Y, sizes):
        self._session, self._fetch, self._X, self._Y = session, fetch, X, Y
        self.size = min(sizes, key=lambda size: typical(self.call(size)) / size)

    def call(self, size):
        xs, ys = data(self._X, self._Y, size)
        return lambda: self._session.run(self._fetch, {self._X: xs, self._Y: ys})


def paired(bare, rows, function, budget=4., fewest=5):
    """(bare cost of `rows` rows) / (time of a function), and that time: medians over pairs taken in turn."""
    call = bare.call(bare.size)
    function(), call()
    one, other = seconds(call), seconds(function)
    # Each for at least 20 ms in turn, so that a short one does not find the caches of the other.
    times = [max(1, math.ceil(.02 / each)) for each in (one, other)]
    times[0] = max(times[0], min(20, round(other / one / 4)))
    ratios, taken, start = [], [], time.perf_counter()
    while len(ratios) < fewest or (time.perf_counter() - start < budget and len(ratios) < 100):
        before = median(seconds(call) for _ in range(times[0]))
        taken.append(median(seconds(function) for _ in range(times[1])))
        after = median(seconds(call) for _ in range(times[0]))
        ratios.append(rows * (before + after) / 2 / bare.size / taken[-1])
    return median(ratios), median(taken)


def in_turn(one, other, budget=4., fewest=3):
    """The time of a function / that of another: the median over pairs, taken in turn after one call that does not
    count.
    """
    one(), other()
    ratios, start = [], time.perf_counter()
    while len(ratios) < fewest or (time.perf_counter() - start < budget and len(ratios) < 50):
        ratios.append(seconds(one) / seconds(other))
    return median(ratios)


def data(X, Y, n):
    """Random samples without zeros, so that no evaluation can be saved, and a unit for each."""
    rng = np.random.RandomState(n)
    units = int(Y.shape[1])
    return (rng.rand(*[n] + X.shape.as_list()[1:]).astype(np.float32) + .01,
            np.eye(units, dtype=np.float32)[rng.randint(0, units, n)])


def _status(key):
    with open('/proc/self/status') as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(key))


def peak(function):
    """By how many MiB the process's peak of resident memory is above what it holds before (Linux)."""
    with open('/proc/self/clear_refs', 'w') as refs:
        refs.write('5')
    before = _status('VmRSS')
    function()
    return max(0, _status('VmHWM') - before)
