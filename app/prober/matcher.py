"""Matches regular expressions in a process of its own, which can be ended when one never comes to an end.

Run as a file, by an interpreter without its site packages: it knows nothing of the rest. Each question is 8 bytes
(two lengths), the pattern and the text; each answer 4 bytes (a length, -1 where nothing fits) and the group found.
"""

import re
import struct
import sys


def main() -> None:
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    while len(head := questions.read(8)) == 8:
        pattern, text = (questions.read(length).decode("utf-8", "replace") for length in struct.unpack(">II", head))
        try:
            found = re.search(pattern, text)
            group = None if found is None else (found.group(1) if found.re.groups else found.group())
        except (re.error, RecursionError, MemoryError):
            group = None
        said = None if group is None else group[:1000].encode("utf-8", "replace")
        answers.write(struct.pack(">i", -1) if said is None else struct.pack(">i", len(said)) + said)
        answers.flush()


if __name__ == "__main__":
    main()
