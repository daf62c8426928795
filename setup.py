"""Packaging of deepexplain. TensorFlow is an extra, since people have builds of their own."""

import io
import os
import re

from setuptools import find_packages, setup

HERE = os.path.dirname(os.path.abspath(__file__))


def read(*parts):
    with io.open(os.path.join(HERE, *parts), encoding='utf-8') as file:
        return file.read()


# Read, not imported: the build environment has none of the package's dependencies.
VERSION = re.search(r"^__version__ = '([^']+)'", read('deepexplain', '__init__.py'), re.MULTILINE).group(1)

setup(
    name='deepexplain',
    version=VERSION,
    description='Attribution methods for TensorFlow models in graph mode',
    long_description=read('README.md'),
    long_description_content_type='text/markdown',
    author='The deepexplain authors',
    license='MIT',
    packages=find_packages(include=['deepexplain', 'deepexplain.*']),
    package_data={'deepexplain': ['py.typed']},
    entry_points={'console_scripts': ['deepexplain = deepexplain.cli.main:main']},
    zip_safe=False,
    python_requires='>=3.7',
    install_requires=['numpy', 'scikit-image', 'matplotlib>=3.4', 'pillow', 'tqdm'],
    extras_require={
        # TensorFlow 1.15 needs Python 3.7, and a protobuf older than the one pip would choose.
        'tf': [
            'tensorflow==1.15.*; python_version < "3.8"',
            'protobuf<3.21; python_version < "3.8"',
            'tensorflow>=2.12; python_version >= "3.8"',
        ],
        # A Keras that has sessions: each tf_keras asks for its own minor version of TensorFlow, so pip matches them.
        'keras': [
            'keras==2.2.5; python_version < "3.8"',
            'h5py<3; python_version < "3.8"',
            'tf_keras; python_version >= "3.9"',
        ],
        'parquet': ['pyarrow>=10'],
        'pandas': ['pandas'],
        # Engines of jobs; older ones may do, and are not tried.
        'ray': ['ray>=2.51; python_version >= "3.9"'],
        'spark': ['pyspark>=4.0; python_version >= "3.9"', 'pyarrow>=11', 'pandas>=2.2; python_version >= "3.9"'],
        'examples': ['scikit-learn'],
        'genomics': ['logomaker'],
        # Ray takes ten seconds to install; PySpark is 500 MB and needs Java: its tests skip where it is not.
        'test': ['pytest>=6', 'pytest-xdist', 'setuptools', 'wheel', 'pyarrow>=10',
                 'ray>=2.51; python_version >= "3.9"'],
        'lint': [
            'ruff>=0.5,<0.18; python_version >= "3.9"',
            'mypy>=1.8,<3; python_version >= "3.9"',
        ],
    },
    classifiers=[
        'Intended Audience :: Science/Research',
        'Programming Language :: Python :: 3',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
    ],
)
