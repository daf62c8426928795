"""Files that would do more than hold a model, made by hand: what they leave behind is a file called 'ran'."""
import base64
import json
import marshal
import os
import zipfile

import numpy as np
import tensorflow.compat.v1 as tf

#: What Keras files hold besides; each version lets through something else.
VERSIONS = ['2.2.4', '2.2.4-tf', '2.15.0', '3.9.0', '9', '']


def marker(folder):
    return os.path.join(str(folder), 'ran')


def code(folder):
    """A Python function that writes the marker and hands its input on, as Keras writes lambdas."""
    function = eval('lambda x, *more, **others: [open(%r, "w").close(), x][1]' % marker(folder))
    return base64.encodebytes(marshal.dumps(function.__code__)).decode()


def layer(kind, name, **config):
    """A layer in the words of every Keras."""
    return {'class_name': kind, 'module': 'keras.layers', 'registered_name': None,
            'config': dict(config, name=name, dtype='float32')}


def old_lambda(folder, **config):
    """A Lambda as Keras 2 writes it."""
    return layer('Lambda', config.pop('name', 'l'), **dict(dict(
        function=[code(folder), None, None], function_type='lambda', module='builtins', arguments={},
        output_shape=None, output_shape_type='raw', output_shape_module=None), **config))


def written(folder):
    """A function as Keras 3 writes it."""
    return {'class_name': '__lambda__', 'config': {'code': code(folder), 'defaults': None, 'closure': None}}


def new_lambda(folder, **config):
    """A Lambda as Keras 3 writes it."""
    return layer('Lambda', 'l', **dict(dict(function=written(folder), arguments={}), **config))


def function(module, name):
    return {'class_name': 'function', 'module': module, 'config': name, 'registered_name': name}


def sequential(*layers, **options):
    """A model of layers in the words of a version of Keras, by default '2...'."""
    key = 'batch_shape' if options.get('version', '2')[:1] == '3' else 'batch_input_shape'
    first = layer('InputLayer', 'x', sparse=False, **{key: [None, 2]})
    return {'class_name': 'Sequential', 'config': {'name': 's', 'layers': [first] + list(layers)},
            'module': 'keras', 'registered_name': None}


def h5(path, config, version='2.2.4', link=None):
    """A legacy file; `link` makes something inside it."""
    import h5py
    with h5py.File(str(path), 'w') as file:
        file.attrs['model_config'] = json.dumps(config).encode()
        if version:
            file.attrs['keras_version'] = version.encode()
        file.attrs['backend'] = b'tensorflow'
        weights = file.create_group('model_weights')
        weights.attrs['layer_names'] = np.array([], 'S1')
        if link is not None:
            link(weights)
    return str(path)


def keras(path, config, version='3.9.0', link=None, members=(), compression=zipfile.ZIP_STORED):
    """A .keras file."""
    import h5py
    weights = str(path) + '.weights'
    with h5py.File(weights, 'w') as file:
        file.create_group('layers')
        if link is not None:
            link(file)
    with zipfile.ZipFile(str(path), 'w', compression) as archive:
        archive.writestr('metadata.json', json.dumps({'keras_version': version}))
        archive.writestr('config.json', json.dumps(config))
        archive.write(weights, 'model.weights.h5')
        for name, content in members:
            archive.writestr(name, content)
    os.remove(weights)
    return str(path)


def saved_model(folder, build, first=None, **options):
    """A SavedModel of TensorFlow 1: `build(x)` gives its output; `first` what loading runs."""
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 2], name='x')
        w = tf.Variable([[1.], [2.]], name='w')
        y = tf.identity(build(tf.matmul(x, w)), name='y')
        session.run(tf.global_variables_initializer())
        main_op = first and first()
        builder = tf.saved_model.Builder(str(folder))
        sign = tf.saved_model.predict_signature_def({'x': x}, {'y': y})
        builder.add_meta_graph_and_variables(session, ['serve'], {'serving_default': sign}, main_op=main_op, **options)
        builder.save()
    return str(folder)


def frozen(path, build):
    """A frozen GraphDef."""
    with tf.Graph().as_default() as graph:
        tf.identity(build(tf.placeholder(tf.float32, [None, 2], name='x')), name='y')
    with open(str(path), 'wb') as file:
        file.write(graph.as_graph_def().SerializeToString())
    return str(path)


def checkpoint(prefix, build):
    """A MetaGraph with its checkpoint."""
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 2], name='x')
        tf.identity(build(tf.matmul(x, tf.Variable([[1.], [2.]], name='w'))), name='y')
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, str(prefix))
    return str(prefix) + '.meta'


