"""How a letter greets the people it is written to."""

from collections.abc import Sequence

from .client.catalogue import strings_of


def greeting(language: str, names: Sequence[str]) -> str:
    """ "Dear Ms Okafor,", "Dear Ms Okafor, dear Mr Lee,", "Guten Tag Frau Okafor,"; `names` as people are addressed."""
    strings = strings_of(language)
    first, more = strings["greeting"], strings["greeting_more"]
    assert isinstance(first, str)
    assert isinstance(more, str)
    said = first.format(name=names[0])
    for name in names[1:]:
        said = more.format(before=said, name=name)
    return said
