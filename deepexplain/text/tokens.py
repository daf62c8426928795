"""A sentence as tokens, and which of them are a word together."""
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

#: The word of a token that belongs to none: a special one.
NONE = -1

#: How tokenizers mark a word: what a token that begins one starts with, or one that goes on with it.
WORDPIECE, BYTES, PIECES, ENDINGS, JOINED, SPACES = '##', 'Ġ', '▁', '</w>', '@@', ' '

#: Not at all: each token is a word.
EACH = ''


class Tokens(NamedTuple):
    """A sentence as a model reads it.

    Attributes:
        ids: m ints.
        names: the m tokens.
        words: the n words.
        owners: for each token the number of its word, or NONE.
        types: for each token which sentence of a pair it is of, 0 or 1, as the tokenizer counts.
        cut: whether the sentence was longer than what is allowed.
    """
    ids: List[int]
    names: List[str]
    words: List[str]
    owners: List[int]
    types: List[int]
    cut: bool = False


def marks_of(vocabulary: Sequence[str]) -> str:
    """How a vocabulary, or some tokens, marks words."""
    names = [name for name in vocabulary if isinstance(name, str)]
    for mark in (PIECES, BYTES):
        if any(name.startswith(mark) for name in names):
            return mark
    for mark in (ENDINGS, JOINED):
        if any(name.endswith(mark) and len(name) > len(mark) for name in names):
            return mark
    if any(_goes_on(name) for name in names):
        return WORDPIECE
    return EACH


def by_marks(names: Sequence[Optional[str]], special: Sequence[bool], mark: str
             ) -> Tuple[List[str], List[int]]:
    """The words that tokens make by their marks, and the word of each token."""
    parts: List[List[str]] = []
    owners: List[int] = []
    before: Optional[str] = None
    for name, apart in zip(names, special):
        if apart or name is None:
            owners.append(NONE)
            before = None
            continue
        if before is None or _begins(name, before, mark):
            parts.append([])
        parts[-1].append(name)
        owners.append(len(parts) - 1)
        before = name
    return [_plain(one, mark) for one in parts], owners


def by_offsets(texts: Sequence[str], special: Sequence[bool], names: Sequence[str], of_text: Sequence[Optional[int]],
               numbers: Sequence[Optional[int]], offsets: Sequence[Tuple[int, int]]) -> Tuple[List[str], List[int]]:
    """The same by where tokens stand in a text: a word ends where the tokenizer says so, or at white space.

    Args:
        of_text: the text of each token.
        numbers: its word, as the tokenizer counts.
        offsets: where it begins and ends.
    """
    spans: List[List[Any]] = []
    owners: List[int] = []
    before: Optional[Tuple[Any, Any, int]] = None
    for apart, name, which, number, (start, end) in zip(special, names, of_text, numbers, offsets):
        if apart or which is None:
            owners.append(NONE)
            before = None
            continue
        text = texts[which]
        # Some tokenizers take a whole sentence for one word.
        between = text[before[2]:start + 1] if before is not None and before[0] == which and start >= before[2] else ''
        if before is None or before[:2] != (which, number) or end > start and any(one.isspace() for one in between):
            spans.append([which, start, end, name])
        spans[-1][2] = max(spans[-1][2], end)
        owners.append(len(spans) - 1)
        before = (which, number, end)
    return [texts[which][start:end].strip() or name for which, start, end, name in spans], owners


def shortened(tokens: Tokens, longest: Optional[int]) -> Tokens:
    """Tokens of a given number at most: what is left out are the last of the sentence, of a pair of the longer one."""
    over = 0 if longest is None else len(tokens.ids) - longest
    if over <= 0:
        return tokens
    keep = list(range(len(tokens.ids)))
    for _ in range(over):
        plain = [place for place in keep if tokens.owners[place] != NONE] or keep
        of_first = [place for place in plain if tokens.types[place] == tokens.types[plain[0]]]
        keep.remove((plain if len(plain) - len(of_first) >= len(of_first) else of_first)[-1])
    left = sorted({tokens.owners[place] for place in keep} - {NONE})
    renamed: Dict[int, int] = {NONE: NONE, **{word: i for i, word in enumerate(left)}}
    return Tokens([tokens.ids[place] for place in keep], [tokens.names[place] for place in keep],
                  [tokens.words[word] for word in left], [renamed[tokens.owners[place]] for place in keep],
                  [tokens.types[place] for place in keep], True)


def _begins(name: str, before: str, mark: str) -> bool:
    """Whether a token begins a word."""
    if mark in (PIECES, BYTES):
        return name.startswith((PIECES, BYTES, 'Ċ'))
    if mark == ENDINGS:
        return before.endswith(ENDINGS)
    if mark == JOINED:
        return not before.endswith(JOINED)
    if mark == SPACES:
        return name[:1].isspace() or before[-1:].isspace()
    return not (mark == WORDPIECE and _goes_on(name))


def _goes_on(name: str) -> bool:
    return name.startswith(WORDPIECE) and len(name) > len(WORDPIECE)


def _plain(names: List[str], mark: str) -> str:
    """A word without marks."""
    whole = ''.join(names)
    if mark == BYTES:
        try:
            found = bytes(_BYTE_OF[one] for one in whole).decode('utf-8', 'replace').strip()
        except KeyError:  # A token of the user's own is no bytes.
            found = whole.replace(BYTES, ' ').strip()
    elif mark == WORDPIECE:
        found = names[0] + ''.join(name[len(WORDPIECE):] for name in names[1:])
    elif mark == JOINED:
        found = ''.join(name[:-len(JOINED)] if name.endswith(JOINED) else name for name in names)
    else:
        found = whole.replace(mark, '' if mark == ENDINGS else ' ').strip() if mark else whole
    return found or whole


def _letters() -> Dict[str, int]:
    """The letter that byte-level vocabularies write for each byte: itself where it is seen, else one from U+0100 on."""
    seen = [byte for byte in range(256) if 33 <= byte <= 126 or 161 <= byte <= 172 or byte >= 174]
    hidden = [byte for byte in range(256) if byte not in seen]
    return {**{chr(byte): byte for byte in seen}, **{chr(256 + i): byte for i, byte in enumerate(hidden)}}


_BYTE_OF = _letters()
