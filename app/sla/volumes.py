"""What an announced time must hold: volume, hours and rate, exactly. Pure.

Units are decimal, as drives are sold and rates are stated: 1 TB = 1,000 GB = 1,000,000 MB = 10^12 bytes.
"""

from __future__ import annotations

import re
from fractions import Fraction

UNITS = {"MB": 10**6, "GB": 10**9, "TB": 10**12, "PB": 10**15}
TERABYTE = UNITS["TB"]
_AMOUNT = re.compile(r"(\d{1,6}(?:\.\d{1,6})?) ?(MB|GB|TB|PB)", re.ASCII)
_BINARY = re.compile(r"[\d.]+ ?[KMGTP]i?iB", re.ASCII)


def volume(text: str) -> int:
    """Bytes of "2 TB" or "1.8 TB". Raises ValueError for anything else, binary units above all."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        if _BINARY.match(text.strip()):
            raise ValueError("is in binary units; decimal ones are wanted (1 TiB = 1.099512 TB), e.g. 2.2 TB")
        raise ValueError("must be an amount in MB, GB, TB or PB (decimal units), e.g. 2 TB")
    amount = Fraction(found[1]) * UNITS[found[2]]
    if amount <= 0:
        raise ValueError("must be more than nothing, e.g. 2 TB")
    return amount.numerator // amount.denominator  # six decimals of a megabyte are whole bytes


def rate(text: str) -> int:
    """Bytes per second of "150 MB/s". Raises ValueError."""
    amount, slash, per = text.strip().rpartition("/")
    if not slash or per.strip() != "s":
        raise ValueError("must be a rate in MB/s or GB/s (decimal units), e.g. 150 MB/s")
    try:
        return volume(amount)
    except ValueError:
        raise ValueError("must be a rate in MB/s or GB/s (decimal units), e.g. 150 MB/s") from None


def needed(bytes_: int, seconds: int) -> str:
    """The least sustained rate in MB/s, rounded up: three figures, and whole numbers from 100 on. "278"."""
    exact = Fraction(bytes_, seconds * UNITS["MB"])
    places = 0
    while exact * 10**places < 100 and places < 6:
        places += 1
    scaled = -((-exact.numerator * 10**places) // exact.denominator)
    return _decimal(scaled, places)


def takes(bytes_: int, per_second: int) -> tuple[int, str]:
    """How long a volume takes at a rate: seconds rounded up, and hours half up to a tenth. (13334, "3.7")."""
    exact = Fraction(bytes_, per_second)
    tenths = exact / 360
    return -(-exact.numerator // exact.denominator), _decimal(
        (2 * tenths.numerator + tenths.denominator) // (2 * tenths.denominator), 1
    )


def fits(per_second: int, seconds: int) -> int:
    """Bytes a rate moves in a time: exact."""
    return per_second * seconds


def _decimal(scaled: int, places: int) -> str:
    digits = str(scaled).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}".rstrip("0").rstrip(".") if places else digits
