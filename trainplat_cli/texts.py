"""The texts of the command line, looked up when they are shown."""

from resources.texts import plural_translator, translator


def _(text: str) -> str:
    """``text`` in the language of the environment."""
    return translator()(text)


def ngettext(singular: str, plural: str, count: int) -> str:
    """The form that fits ``count``, in the language of the environment."""
    return plural_translator()(singular, plural, count)
