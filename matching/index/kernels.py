"""The compiled core of the search for near fingerprints: exact multi-index hashing.

A 256-bit value is 16 words of 16 bits. Table t keeps all rows sorted by word t (`starts[t]` is
where the rows of each of the 65,536 words begin) and with each row its *next* word, t + 1 mod 16.

Why nothing within the radius r is left out. Let r = 16 s + a, and let the reach T of a word be s
for words 0 to a and s - 1 for the others, so that the sum of (T + 1) is r + 1. If the words'
distances d sum to at most r, then the differences d - (T + 1) sum to less than zero, and a circle
of integers with a negative sum has a place from which every running sum is negative: the place
just after the running sum was last at its highest. From that place t on,
    d[t] <= T[t]   and   d[t] + d[t + 1] <= T[t] + T[t + 1] + 1.
The first is multi-index hashing (Norouzi, Punjani, Fleet 2014): look up the words within T[t]
of the query's. The second (the pigeonring of Qin and Xiao 2018, for two places) throws out 199
of 200 candidates by the next word, which lies beside them, before a value is fetched from memory.

A row that satisfies both at several tables is reported at the first of them only.

The intrinsics stand in this file because numba's cache does not see a change in another.
"""

from typing import Any

import numba.core.cgutils
import numpy as np
from numba import njit
from numba.extending import intrinsic

from matching.index.compiled import compiled, frozen, types

cgutils: Any = numba.core.cgutils
ir: Any = cgutils.ir

TABLES = 16
WORDS = 1 << 16
LANES = 32
"""Next words are compared this many at once; their array is that much longer than its content."""
MAX_RADIUS = 63
"""In bits. Beyond it, words 4 bits off would be looked up, and a scan is as fast."""

CORRUPT = -1
"""`search` returns this as the next query where the tables point outside themselves."""

_FULL, _BAD, _COSTLY = -1, -2, -3

# All differences of at most MAX_RADIUS // TABLES = 3 bits, the smallest first, and how many of
# them have at most 0, 1, 2, 3 bits.
_BITS = np.bitwise_count(np.arange(WORDS, dtype=np.uint16))
_FLIPS = np.argsort(_BITS, kind="stable")[: np.count_nonzero(_BITS <= 3)].astype(np.uint64)
_FLIPPED = np.sort(_BITS, kind="stable")[: len(_FLIPS)].astype(np.int64)
_WITHIN = np.cumsum(np.bincount(_FLIPPED)).astype(np.int64)

# Costs, in rows of a scan (1.5 ns each); measured, and only speed depends on them.
_LOOKUP = 16
"""Looking up one word in one table, candidates of a list of a million included."""
_FETCH = 32
"""Fetching the value of a candidate. Whoever needs more of them than a scan costs gets a scan."""

U = np.uint64
_ONE, _THREE, _SIXTEEN, _WORD = U(1), U(3), U(16), U(WORDS - 1)
_LANES = U(LANES)

_PENDING = 512
"""Candidates that are collected before their values are fetched."""
_TABLE_BITS = U(48)
_PLACE = (_ONE << _TABLE_BITS) - _ONE
"""A pending candidate is its place, 16 n at most, with its table above it."""


