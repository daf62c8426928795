"""The command `deepexplain`: a file for the parser, for what is read, for what is written, and for each command.

Nothing here imports numpy or TensorFlow before it is needed, so that `--help` and wrong use answer at once.
"""
