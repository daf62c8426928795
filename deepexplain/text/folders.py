"""Tokenizers from files, of which nothing is executed."""
import os
from typing import Any, Dict

#: Of transformers, from the folder of a model.
_CONFIGS = ('tokenizer_config.json', 'config.json')


def load(path: str) -> Any:
    """The tokenizer in a folder, or in a file of it.

    By transformers, where the folder has a tokenizer of it and it is installed; else a `tokenizer.json` by tokenizers;
    else a `vocab.txt` of words, one a line, that are told apart by white space.

    Raises:
        ValueError: there is none, it cannot be read, or what reads it is not installed, with the path.
    """
    if not os.path.exists(path):
        raise ValueError(f"tokenizer: there is no folder or file '{path}'.")
    folder = os.path.isdir(path)
    names = sorted(os.listdir(path)) if folder else [os.path.basename(path)]
    packed = [name for name in names if name.endswith(('.pkl', '.pickle'))]
    if packed:
        raise ValueError(f"tokenizer: '{os.path.join(path, packed[0]) if folder else path}' is a pickle, which can run "
                         'any code.')
    missing = []
    if folder and any(name in names for name in _CONFIGS) and len(names) > 1:
        try:
            from transformers import AutoTokenizer
        except ImportError:
            missing.append('transformers')
        else:
            return _by_transformers(AutoTokenizer, path)
    for name in names:
        file = os.path.join(path, name) if folder else path
        if name == 'tokenizer.json':
            try:
                from tokenizers import Tokenizer
            except ImportError:
                missing.append('tokenizers')
                continue
            try:
                return Tokenizer.from_file(file)
            except Exception as error:  # noqa: B902, which one is its own affair
                raise ValueError(f"tokenizer: '{file}' cannot be read: {_line(error)}.") from None
    for name in names:
        if name == 'vocab.txt' or not folder and name.endswith('.txt'):
            return _words(os.path.join(path, name) if folder else path, missing)
    if missing:
        raise ValueError("tokenizer: '%s' needs a package that is not installed: pip install %s." % (
            path, ' or '.join(missing)))
    raise ValueError(f"tokenizer: '{path}' holds no tokenizer: expected the files of one of transformers, a "
                     'tokenizer.json, or a vocab.txt of one word a line.')


def _by_transformers(auto: Any, path: str) -> Any:
    try:
        return auto.from_pretrained(path, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # noqa: B902, whatever transformers raises
        raise ValueError(f"tokenizer: transformers cannot read '{path}': {_line(error)}.") from None


def _words(path: str, missing: Any) -> Dict[str, int]:
    try:
        with open(path, encoding='utf-8') as file:
            words = file.read().split('\n')
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"tokenizer: '{path}' cannot be read: {_line(error)}.") from None
    words = [word[:-1] if word.endswith('\r') else word for word in (words[:-1] if words[-1] == '' else words)]
    if any(word.startswith('##') and len(word) > 2 for word in words):
        raise ValueError("tokenizer: '%s' is of WordPiece (##), which needs a tokenizer: pip install %s%s." % (
            path, missing[0] if missing else 'transformers',
            '' if missing else ', and keep the tokenizer_config.json beside it'))
    if not words:
        raise ValueError(f"tokenizer: '{path}' has no words.")
    found: Dict[str, int] = {}
    for number, word in enumerate(words):
        if found.setdefault(word, number) != number:
            raise ValueError("tokenizer: '%s' has a word twice, '%s', in lines %d and %d." % (
                path, word, found[word] + 1, number + 1))
    return found


def _line(error: BaseException) -> str:
    return ' '.join(str(error).split())[:300].rstrip('.') or type(error).__name__