def _population(_context: Any, number: Any) -> Any:
    """How many bits of an integer are set."""

    def code(_: Any, builder: Any, __: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return number(number), code


def _trailing_zeros(_context: Any, number: Any) -> Any:
    """The position of the lowest set bit of an integer that is not 0."""

    def code(_: Any, builder: Any, __: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return number(number), code


def _fetch_ahead(_context: Any, array: Any, place: Any) -> Any:
    """Ask for array[place] to be fetched into the cache. Any place is allowed."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        pointer, i32 = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer, i32, i32, i32])
        fetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        address = builder.bitcast(builder.gep(data, [args[1]]), pointer)
        builder.call(fetch, [address, i32(0), i32(3), i32(1)])  # to read, keep, data
        return context.get_dummy_value()

    return types.void(array, types.uint64), code


def _lanes_within(_context: Any, array: Any, place: Any, word: Any, limit: Any) -> Any:
    """Bit j is set where array[place + j] is within `limit` bits of `word`, for LANES places."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        lanes, i32 = ir.VectorType(ir.IntType(16), LANES), ir.IntType(32)

        def everywhere(scalar: Any) -> Any:
            one = builder.insert_element(ir.Constant(lanes, ir.Undefined), scalar, i32(0))
            zeros = ir.Constant(ir.VectorType(i32, LANES), [0] * LANES)
            return builder.shuffle_vector(one, one, zeros)

        address = builder.bitcast(builder.gep(data, [args[1]]), lanes.as_pointer())
        differences = builder.xor(builder.load(address, align=2), everywhere(args[2]))
        kind = ir.FunctionType(lanes, [lanes])
        ones = cgutils.get_or_insert_function(builder.module, kind, f"llvm.ctpop.v{LANES}i16")
        distances = builder.call(ones, [differences])
        close = builder.icmp_unsigned("<=", distances, everywhere(args[3]))
        return builder.bitcast(close, ir.IntType(LANES))

    return types.uint32(array, types.uint64, types.uint16, types.uint16), code


_ones: Any = intrinsic(_population)
_lowest: Any = intrinsic(_trailing_zeros)
_prefetch: Any = intrinsic(_fetch_ahead)
_close: Any = intrinsic(_lanes_within)


@njit(inline="always")
def _word(value: Any, position: Any) -> Any:
    """Word 0 to 15 of a value, as 64 bits."""
    place = U(position)
    return (value[place >> U(2)] >> (_SIXTEEN * (place & _THREE))) & _WORD


@njit(inline="always")
def _distance(one: Any, other: Any) -> Any:
    """Hamming distance of two values of 4 x 64 bits."""
    near = _ones(one[0] ^ other[0]) + _ones(one[1] ^ other[1])
    return near + _ones(one[2] ^ other[2]) + _ones(one[3] ^ other[3])


@njit(inline="always")
def _reported_before(query: Any, value: Any, table: Any, reach: Any) -> Any:
    """Whether a table before this one has this pair of values among its candidates."""
    for t in range(table):
        first = np.int64(_ones(_word(query, t) ^ _word(value, t)))
        if first <= reach[t]:
            second = np.int64(_ones(_word(query, t + 1) ^ _word(value, t + 1)))
            if first + second <= reach[t] + reach[t + 1] + 1:
                return True
    return False


@njit
def _look_up(
    word: Any, table: Any, lookups: Any, starts: Any, nexts: Any, count: Any, low: Any, high: Any
) -> Any:
    """Note where the candidates of one table are, [low, high) in it; False if it is broken."""
    for j in range(lookups):
        place = word ^ _FLIPS[j]
        low[j], high[j] = U(starts[table, place]), U(starts[table, place + _ONE])
        if low[j] > high[j] or high[j] > count:
            return False
        _prefetch(nexts, table * count + low[j])
    return True


@njit
def _settle(
    query: Any, radius: Any, values: Any, rows: Any, reach: Any,
    pending: Any, waiting: Any, fetched: Any, found_row: Any, found_distance: Any, filled: Any,
) -> Any:  # fmt: skip
    """Put the pending candidates that belong there into the answer; how much of it is filled.

    In two rounds, so that the values are fetched from memory side by side. _COSTLY where so many
    were `fetched` before that a scan is the shorter way.
    """
    if fetched * _FETCH > values.shape[0]:
        return np.int64(_COSTLY)
    for j in range(waiting):
        row = U(rows[pending[j] & _PLACE])
        if row >= U(values.shape[0]):
            return np.int64(_BAD)
        pending[j] = row | (pending[j] & ~_PLACE)
        _prefetch(values, row * U(4))
    for j in range(waiting):
        row, table = pending[j] & _PLACE, np.int64(pending[j] >> _TABLE_BITS)
        distance = _distance(query, values[row])
        if distance > radius or _reported_before(query, values[row], table, reach):
            continue
        if filled == found_row.shape[0]:
            return np.int64(_FULL)
        found_row[filled] = row
        found_distance[filled] = distance
        filled += 1
    return np.int64(filled)


@njit
def _probe(
    query: Any, radius: Any, tables: Any, values: Any, starts: Any, rows: Any, nexts: Any,
    reach: Any, low: Any, high: Any, pending: Any,
    found_row: Any, found_distance: Any, filled: Any,
) -> Any:  # fmt: skip
    """One query through the tables; how much of the answer's arrays is filled, or why not."""
    count = U(values.shape[0])
    waiting, fetched = np.int64(0), np.int64(0)
    for t in range(tables):
        table, lookups, following = U(t), _WITHIN[reach[t]], np.uint16(_word(query, (t + 1) & 15))
        if not _look_up(_word(query, t), table, lookups, starts, nexts, count, low, high):
            return np.int64(_BAD)
        for j in range(lookups):
            limit = np.uint16(reach[t] + reach[t + 1] + 1 - _FLIPPED[j])
            place, end = table * count + low[j], table * count + high[j]
            while place < end:
                close = _close(nexts, place, following, limit)
                if end - place < _LANES:
                    close &= np.uint32((_ONE << (end - place)) - _ONE)
                while close != 0:
                    candidate = place + U(_lowest(close))
                    _prefetch(rows, candidate)
                    pending[waiting] = candidate | (table << _TABLE_BITS)
                    waiting += 1
                    close &= np.uint32(close - np.uint32(1))
                place += _LANES
                if waiting > _PENDING - LANES:
                    filled = _settle(
                        query, radius, values, rows, reach,
                        pending, waiting, fetched, found_row, found_distance, filled,
                    )  # fmt: skip
                    if filled < 0:
                        return np.int64(filled)
                    waiting, fetched = np.int64(0), fetched + waiting
    return _settle(
        query, radius, values, rows, reach,
        pending, waiting, fetched, found_row, found_distance, filled,
    )  # fmt: skip


@njit
def _scan(
    query: Any, radius: Any, values: Any, found_row: Any, found_distance: Any, filled: Any
) -> Any:
    """One query past all values; how much of the answer's arrays is filled, or _FULL."""
    for row in range(values.shape[0]):
        distance = _distance(query, values[row])
        if distance <= radius:
            if filled == found_row.shape[0]:
                return _FULL
            found_row[filled] = row
            found_distance[filled] = distance
            filled += 1
    return filled


@compiled(
    types.Tuple((types.int64, types.int64))(
        frozen(types.uint64, 2),
        types.int64,
        frozen(types.uint64, 2),
        frozen(types.uint32, 2),
        frozen(types.uint32, 1),
        frozen(types.uint16, 1),
        types.int64,
        types.int64[::1],
        types.int64[::1],
        types.int16[::1],
    )
)
def search(
    queries: Any, radius: Any, values: Any, starts: Any, rows: Any, nexts: Any,
    first: Any, found_query: Any, found_row: Any, found_distance: Any,
) -> Any:  # fmt: skip
    """Find all values within `radius` (0 to MAX_RADIUS) of each query, from query `first` on.

    queries and values uint64 (n, 4); starts uint32 (16, 65537), or (0, 0) for a list that is
    always scanned; rows uint32 (16 n); nexts uint16 (16 n + LANES).
    Fills the three arrays and returns (next query, how much is filled). Where the next query is
    not the number of queries, the arrays were too short to go on: take what is there and call
    again from that query with more room. (CORRUPT, 0) where the tables are broken.

    A query whose candidates cost more than a scan of the list is answered by a scan, so the
    worst list costs a few scans a query.
    """
    reach = np.empty(TABLES + 1, np.int64)
    for t in range(TABLES + 1):
        reach[t] = radius // TABLES - (1 if (t & 15) > radius % TABLES else 0)
    lookups = 0
    tables = min(TABLES, radius + 1)  # the reach of those after them is below 0
    for t in range(tables):
        lookups += _WITHIN[reach[t]]
    probing = starts.shape[0] == TABLES and lookups * _LOOKUP < values.shape[0]
    low, high = np.empty(_FLIPS.shape[0], np.uint64), np.empty(_FLIPS.shape[0], np.uint64)
    pending = np.empty(_PENDING, np.uint64)
    limit = U(radius)

    filled = 0
    for position in range(first, queries.shape[0]):
        query, before = queries[position], filled
        filled = _COSTLY
        if probing:
            filled = _probe(
                query, limit, tables, values, starts, rows, nexts, reach,
                low, high, pending, found_row, found_distance, before,
            )  # fmt: skip
        if filled == _COSTLY:
            filled = _scan(query, limit, values, found_row, found_distance, before)
        if filled == _BAD:
            return CORRUPT, 0
        if filled == _FULL:
            return position, before
        for place in range(before, filled):
            found_query[place] = position
    return queries.shape[0], filled
