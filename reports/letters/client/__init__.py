"""What client letters say, L1 to L11, in the words of the language they are printed in."""

from .catalogue import languages
from .voice import Voice, voice_of

__all__ = ["Voice", "languages", "voice_of"]
