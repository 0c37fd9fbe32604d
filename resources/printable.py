"""Texts of any origin as people can read them and every stream can write them."""


def printable(text: str) -> str:
    """``text``, with bytes that are no UTF-8, and halves of characters, shown by their numbers."""
    try:
        return text.encode(errors="surrogateescape").decode(errors="backslashreplace")
    except UnicodeEncodeError:  # a half that stands for no byte, as JSON may have it
        return text.encode(errors="backslashreplace").decode()
