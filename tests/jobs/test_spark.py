"""The engine that is Spark, on a Spark of this machine, and rows of DataFrames."""
import os
import shutil
import sys

import numpy as np
import pytest
from engine_tests import Engine
from job_data import samples

from deepexplain.jobs import Worker, run

pytest.importorskip('pyspark')
if shutil.which('java') is None and not os.environ.get('JAVA_HOME'):
    pytest.skip('Spark needs Java', allow_module_level=True)


@pytest.fixture(scope='module')
def session():
    """One of two cores, for all tests but those of the command line."""
    from pyspark.sql import SparkSession

    before = {name: os.environ.get(name) for name in ('PYTHONPATH', 'PYSPARK_PYTHON')}
    os.environ.update(PYTHONPATH=os.pathsep.join(sys.path), PYSPARK_PYTHON=sys.executable)
    found = SparkSession.builder.master('local[2]').config('spark.ui.enabled', 'false').config(
        'spark.log.level', 'OFF').config('spark.sql.shuffle.partitions', 2).getOrCreate()
    yield found
    found.stop()
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture
def engine(session):
    return 'spark', {'session': session}, ['--spark', 'local[2]']


class TestSpark(Engine):
    pass


def test_wrong_arguments(session, job):
    with pytest.raises(ValueError, match='workers must be a positive int, not 0'):
        run(job(), 'spark', workers=0)
    with pytest.raises(ValueError, match=r"master: the session that is here is on 'local\[2\]', not on 'local\[3\]'"):
        run(job(), 'spark', master='local[3]')
    assert session.range(3).count() == 3


def rows_of(found):
    """The columns that Spark collects, in the order of ids."""
    table = found.toArrow()
    order = np.argsort(table.column('id').to_numpy())
    return {name: np.array(table.column(name).to_pylist())[order] for name in table.column_names}


def test_rows_of_a_dataframe(session, job):
    from pyspark.sql import functions

    from deepexplain.jobs.spark import attribute_udf
    xs = samples()
    frame = session.createDataFrame([(k, x.tolist()) for k, x in enumerate(xs)], 'id long, x array<float>')
    one = job(data=None, out=None, method='smoothgrad', options={'samples': 3}, seed=5)
    udf = attribute_udf(one, frame)
    assert [(field.name, field.dataType.simpleString()) for field in udf.schema] == [
        ('id', 'bigint'), ('attributions', 'array<float>'), ('unit', 'bigint'), ('score', 'double'),
        ('delta', 'double')]
    found = rows_of(frame.repartition(2).mapInArrow(*udf))
    want = Worker(one)({'id': np.arange(60), 'x': xs})
    for name in want:
        np.testing.assert_allclose(found[name], want[name], rtol=1e-6, atol=1e-7)
    # No rows in some partitions; a column of no use to the model is named as such, in the driver.
    few = frame.where('id < 2').repartition(4)
    np.testing.assert_allclose(rows_of(few.mapInArrow(*udf))['attributions'], want['attributions'][:2], rtol=1e-6)
    with pytest.raises(ValueError, match='more'):
        attribute_udf(one, frame.withColumn('more', functions.lit(1.)))
    with pytest.raises(ValueError, match='rows: the DataFrame has none'):
        attribute_udf(one, frame.where('id < 0'))


def test_arrays_of_more_dimensions_and_several_inputs(session, job):
    from deepexplain.jobs.spark import attribute_udf
    xs = samples()
    frame = session.createDataFrame([(f'r{k:02d}', x.reshape(2, 2).tolist()) for k, x in enumerate(xs)],
                                    'id string, x array<array<float>>')
    found = rows_of(frame.mapInArrow(*attribute_udf(job('square.pb', None, None, target=(0, 1)), frame)))
    want = np.zeros((60, 4), 'f')
    want[:, 1] = np.abs(2 * xs[:, 1])
    np.testing.assert_allclose(found['attributions'], want, rtol=1e-6)
    assert found['id'][7] == 'r07' and found['unit'][0].tolist() == [0, 1]
    two = job('two.pb', None, None, method='gradient', feed={'keep': 1.}, target=1)
    frame = session.createDataFrame([(k, x[:2].tolist(), x[2:].tolist()) for k, x in enumerate(xs)],
                                    'id long, a array<float>, b array<float>')
    found = rows_of(frame.mapInArrow(*attribute_udf(two, frame)))
    np.testing.assert_allclose(found['attributions/a'][:, 1], 2 * xs[:, 1], rtol=1e-6)
    assert found['attributions/b'][0].tolist() == [0, 2]
