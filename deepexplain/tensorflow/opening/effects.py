"""What the ops of TensorFlow do besides computing."""
from typing import Any, Callable, Dict, Optional, Tuple

import tensorflow.compat.v1 as tf

#: What an op does -> the types of the ops that do so. Ops that TensorFlow does not know cannot be loaded anyway.
DOING = {
    'calls Python functions': 'PyFunc PyFuncStateless EagerPyFunc',
    'calls other code': 'XlaCustomCall XlaCustomCallV2 RemoteFusedGraphExecute DatasetFromGraph',
    'reads files':
        'ReadFile MatchingFiles MatchingFilesDataset ExperimentalMatchingFilesDataset ImmutableConst RecordInput '
        'Skipgram LoadAndRemapMatrix GenerateVocabRemapping Restore RestoreSlice RestoreV2 DTensorRestoreV2 '
        'FixedLengthRecordReader FixedLengthRecordReaderV2 LMDBReader TextLineReader TextLineReaderV2 TFRecordReader '
        'TFRecordReaderV2 WholeFileReader WholeFileReaderV2 CSVDataset CSVDatasetV2 ExperimentalCSVDataset '
        'FixedLengthRecordDataset FixedLengthRecordDatasetV2 LMDBDataset ExperimentalLMDBDataset LoadDataset '
        'SnapshotDatasetReader SnapshotNestedDatasetReader SnapshotChunkDataset ListSnapshotChunksDataset SqlDataset '
        'ExperimentalSqlDataset TFRecordDataset TFRecordDatasetV2 TextLineDataset InitializeTableFromTextFile '
        'InitializeTableFromTextFileV2 InitializeTRTResource',
    'writes files':
        'WriteFile Save SaveSlices SaveV2 MergeV2Checkpoints SaveDataset SaveDatasetV2 SnapshotDataset '
        'SnapshotDatasetV2 DatasetToTFRecord ExperimentalDatasetToTFRecord DistributedSave DumpTensor '
        'CalibrationStatisticsSaver SerializeTRTResource CreateSummaryFileWriter CreateSummaryDbWriter WriteSummary '
        'WriteAudioSummary WriteGraphSummary WriteHistogramSummary WriteImageSummary WriteRawProtoSummary '
        'WriteScalarSummary ImportEvent StatsAggregatorSetSummaryWriter FileSystemSetConfiguration',
    'talks to other processes':
        'Send Recv _Send _Recv _HostSend _HostRecv Rpc TryRpc RpcCall RpcClient RpcServer RpcServerRegister '
        'RpcServerStart RegisterDataset RegisterDatasetV2 DataServiceDataset DataServiceDatasetV2 DataServiceDatasetV3 '
        'DataServiceDatasetV4 BigQueryReader GcsConfigureBlockCache GcsConfigureCredentials'}
DOES = {one: what for what, types in DOING.items() for one in types.split()}

#: Those whose attribute decides: type -> (the attribute, what values are harmless, what it does with others).
BY_ATTRIBUTE: Dict[str, Tuple[str, Callable[[bytes], bool], str]] = {
    'PrintV2': ('output_stream', lambda value: not value.startswith(b'file:'), 'writes files'),
    'FixedUnigramCandidateSampler': ('vocab_file', lambda value: not value, 'reads files'),
    'EncodeProto': ('descriptor_source', lambda value: value[:8] in (b'', b'local://', b'bytes://'), 'reads files'),
    'DecodeProtoV2': ('descriptor_source', lambda value: value[:8] in (b'', b'local://', b'bytes://'), 'reads files')}
BY_ATTRIBUTE.update({kind: ('debug_urls', lambda value: not value, 'writes files or talks to other processes')
                     for kind in ('DebugIdentity', 'DebugIdentityV2', 'DebugIdentityV3', 'DebugNanCount',
                                  'DebugNumericSummary')})

#: Those that write a file only where the second input is not empty.
CACHING = ('CacheDataset', 'CacheDatasetV2')

#: All of these.
SUSPECT = frozenset(list(DOES) + list(BY_ATTRIBUTE) + list(CACHING))


def does(node: Any, constant: Callable[[str], Optional[bytes]]) -> Optional[str]:
    """What an op does besides computing, None for most.

    Args:
        constant: finds the string that an input has, None where that hangs on what is computed.
    """
    what = DOES.get(node.op)
    if node.op in BY_ATTRIBUTE:
        attribute, harmless, then = BY_ATTRIBUTE[node.op]
        value = node.attr[attribute] if attribute in node.attr else tf.AttrValue()
        if not all(harmless(one) for one in [value.s] + list(value.list.s)):
            what = then
    elif node.op in CACHING and constant(node.input[1] if len(node.input) > 1 else '') != b'':
        what = 'writes files'
    return what and f"{what}, by the op '{node.name}' ({node.op})"
