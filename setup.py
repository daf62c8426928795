"""What pyproject.toml cannot say to the setuptools of Python 3.7 and to new ones alike."""

from setuptools import setup

setup(license='MIT')
