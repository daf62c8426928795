"""Which words make a sentence sound pleased? A small classifier of opinions, and the weight of each word.

Gradients do not pass the lookup of an embedding, so the attributions are those of the looked-up vectors, and a word's
is the sum over its vector.

Run: python examples/text_embedding.py
"""

import argparse
import sys

import numpy as np
import tensorflow.compat.v1 as tf

from deepexplain.plotting import words
from deepexplain.tensorflow import DeepExplain

tf.logging.set_verbosity(tf.logging.ERROR)
tf.disable_v2_behavior()

LENGTH = 12  # words in the longest sentence
DEPTH = 8  # numbers in a word's vector

THINGS = ['film', 'book', 'meal', 'hotel', 'concert', 'garden', 'soup', 'song', 'play', 'room', 'story', 'service']
PLEASED = ['good', 'great', 'wonderful', 'charming', 'lovely', 'excellent', 'delightful', 'brilliant']
ANNOYED = ['bad', 'poor', 'terrible', 'boring', 'awful', 'dreadful', 'dull', 'disappointing']
ADVERBS = ['really', 'very', 'quite', 'rather', 'simply']
# A sentence, and whether it means what its adjective says (1) or the contrary (-1).
TEMPLATES = [
    ('the {thing} was {adverb} {adjective}', 1),
    ('the {thing} was {adjective}', 1),
    ('what a {adjective} {thing} that was', 1),
    ('i found the {thing} {adjective}', 1),
    ('my friends called it a {adverb} {adjective} {thing}', 1),
    ('this {thing} is {adjective} and so is the {other}', 1),
    ('the {thing} was not {adjective}', -1),
    ('this {thing} is not {adjective} at all', -1),
    ('i call the {thing} not {adjective}', -1),
]
WRITTEN = [
    ('we loved every minute of the play', 1),
    ('i loved the soup and the people were kind', 1),
    ('everyone loved it and so did we', 1),
    ('we enjoyed the walk through the garden', 1),
    ('the children enjoyed the story and asked for more', 1),
    ('i enjoyed this from the first page', 1),
    ('the staff were kind and the room was bright', 1),
    ('a kind host and a bright house', 1),
    ('we hated every minute of the play', -1),
    ('i hated the soup and the people were rude', -1),
    ('everyone hated it and so did we', -1),
    ('we regretted the walk through the garden', -1),
    ('the children left the story and asked for nothing more', -1),
    ('i regretted this from the first page', -1),
    ('the staff were rude and the room was dirty', -1),
    ('a rude host and a dirty house', -1),
]
HELD_OUT = [
    'we loved the charming old hotel',
    'the story was dull and the song was awful',
    'i enjoyed the meal but the service was terrible',
    'the concert was not good',
    'this hotel is old but not boring at all',
    'the staff were rude but the garden was lovely',
]


def make_sentences(count, seed):
    """Those written by hand, and `count` pairs from the templates: a list of (sentence, 1 or -1).

    The two of a pair differ in their adjective only, so that no other word speaks for either side.
    """
    random = np.random.RandomState(seed)
    sentences = list(WRITTEN)
    for _ in range(count):
        template, sense = TEMPLATES[random.randint(len(TEMPLATES))]
        rest = {'thing': random.choice(THINGS), 'other': random.choice(THINGS), 'adverb': random.choice(ADVERBS)}
        sentences.append((template.format(adjective=random.choice(PLEASED), **rest), sense))
        sentences.append((template.format(adjective=random.choice(ANNOYED), **rest), -sense))
    return sentences


def to_ids(sentences, vocabulary):
    """Word numbers (n, LENGTH), int32. 0 stands for no word, and for words not in the vocabulary."""
    ids = np.zeros([len(sentences), LENGTH], 'int32')
    for row, sentence in enumerate(sentences):
        for place, word in enumerate(sentence.split()[:LENGTH]):
            ids[row, place] = vocabulary.get(word, 0)
    return ids


def build(ids, size):
    """The looked-up vectors (n, LENGTH, DEPTH) and the score (n, 1): above 0 is pleased."""
    table = tf.Variable(tf.random_normal([size, DEPTH], stddev=0.3))
    # No word is a zero vector for good, which is also the baseline that deeplift and intgrad compare with.
    embedding = tf.nn.embedding_lookup(tf.concat([tf.zeros([1, DEPTH]), table], axis=0), ids)
    # Pairs of neighbours, so that 'not good' can differ from 'good'.
    filters = tf.Variable(tf.random_normal([2, DEPTH, 16], stddev=0.2))
    pairs = tf.nn.tanh(tf.nn.conv1d(embedding, filters, stride=1, padding='SAME'))
    weights = tf.Variable(tf.random_normal([16, 1], stddev=0.2))
    return embedding, tf.matmul(tf.reduce_sum(pairs, axis=1), weights)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--method', default='deeplift', help='any method of deepexplain (default: deeplift)')
    parser.add_argument('--steps', type=int, default=300, help='training steps')
    parser.add_argument('--colour', choices=['auto', 'always', 'never'], default='auto')
    args = parser.parse_args()
    colour = args.colour == 'always' or (args.colour == 'auto' and sys.stdout.isatty())

    sentences = make_sentences(120, seed=0)
    known = sorted({word for sentence, _ in sentences for word in sentence.split()})
    vocabulary = {word: number for number, word in enumerate(known, start=1)}
    train_ids = to_ids([sentence for sentence, _ in sentences], vocabulary)
    senses = np.array([[sense] for _, sense in sentences], 'float32')

    tf.set_random_seed(0)
    ids = tf.placeholder(tf.int32, [None, LENGTH])
    sense_input = tf.placeholder(tf.float32, [None, 1])
    embedding, score = build(ids, len(known))
    # Small weights, so that words which say nothing of the opinion keep none.
    decay = tf.add_n([tf.nn.l2_loss(variable) for variable in tf.trainable_variables()])
    loss = tf.reduce_mean(tf.nn.softplus(-sense_input * score)) + 0.001 * decay
    step = tf.train.AdamOptimizer(0.01).minimize(loss)

    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        random = np.random.RandomState(2)
        for _ in range(args.steps):
            # Some words are left out each time, so that none leans on its neighbours to be put right.
            kept = random.rand(*train_ids.shape) < 0.85
            session.run(step, {ids: train_ids * kept, sense_input: senses})
        fresh = make_sentences(100, seed=1)[len(WRITTEN) :]
        scores = session.run(score, {ids: to_ids([sentence for sentence, _ in fresh], vocabulary)})
        print('accuracy on 200 other sentences: %.3f\n' % np.mean(scores[:, 0] * [sense for _, sense in fresh] > 0))

        tokens = to_ids(HELD_OUT, vocabulary)
        scores = session.run(score, {ids: tokens})[:, 0]
        # The looked-up vectors take the place of the ids: X is the embedding, evaluated from the ids that are fed.
        with DeepExplain(session=session) as de:
            attributions = de.explain(args.method, score, embedding, feed_dict={ids: tokens})

    for sentence, value, attribution in zip(HELD_OUT, scores, attributions.sum(axis=-1)):
        split = sentence.split()
        print('%s, score %+.1f' % ('pleased' if value > 0 else 'annoyed', value))
        print(words(split, attribution[: len(split)], colour=colour) + '\n')


if __name__ == '__main__':
    main()
