"""Experiments are scripts: their folder is on the path while their tests run."""
import os
import sys

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), 'experiments')
if FOLDER not in sys.path:
    sys.path.insert(0, FOLDER)
