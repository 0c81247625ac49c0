"""Why a document was not printed.

RenderRefused                 the family: names the field, the reason and an example of what would be right
├── DocumentInvalid           the JSON is no such document (missing, unknown or wrong field)
├── FiguresDisagree           two places of one document give different figures
├── GlyphMissing              a character no bundled font can draw, or a control character
├── LetterTooLong             more than 260 words, or more than one page
├── LanguageMissing           no folder of words for the letter's language
├── LanguageIncomplete        a language's words are not complete: a text is missing, or takes other values
├── ResourceBlocked           something asked for a file or an address; only bundled fonts may be read
└── PressNotReady             a library or a bundled font that printing needs is missing or failed
"""


class RenderRefused(Exception):
    """A document that must not be printed. Its text is one sentence and ends with an example of what is right."""

    def __init__(self, field: str, reason: str, example: str) -> None:
        super().__init__(field, reason, example)
        self.field, self.reason, self.example = field, reason, example

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}; {self.example}"


class DocumentInvalid(RenderRefused):
    pass


class FiguresDisagree(RenderRefused):
    pass


class GlyphMissing(RenderRefused):
    pass


class LetterTooLong(RenderRefused):
    pass


class LanguageMissing(RenderRefused):
    pass


class LanguageIncomplete(RenderRefused):
    pass


class ResourceBlocked(RenderRefused):
    pass


class PressNotReady(RenderRefused):
    pass
