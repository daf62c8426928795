"""A pre-norm transformer block: as a graph of plain ops, and its relevance step by step in numpy.

The replica follows Achtibat et al. 2024 (AttnLRP), one sample at a time, with loops where a formula has a sum: linear
layers by the epsilon rule, products and matrix products by halves (propositions 3.2 and 3.3), softmax by Taylor at its
input (3.1), normalisations with a fixed divisor (3.4), activations unchanged, sums in proportion.
"""
import math

import numpy as np
import tensorflow.compat.v1 as tf

TOKENS, SIZE, HEADS, HIDDEN, UNITS = 4, 6, 2, 5, 3
WIDE = SIZE // HEADS
EPS = 1e-6


def weights(rng):
    shapes = dict.fromkeys('qkvo', (SIZE, SIZE))
    shapes.update(up=(SIZE, HIDDEN), gate=(SIZE, HIDDEN), down=(HIDDEN, SIZE), head=(SIZE, UNITS))
    found = {name: (rng.randn(*shape) / np.sqrt(shape[0]), .3 * rng.randn(shape[1])) for name, shape in shapes.items()}
    found.update((name, (1 + .3 * rng.randn(SIZE), .3 * rng.randn(SIZE))) for name in ('first', 'second'))
    return found


# The graph.

def layer_norm(x, gain, shift):
    mean, variance = tf.nn.moments(x, [-1], keepdims=True)
    return (x - mean) * tf.math.rsqrt(variance + EPS) * gain + shift


def rms_norm(x, gain, shift):
    return x * tf.math.rsqrt(tf.reduce_mean(tf.square(x), -1, keepdims=True) + EPS) * gain


def block(x, w, norm, gated):
    def linear(x, name):
        matrix, bias = w[name]
        flat = tf.matmul(tf.reshape(x, [-1, matrix.shape[0]]), matrix) + bias
        return tf.reshape(flat, [-1, TOKENS, matrix.shape[1]])

    def heads(x):
        return tf.transpose(tf.reshape(x, [-1, TOKENS, HEADS, WIDE]), [0, 2, 1, 3])

    h = norm(x, *w['first'])
    q, k, v = [heads(linear(h, name)) for name in 'qkv']
    s = tf.nn.softmax(tf.matmul(q, k, transpose_b=True) / np.sqrt(WIDE))
    o = tf.reshape(tf.transpose(tf.matmul(s, v), [0, 2, 1, 3]), [-1, TOKENS, SIZE])
    x = x + linear(o, 'o')
    h = norm(x, *w['second'])
    up = linear(h, 'up')
    if gated:
        up = up * tf.sigmoid(up) * linear(h, 'gate')
    else:
        up = .5 * up * (1 + tf.math.erf(up / np.sqrt(2)))
    x = x + linear(up, 'down')
    matrix, bias = w['head']
    return tf.matmul(tf.reduce_mean(x, 1), matrix) + bias


# Its relevance.

def sign(z):
    return np.where(z >= 0, 1, -1)


