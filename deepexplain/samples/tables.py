"""Tables of text, for the command line and jobs."""


def is_number(text: str) -> bool:
    """Whether a value of a table is a number."""
    try:
        float(text)
        return True
    except ValueError:
        return False
