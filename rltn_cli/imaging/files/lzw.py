"""LZW codes of GIF and TIFF, followed to see how many values they stand for."""


def count_gif_values(packed: bytes, bits: int, most: int) -> int:
    """Return how many pixels codes stand for, up to the end code; -1 if a code is invalid.

    Args:
        packed: codes, the lowest bit first.
        bits: of a pixel.
        most: values after which it does not matter.
    """
    if not 1 <= bits <= 11:
        return -1
    return _count(packed, bits, most, lowest_first=True)


def count_tiff_values(packed: bytes, most: int) -> int:
    """Return how many bytes a strip's codes stand for, as above; here the highest bit is first."""
    return _count(packed, 8, most, lowest_first=False)


def _count(packed: bytes, bits: int, most: int, *, lowest_first: bool) -> int:
    """Follow codes: each stands for one value more than the one before it, of which it is made."""
    clear, end = 1 << bits, (1 << bits) + 1
    fresh = [1] * clear + [0, 0]
    early = 0 if lowest_first else 1
    lengths, width, previous, total, held, number = fresh.copy(), bits + 1, 0, 0, 0, 0
    for byte in packed:
        held = held | byte << number if lowest_first else held << 8 | byte
        number += 8
        if number < width:
            continue
        number -= width
        if lowest_first:
            code = held & ((1 << width) - 1)
            held >>= width
        else:
            code = held >> number
            held &= (1 << number) - 1
        if code == end:
            return total
        if code == clear:
            lengths, width, previous = fresh.copy(), bits + 1, 0
            continue
        known = len(lengths)
        if code > known or (code == known and not previous):
            return -1
        if previous and known < 4096:
            lengths.append(previous + 1)
            known += 1
        elif code == known:
            return -1
        previous = lengths[code]
        total += previous
        if total > most:
            return total
        if known + early >= 1 << width and width < 12:
            width += 1
    return total
