"""The words of a language, read from its folder under reports/languages and checked whole before one of them is used.

`<language>/letters.toml` has every string; `<language>-<REGION>/letters.toml` only those the region writes another way.
Every language is held against English: the same keys, the same {names}, every plural form its grammar has. A string
that is missing is an error when the press is warmed up, never a word of another language in a letter.
"""

import string
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from babel import Locale, UnknownLocaleError

from ...errors import LanguageIncomplete, LanguageMissing

FOLDER = Path(__file__).parents[2] / "languages"
REFERENCE = "en"
FORMS = {"zero", "one", "two", "few", "many", "other"}
LISTS = ("numbers", "ordinals")

Entry = str | Mapping[str, str] | tuple[str, ...]
Strings = Mapping[str, Entry]


def _flat(table: Mapping[str, object], path: str, where: str) -> Iterator[tuple[str, Entry]]:
    for name, value in table.items():
        key = f"{path}.{name}" if path else name
        if isinstance(value, str):
            yield key, value
        elif isinstance(value, list) and all(isinstance(item, str) for item in value):
            yield key, tuple(value)
        elif isinstance(value, dict) and value and set(value) <= FORMS:
            yield key, value
        elif isinstance(value, dict):
            yield from _flat(value, key, where)
        else:
            raise LanguageIncomplete(f"{where} {key}", "this is no text", 'write it as key = "text"')


def _read(tag: str, folder: Path) -> dict[str, Entry]:
    where = f"languages/{tag}/letters.toml"
    try:
        table = tomllib.loads((folder / tag / "letters.toml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LanguageIncomplete(where, f"the file cannot be read: {error}", "see languages/en/letters.toml") from error
    return dict(_flat(table, "", where))


def _names(entry: Entry) -> set[str]:
    """The {names} in a text, in all its forms together."""
    texts = [entry] if isinstance(entry, str) else list(entry.values()) if isinstance(entry, Mapping) else list(entry)
    found: set[str] = set()
    for text in texts:
        found |= {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    return found


def _compare(strings: Strings, reference: Strings, forms: set[str], where: str, whole: bool) -> None:
    """Refuse what is missing, unknown, or takes other values than English does."""
    for key in sorted(set(strings) - set(reference)):
        raise LanguageIncomplete(f"{where} {key}", "no letter asks for this", "see languages/en/letters.toml")
    for key in sorted(set(reference) - set(strings)) if whole else ():
        raise LanguageIncomplete(f"{where} {key}", "this text is missing", f"in English it is {reference[key]!r}")
    for key, entry in strings.items():
        model = reference[key]
        if isinstance(entry, Mapping) != isinstance(model, Mapping) or isinstance(entry, str) != isinstance(model, str):
            raise LanguageIncomplete(f"{where} {key}", "this has another form than in English", f"there: {model!r}")
        if isinstance(entry, Mapping) and set(entry) != forms:
            needed = ", ".join(sorted(forms))
            raise LanguageIncomplete(f"{where} {key}", f"it has {', '.join(sorted(entry))}", f"it needs {needed}")
        try:
            names = _names(entry)
        except ValueError as error:
            raise LanguageIncomplete(f"{where} {key}", str(error), "braces stand around a name only") from error
        if names != _names(model):
            raise LanguageIncomplete(
                f"{where} {key}",
                f"it takes {', '.join(sorted(names)) or 'nothing'}",
                f"it must take {', '.join(sorted(_names(model))) or 'nothing'}",
            )
        if key in LISTS and len(entry) != len(model):
            raise LanguageIncomplete(f"{where} {key}", f"it has {len(entry)} words", f"it must have {len(model)}")


def _forms(tag: str) -> set[str]:
    try:
        return set(Locale.parse(tag, sep="-").plural_form.tags) | {"other"}
    except (UnknownLocaleError, ValueError) as error:
        raise LanguageIncomplete(f"languages/{tag}", "no such language is known", "for example 'fr'") from error


def read_all(folder: Path) -> Mapping[str, Strings]:
    """Every language of the folder by its tag, complete: a region has the strings of its language beneath its own."""
    tags = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "_")))
    out: dict[str, Strings] = {}
    reference = _read(REFERENCE, folder)
    for tag in tags:  # a language sorts before its regions
        base = tag.partition("-")[0]
        strings = _read(tag, folder)
        if tag != base and base not in out:
            raise LanguageIncomplete(f"languages/{tag}", "its language is missing", f"add languages/{base}")
        _compare(strings, reference, _forms(tag), f"languages/{tag}/letters.toml", whole=tag == base)
        out[tag] = MappingProxyType({**out.get(base, {}), **strings})
    return MappingProxyType(out)


@cache
def catalogues() -> Mapping[str, Strings]:
    return read_all(FOLDER)


def languages() -> tuple[str, ...]:
    """The languages client letters can be printed in: "de", "en"."""
    return tuple(tag for tag in catalogues() if "-" not in tag)


def strings_of(tag: str) -> Strings:
    """The strings of a language tag: of its region where that has a folder, else of its language."""
    known = catalogues()
    found = known.get(tag) or known.get(tag.partition("-")[0])
    if found is None:
        there = ", ".join(languages())
        raise LanguageMissing("header.language", f"there are no words for {tag!r}", f"there is {there}")
    return found
