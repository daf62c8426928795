"""Pictures in TensorBoard."""


class Board:
    """Pictures for TensorBoard, whichever TensorFlow there is."""

    def __init__(self, folder: str) -> None:
        import tensorflow.compat.v1 as tf

        self._tf = tf
        # Writers of TensorFlow 1 are for graphs, and their files are read by all TensorBoards.
        with tf.Graph().as_default():
            self._writer = tf.summary.FileWriter(folder)

    def add(self, png: bytes, step: int) -> None:
        tf = self._tf
        # A PNG begins with its size.
        width, height = [int.from_bytes(png[place:place + 4], 'big') for place in (16, 20)]
        image = tf.Summary.Image(encoded_image_string=png, height=height, width=width, colorspace=4)
        with tf.Graph().as_default():
            self._writer.add_summary(tf.Summary(value=[tf.Summary.Value(tag='attributions', image=image)]), step)
            self._writer.flush()

    def close(self) -> None:
        self._writer.close()
