"""What is drawn for samples, number by number: SplitMix64 (Steele et al. 2014), Box and Muller 1958."""
import math

import numpy as np

STEP, WORD = 0x9E3779B97F4A7C15, 2 ** 64


def mixed(state):
    state %= WORD
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 % WORD
    state = (state ^ (state >> 27)) * 0x94D049BB133111EB % WORD
    return state ^ (state >> 31)


def state_of(seed, number):
    """Where the draws of the sample of a number begin."""
    generator = seed if hasattr(seed, 'permutation') else np.random.RandomState(seed)
    return mixed(int(generator.uniform() * 2 ** 53) + number * STEP)


def uniform(seed, number, size):
    state = state_of(seed, number)
    return [(mixed(state + (i + 1) * STEP) >> 11) / 2 ** 53 for i in range(size)]


def normal(seed, number, draw, size):
    state = mixed(state_of(seed, number) + (draw + 1) * STEP)
    found = []
    for i in range((size + 1) // 2):
        high, low = divmod(mixed(state + (i + 1) * STEP), 2 ** 32)
        radius, angle = math.sqrt(-2 * math.log((low + .5) / 2 ** 32)), 2 * math.pi * high / 2 ** 32
        found += [radius * math.cos(angle), radius * math.sin(angle)]
    return np.array(found[:size])