def _nested(layer):
    return sequential(dict(sequential(layer), config=dict(sequential(layer)['config'], name='inner')))


def _wrapped(kind, inner):
    return sequential(layer(kind, 'w', layer=inner))


def _h5(config, version='2.2.4'):
    return lambda folder: h5(os.path.join(str(folder), 'm.h5'), config(folder), version)


def _keras(config, version='2.15.0', **options):
    return lambda folder: keras(os.path.join(str(folder), 'm.keras'), config(folder), version, **options)


def _activation(function, **more):
    return lambda folder: sequential(dict(layer('Activation', 'a', activation=function), **more))


def _calling(folder):
    """A model whose second layer is io.write_file, of constants alone."""
    x = dict(layer('InputLayer', 'x', batch_input_shape=[None, 2]), name='x', inbound_nodes=[])
    w = dict(layer('TFOpLambda', 'w', function='io.write_file'), name='w',
             inbound_nodes=[['_CONSTANT_VALUE', -1, marker(folder), {'contents': 'x'}]])
    return {'class_name': 'Functional', 'config': {
        'name': 'm', 'layers': [x, w], 'input_layers': [['x', 0, 0]], 'output_layers': [['x', 0, 0]]}}


def _external(group):
    """Something in an HDF5 file that is read from another."""
    import h5py
    group['f'] = h5py.ExternalLink('/etc/passwd', 'f')


def _elsewhere(folder):
    return h5(os.path.join(str(folder), 'm.h5'), sequential(layer('Flatten', 'f')), link=_external)


def _raw(folder):
    """An HDF5 file whose weights are the bytes of another file."""
    return h5(os.path.join(str(folder), 'm.h5'), sequential(layer('Flatten', 'f')), link=lambda group: (
        group.create_dataset('f', (4,), 'u1', external=[('/etc/passwd', 0, 4)])))


def _both(folder):
    """An HDF5 file with code in it that is a harmless zip file as well."""
    path = _h5(lambda folder: sequential(old_lambda(folder)))(folder)
    plain = keras(os.path.join(str(folder), 'plain.keras'), sequential(layer('Flatten', 'f')))
    with open(path, 'ab') as file, open(plain, 'rb') as other:
        file.write(other.read())
    return path


def _other_ending(folder):
    path = _h5(lambda folder: sequential(old_lambda(folder)))(folder)
    os.rename(path, path[:-3] + '.model')
    return path[:-3] + '.model'


_PYTHON = 'holds Python code'
_FOREIGN = 'which is neither part of a Keras model nor in custom_objects'

