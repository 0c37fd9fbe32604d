"""Keeps the catalogues in step with the code: ``python -m resources.texts.catalogue``, or ``make texts``.

Extracts every text from the code, brings each ``.po`` up to date and compiles it. With ``--check`` it writes
nothing and fails where something is out of step, untranslated or translated with other placeholders.
"""

import ast
import io
import re
import string
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from resources.files import write_atomically
from resources.texts.translate import DOMAIN, ENGLISH, LANGUAGES, LOCALE_FOLDER, Language

ROOT = Path(__file__).parents[2]
PACKAGES = ("trainplat_assets", "streamlit_app", "trainplat_cli", "sensors", "resources", "benchmarks")
KEYWORDS = {"_": 1, "mark": 1, "ngettext": 2}
"""Who takes texts, and how many."""

# The same texts give the same bytes, whenever and by whomever they are compiled.
_FIXED_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
_HEADER = "# Written by `make texts` from the code; people edit the msgstr lines."
_RICH_TAG = re.compile(r"\[/?[a-z][a-z0-9_ ]*\]")
_CODE_SPAN = re.compile(r"`[^`]*`")


def po_path(language: Language) -> Path:
    """The translations that people edit."""
    return LOCALE_FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def extract(root: Path = ROOT) -> Catalog:
    """Every text in the code, without translations. Places are files: line numbers would change daily.

    Raises :class:`ValueError` for a text that is put together: it could never be looked up.
    """
    catalogue = Catalog(project=DOMAIN, creation_date=_FIXED_MOMENT)
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            place = path.relative_to(root).as_posix()
            for text in texts_of(path.read_text(), place):
                catalogue.add(text, None, [(place, 1)])
    return catalogue


def texts_of(code: str, place: str) -> Iterator[str | tuple[str, str]]:
    """The texts in one file, those inside f-strings too, which Babel's own extractor passes over."""
    for node in ast.walk(ast.parse(code)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS):
            continue
        given = node.args[: KEYWORDS[node.func.id]]
        texts = [one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if any(isinstance(one, ast.JoinedStr | ast.BinOp) for one in given):
            raise ValueError(f"{place}:{node.lineno}: a text that is put together cannot be translated")
        if texts and len(texts) == KEYWORDS[node.func.id]:
            yield texts[0] if len(texts) == 1 else (texts[0], texts[1])


def updated(language: Language, root: Path = ROOT) -> Catalog:
    """The catalogue of ``language`` with exactly the texts that are in the code."""
    path = po_path(language)
    known = read_po(io.BytesIO(path.read_bytes()), locale=language) if path.exists() else Catalog(language)
    # A guess at what a changed text might mean is worse than a text that is known to be missing.
    known.update(extract(root), no_fuzzy_matching=True)
    known.obsolete.clear()
    known.project, known.version, known.msgid_bugs_address = DOMAIN, "1", "-"
    known.fuzzy, known.header_comment = False, _HEADER
    known.creation_date = known.revision_date = _FIXED_MOMENT
    known.last_translator, known.language_team = DOMAIN, LANGUAGES[language]
    return known


def faults(catalogue: Catalog) -> list[str]:
    """What a reader would stumble over: each text that is not translated, or with other placeholders."""
    return [fault for message in catalogue if message.id for fault in _faults_of(message)]


def po_bytes(catalogue: Catalog) -> bytes:
    """The catalogue as people edit it."""
    written = io.BytesIO()
    write_po(written, catalogue, width=110, include_lineno=False, sort_output=True)
    return written.getvalue()


def mo_bytes(catalogue: Catalog) -> bytes:
    """The catalogue as programs read it."""
    written = io.BytesIO()
    write_mo(written, catalogue)
    return written.getvalue()


def main(arguments: list[str]) -> int:
    """Write the catalogues, or with ``--check`` compare them. Returns the exit code."""
    check, failed = arguments == ["--check"], False
    for language in (language for language in LANGUAGES if language != ENGLISH):
        path, catalogue = po_path(language), updated(language)
        for target, content in ((path, po_bytes(catalogue)), (path.with_suffix(".mo"), mo_bytes(catalogue))):
            same = target.exists() and target.read_bytes() == content
            if check and not same:
                failed = True
                sys.stderr.write(f"{target.relative_to(ROOT)} is out of step; run `make texts`\n")
            elif not same:
                write_atomically(target, content)
        for fault in faults(catalogue):
            failed = True
            sys.stderr.write(f"{path.relative_to(ROOT)}: {fault}\n")
    return int(failed)


def _faults_of(message: Message) -> Iterator[str]:
    sources, translations = _forms(message.id), _forms(message.string)
    if not translations or not all(translations):
        yield f"{sources[0]!r} is not translated"
        return
    for translation in translations:
        if _placeholders(translation) not in [_placeholders(source) for source in sources]:
            yield f"{sources[0]!r} is translated with other placeholders: {translation!r}"


def _forms(texts: str | Sequence[str] | None) -> list[str]:
    return [texts] if isinstance(texts, str) else list(texts or ())


def _placeholders(text: str) -> list[str]:
    fields = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    return sorted(fields + _RICH_TAG.findall(text) + _CODE_SPAN.findall(text))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