class Tape:
    """What the forward pass has seen, as functions that carry relevance back."""

    def __init__(self, w, norm, gated, epsilon, softmax='taylor'):
        self.w, self.norm, self.gated, self.epsilon, self.softmax = w, norm, gated, epsilon, softmax

    def linear(self, x, name):
        matrix, bias = self.w[name]
        z = x @ matrix + bias

        def back(R):
            found = np.zeros_like(x)
            for i in np.ndindex(*x.shape):
                found[i] = sum(x[i] * matrix[i[-1], j] * R[i[:-1] + (j,)] / (
                    z[i[:-1] + (j,)] + self.epsilon * sign(z[i[:-1] + (j,)])) for j in range(z.shape[-1]))
            return found
        return z, back

    def normalise(self, x, name):
        gain, shift = self.w[name]
        mean = x.mean(-1, keepdims=True) if self.norm is layer_norm else 0
        sigma = np.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + EPS)
        if self.norm is rms_norm:
            return x / sigma * gain, lambda R: R
        y = (x - mean) / sigma * gain + shift
        matrix = (np.eye(SIZE) - 1 / SIZE) * gain  # But for the divisor, which is of each token.

        def back(R):
            return np.array([[sum(x[t, i] * matrix[i, j] / sigma[t, 0] * R[t, j] / y[t, j] for j in range(SIZE))
                              for i in range(SIZE)] for t in range(TOKENS)])
        return y, back

    def product(self, a, b):
        """Of matrices a (t, i) and b (i, p)."""
        o = a @ b

        def back(R):
            of_a, of_b = np.zeros_like(a), np.zeros_like(b)
            for t, i, p in np.ndindex(a.shape[0], a.shape[1], b.shape[1]):
                signal = R[t, p] / (2 * o[t, p] + self.epsilon * sign(o[t, p]))
                if self.softmax == 'constant':
                    of_b[i, p] += a[t, i] * b[i, p] * R[t, p] / o[t, p]
                else:
                    of_a[t, i] += a[t, i] * b[i, p] * signal
                    of_b[i, p] += a[t, i] * b[i, p] * signal
            return of_a, of_b
        return o, back

    def attention(self, q, k, v):
        scores, back_scores = self.product(q, k.T)
        scores = scores / np.sqrt(WIDE)
        s = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
        o, back_o = self.product(s, v)

        def back(R):
            of_s, of_v = back_o(R)
            if self.softmax == 'constant':
                return np.zeros_like(q), np.zeros_like(k), of_v
            of_scores = scores * (of_s - s * of_s.sum(-1, keepdims=True))
            of_q, of_k = back_scores(of_scores)
            return of_q, of_k.T, of_v
        return o, back


def shares(a, b, R):
    return R * a / (a + b), R * b / (a + b)


def relevance(x, w, norm, gated, unit, epsilon=1e-7, softmax='taylor'):
    """The relevance of one sample (TOKENS, SIZE) for one unit, and the value of that."""
    tape = Tape(w, norm, gated, epsilon, softmax)
    h, back_first = tape.normalise(x, 'first')
    (q, back_q), (k, back_k), (v, back_v) = [tape.linear(h, name) for name in 'qkv']
    parts = [tape.attention(*[one[:, n * WIDE:(n + 1) * WIDE] for one in (q, k, v)]) for n in range(HEADS)]
    branch, back_o = tape.linear(np.concatenate([one for one, _ in parts], -1), 'o')
    middle = x + branch
    h2, back_second = tape.normalise(middle, 'second')
    up, back_up = tape.linear(h2, 'up')
    gate, back_gate = tape.linear(h2, 'gate')
    wide = up / (1 + np.exp(-up)) * gate if gated else .5 * up * (1 + np.vectorize(math.erf)(up / np.sqrt(2)))
    branch2, back_down = tape.linear(wide, 'down')
    last = middle + branch2
    scores, back_head = tape.linear(last.mean(0, keepdims=True), 'head')

    R = back_head(scores * np.eye(UNITS)[unit])
    R = R * last / last.sum(0)  # The mean shares in proportion.
    R_middle, R_branch = shares(middle, branch2, R)
    R_wide = back_down(R_branch)
    R_h2 = back_up(R_wide / 2) + back_gate(R_wide / 2) if gated else back_up(R_wide)
    R_middle = R_middle + back_second(R_h2)
    R_x, R_branch = shares(x, branch, R_middle)
    R_o = back_o(R_branch)
    found = [back(R_o[:, n * WIDE:(n + 1) * WIDE]) for n, (_, back) in enumerate(parts)]
    R_q, R_k, R_v = [np.concatenate(one, -1) for one in zip(*found)]
    return R_x + back_first(back_q(R_q) + back_k(R_k) + back_v(R_v)), scores[0, unit]