#: Files that no Keras may load: name -> (what makes one in a folder, what the refusal says).
KERAS_FILES = {
    'lambda': (_h5(lambda folder: sequential(old_lambda(folder))), _PYTHON),
    'lambda of Keras 3': (_h5(lambda folder: sequential(new_lambda(folder), version='3'), '3.9.0'), _PYTHON),
    'zip': (_keras(lambda folder: sequential(old_lambda(folder))), _PYTHON),
    'zip of Keras 3': (_keras(lambda folder: sequential(new_lambda(folder), version='3'), '3.9.0'), _PYTHON),
    'raw': (_h5(lambda folder: sequential(old_lambda(folder, function_type='raw'))), _PYTHON),
    'shape': (_h5(lambda folder: sequential(old_lambda(
        folder, function='f', function_type='function', output_shape_type='lambda',
        output_shape=[code(folder), None, None]))), _PYTHON),
    'shape of Keras 3': (_h5(lambda folder: sequential(new_lambda(
        folder, function=function('builtins', 'tanh'), output_shape=written(folder)), version='3'), '3.9.0'), _PYTHON),
    'arguments': (_h5(lambda folder: sequential(new_lambda(
        folder, function=function('builtins', 'tanh'), arguments={'f': [written(folder)]}), version='3'), '3.9.0'),
        _PYTHON),
    'other class': (_h5(lambda folder: sequential(layer(
        'Own', 'o', cell={'dropout_fn': [code(folder), None, None], 'dropout_fn_type': 'lambda'}))), _PYTHON),
    'nested': (_h5(lambda folder: _nested(old_lambda(folder))), _PYTHON),
    'time distributed': (_h5(lambda folder: _wrapped('TimeDistributed', old_lambda(folder))), _PYTHON),
    'bidirectional': (_keras(lambda folder: _wrapped('Bidirectional', new_lambda(folder))), _PYTHON),
    'build config': (_keras(lambda folder: sequential(dict(
        layer('Flatten', 'f'), build_config={'f': written(folder)}))), _PYTHON),
    'compile config': (_keras(lambda folder: sequential(dict(
        sequential(layer('Flatten', 'f')), compile_config={'loss': written(folder)}))), _PYTHON),
    'text': (_h5(lambda folder: sequential(layer('Own', 'o', model=json.dumps(sequential(old_lambda(folder)))))),
             _PYTHON),
    'registered name': (_keras(lambda folder: sequential(dict(old_lambda(folder), class_name='keras>Lambda'))),
                        _PYTHON),
    'both': (_both, _PYTHON), 'other ending': (_other_ending, _PYTHON),
    'os.system': (_keras(_activation(function('os', 'system'))), "names 'os.system', " + _FOREIGN),
    'os.system in h5': (_h5(_activation(function('os', 'system')), '2.15.0'), "names 'os.system', " + _FOREIGN),
    'exec': (_keras(_activation(function('builtins', 'exec'))), "names 'builtins.exec', " + _FOREIGN),
    'get_file': (_keras(_activation(function('keras.utils', 'get_file')), '3.2.0'), _FOREIGN),
    'load_model': (_keras(_activation(function('keras.src.models.model', 'model_from_json')), '3.2.0'), _FOREIGN),
    'of a module': (_keras(_activation(function('keras.src.utils.generic_utils', 'os.system'))), _FOREIGN),
    'class': (_keras(lambda folder: sequential(dict(layer('Popen', 'p', args='ls'), module='subprocess'))),
              "names 'subprocess.Popen', " + _FOREIGN),
    'function as a class': (_keras(_activation({'class_name': 'get_file', 'module': 'keras.utils', 'config': {}})),
                            _FOREIGN),
    'spec': (_keras(_activation({'class_name': '__typespec__', 'spec_name': 'system', 'module': 'os', 'config': [],
                                 'registered_name': None})), "names 'os.system', " + _FOREIGN),
    'op': (_h5(_calling, '2.15.0'), "calls tf.io.write_file in the layer 'w' (TFOpLambda)"),
    'library': (_h5(lambda folder: sequential(layer('TFOpLambda', 'w', function='load_op_library'))),
                'calls tf.load_op_library'),
    'raw op': (_h5(lambda folder: sequential(layer('TFOpLambda', 'w', function='raw_ops.WriteFile'))),
               'calls tf.raw_ops.WriteFile'),
    'old function': (_h5(lambda folder: sequential(layer('SlicingOpLambda', 'w', function='compat.v1.gfile.Copy'))),
                     'calls tf.compat.v1.gfile.Copy'),
    'class method': (_h5(lambda folder: sequential(layer(
        'ClassMethod', 'w', cls_symbol='io.gfile.GFile', method_name='write'))), 'calls tf.io.gfile.GFile.write'),
    'property': (_h5(lambda folder: sequential(layer('InstanceProperty', 'w', attr_name='__class__'))),
                 "reads '__class__' of a Python object"),
    'node': (_h5(lambda folder: sequential(layer('TensorFlowOpLayer', 'w', constants={}, node_def={
        'name': 'w', 'op': 'ReadFile', 'input': ['x']}))), "reads files, by the op 'w' (ReadFile)"),
    'vocabulary': (_keras(lambda folder: sequential(layer('StringLookup', 'v', vocabulary='/etc/passwd'))),
                   "reads the file '/etc/passwd' in the layer 'v' (StringLookup)"),
    'column': (_h5(lambda folder: sequential(layer('DenseFeatures', 'd', feature_columns=[
        {'class_name': 'VocabularyFileCategoricalColumn', 'config': {'vocabulary_file': '/etc/passwd'}}]))),
        "reads the file '/etc/passwd' in the layer 'd' (DenseFeatures)"),
    'folder': (_keras(lambda folder: sequential(layer('TFSMLayer', 't', filepath='/tmp/m')), '3.9.0'),
               "opens the SavedModel '/tmp/m'"),
    'torch': (_keras(lambda folder: sequential(layer('TorchModuleWrapper', 't', module='x')), '3.9.0'),
              'holds pickled Python objects'),
    'link': (_elsewhere, "reads another file in the place of 'model_weights/f'"),
    'link in zip': (_keras(lambda folder: sequential(layer('Flatten', 'f')), link=_external),
                    "reads another file in the place of 'f'"),
    'raw bytes': (_raw, "reads another file in the place of 'model_weights/f'"),
    'outside': (_keras(lambda folder: sequential(layer('Flatten', 'f')), members=[('assets/../../x', '')]),
                "unpacks 'assets/../../x', outside of the model"),
}
