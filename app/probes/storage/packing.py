"""Columns of integers and of texts as few bytes, without loss. Pure.

Integers are written as their distance from a reference, all in the same number of bits; the few that do not fit stand
apart. The width is the one that takes least. Where there are many, those that crowd around a middle may take fewer bits
the nearer they are: the low bits of each, then the rest as so many ones and a zero. Texts are written once each, with
the runs in which they follow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

APART = 0x40  # some stand apart
SHIFTED = 0x80  # the reference is not zero
WIDEST = 0x3F
NEAR = 0x7F  # of the first byte: they crowd around a middle


class Broken(ValueError):
    """Bytes that no packing has made."""


class Writer(bytearray):
    dense = False  # whether integers may be written as crowding around a middle

    def number(self, value: int) -> None:
        """A whole number, not negative, in groups of seven bits."""
        while value > 0x7F:
            self.append(value & 0x7F | 0x80)
            value >>= 7
        self.append(value)

    def signed(self, value: int) -> None:
        self.number(value << 1 if value >= 0 else (-value << 1) - 1)

    def block(self, content: bytes) -> None:
        self.number(len(content))
        self += content

    def integers(self, values: Sequence[int]) -> None:
        """How many there are is known to whoever reads them."""
        cost, reference, width, apart = _plan(values)
        if self.dense and (near := _near(values, cost)) is not None:
            self._near(*near)
            return
        self.append(width | (APART if apart else 0) | (SHIFTED if reference else 0))
        if reference:
            self.signed(reference)
        top = 1 << width
        outside = [(place, value) for place, value in enumerate(values) if not 0 <= value - reference < top]
        if width:
            self._bits([value - reference if 0 <= value - reference < top else 0 for value in values], width)
        if apart:
            self.number(len(outside))
            before = 0
            for place, value in outside:
                self.number(place - before)
                self.signed(value - reference)
                before = place

    def _near(self, middle: int, low: int, away: list[int]) -> None:
        self.append(NEAR)
        self.signed(middle)
        self.append(low)
        if low:
            self._bits([value & (1 << low) - 1 for value in away], low)
        rest = "".join("1" * (value >> low) + "0" for value in away)
        self += int(rest[::-1], 2).to_bytes((len(rest) + 7) // 8, "little")

    def _bits(self, values: Sequence[int], width: int) -> None:
        for start in range(0, len(values), 8):
            packed = 0
            part = values[start : start + 8]
            for place, value in enumerate(part):
                packed |= value << place * width
            self += packed.to_bytes((len(part) * width + 7) // 8, "little")

    def texts(self, values: Sequence[str | None]) -> None:
        words = [word for word in dict.fromkeys(values) if word is not None]
        self.number(len(words))
        if not words:
            return
        for word in words:
            self.block(word.encode())
        self.runs([0 if value is None else words.index(value) + 1 for value in values])

    def runs(self, values: Sequence[int]) -> None:
        for value, group in groupby(values):
            self.number(value)
            self.number(sum(1 for _ in group))


class Reader:
    def __init__(self, content: bytes) -> None:
        self.content, self.place = content, 0

    def byte(self) -> int:
        try:
            value = self.content[self.place]
        except IndexError:
            raise Broken("the bytes end too early") from None
        self.place += 1
        return value

    def number(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 70:
                raise Broken("a number that does not end")

    def signed(self) -> int:
        value = self.number()
        return value >> 1 if not value & 1 else -(value + 1 >> 1)

    def take(self, length: int) -> bytes:
        content = self.content[self.place : self.place + length]
        if len(content) != length:
            raise Broken("the bytes end too early")
        self.place += length
        return content

    def block(self) -> bytes:
        return self.take(self.number())

    def integers(self, count: int) -> list[int]:
        head = self.byte()
        if head == NEAR:
            return self._near(count)
        reference = self.signed() if head & SHIFTED else 0
        width = head & WIDEST
        values = self._bits(count, width, reference) if width else [reference] * count
        if head & APART:
            place = 0
            for _ in range(self.number()):
                place += self.number()
                if place >= count:
                    raise Broken("a value beyond the last")
                values[place] = reference + self.signed()
        return values

    def _near(self, count: int) -> list[int]:
        middle, low = self.signed(), self.byte()
        lows = self._bits(count, low, 0) if low else [0] * count
        rest: list[str] = []
        text = ""
        while len(rest) <= count:  # the last of them is what is left over of the last byte
            part = self.content[self.place : self.place + count // 2 + 8]
            if not part:
                raise Broken("the bytes end too early")
            text += f"{int.from_bytes(part, 'little'):0{8 * len(part)}b}"[::-1]
            self.place += len(part)
            rest = text.split("0", count)
        used = sum(map(len, rest[:count])) + count
        self.place -= (len(text) - used) // 8
        away = [len(ones) << low | value for ones, value in zip(rest, lows, strict=False)]
        return [middle - (value + 1 >> 1) if value & 1 else middle + (value >> 1) for value in away]

    def _bits(self, count: int, width: int, reference: int) -> list[int]:
        out: list[int] = []
        mask = (1 << width) - 1
        shifts = range(0, 8 * width, width)
        for start in range(0, count, 8):
            part = min(8, count - start)
            packed = int.from_bytes(self.take((part * width + 7) // 8), "little")
            out += [(packed >> shift & mask) + reference for shift in shifts[:part]]
        return out

    def texts(self, count: int) -> list[str | None]:
        words: list[str | None] = [None, *(self.block().decode() for _ in range(self.number()))]
        if len(words) == 1:
            return [None] * count
        places = self.runs(count)
        if max(places) >= len(words):
            raise Broken("a text that is not there")
        return [words[place] for place in places]

    def runs(self, count: int) -> list[int]:
        out: list[int] = []
        while len(out) < count:
            value, often = self.number(), self.number()
            if not 0 < often <= count - len(out):
                raise Broken("a run beyond the last")
            out += [value] * often
        return out


def _near(values: Sequence[int], most: int) -> tuple[int, int, list[int]] | None:
    """The middle, how many low bits stand as they are, and how far each is away from it (odd: below), where that takes
    fewer bits."""
    middle = sorted(values)[len(values) // 2]
    away = [value - middle << 1 if value >= middle else (middle - value << 1) - 1 for value in values]
    usual = max(1, sum(away) // len(away)).bit_length() - 1
    best = None
    for low in range(max(0, usual - 2), min(usual + 2, WIDEST)):
        cost = sum(value >> low for value in away) + len(away) * (1 + low) + 24
        if cost < most:
            most, best = cost, (middle, low, away)
    return best


def _plan(values: Sequence[int]) -> tuple[int, int, int, bool]:
    """What it takes in bits; reference, width, and whether any stands apart: what takes least."""
    ordered = sorted(values)
    best: tuple[int, int, int, bool] | None = None
    for reference in dict.fromkeys((0 if ordered[0] >= 0 else ordered[0], ordered[0], ordered[len(ordered) // 16])):
        lengths = Counter((value - reference).bit_length() if value >= reference else 99 for value in values)
        for width in {min(length, WIDEST - 1) for length in lengths} | {0}:
            far = sum(often for length, often in lengths.items() if length > width)
            wide = sum(often * (8 + 7 * (length // 6 + 1)) for length, often in lengths.items() if 99 > length > width)
            cost = len(values) * width + wide + 40 * lengths[99] * (far > 0) + (16 if reference else 0) + (far > 0) * 8
            if best is None or cost < best[0]:
                best = cost, reference, width, far > 0
    assert best is not None
    return best
