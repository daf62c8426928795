"""Text for people: names out of files may hold what a terminal would obey, or what turns a line around."""
import re

#: C0, DEL, C1, the separators of lines, what overrides the direction of writing, and halves of characters.
_CONTROL = re.compile('[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]')


def visible(text: str) -> str:
    """A text in one line, its control characters as Python writes them; letters of all scripts stay as they are."""
    return _CONTROL.sub(lambda found: repr(found.group())[1:-1], text)


def visible_lines(text: str) -> str:
    """The same for a text of several lines."""
    return '\n'.join(visible(line) for line in text.split('\n'))


def in_words(size: float) -> str:
    """A number of bytes for people."""
    for unit in ('bytes', 'KiB', 'MiB', 'GiB'):
        if size < 1024 or unit == 'GiB':
            return ('%d %s' if unit == 'bytes' else '%.1f %s') % (size, unit)
        size /= 1024.
    raise AssertionError
