"""Reading pickles of unknown origin: a pickle machine that has no means to do harm.

Python's own unpickler imports and calls what a file names; even with a restricted `find_class` a few hostile bytes
make it reserve gigabytes (a huge memo index, a huge bytearray) or overflow the C stack (hashing nested tuples as keys).
This machine knows only the opcodes that pickles of protocols 2 to 5 use for plain data, and the names of
`data_gen.sources.inert`, which stand for inert data. Memory and time are bounded by the limits below.
"""

import struct
from collections.abc import Callable
from pathlib import Path
from pickletools import code2op

from data_gen.sources.bounded import read_bounded
from data_gen.sources.inert import KNOWN_NAMES, Call, InertArray, InertDtype, Record, RecordClass
from robot_r1.errors import BadDemoError

MAX_BYTES = 2**26
"""Size of the largest file that is read. A demo takes 3.5 kB per frame; a file with five pictures in it 3.5 MB."""
MAX_OPCODES = 4_000_000
"""A demo takes about 500 opcodes per frame. Bounds the memory, as one opcode makes at most 100 bytes or so."""

_CALLING = frozenset(
    {"INST", "OBJ", "NEWOBJ_EX", "PERSID", "BINPERSID", "EXT1", "EXT2", "EXT4", "NEXT_BUFFER", "READONLY_BUFFER"}
)
"""Opcodes that call or look up something and that no recording uses."""


class HostilePickleError(BadDemoError):
    """A pickle asks for something that no recording of RLBench needs, such as to run a function. Nothing was run."""


class _MalformedError(Exception):
    """The opcodes do not form a pickle that this machine knows."""


class _RefusedError(Exception):
    """The opcodes ask for something outside of the known names."""


def load(path: Path) -> object:
    """The object in a pickle file, with `inert` stand-ins for everything that is not plain data.

    Raises:
        HostilePickleError: the pickle names or calls something that no recording needs; nothing was run.
        BadDemoError: the file is missing, empty, too large, truncated or damaged.
    """
    machine = _Machine(read_bounded(path, MAX_BYTES))
    try:
        return machine.run()
    except _RefusedError as error:
        raise HostilePickleError(path, f"hostile pickle: {error}; nothing was run") from None
    except (IndexError, KeyError, ValueError, struct.error) as error:  # stack, memo, text and numbers, in this order
        raise BadDemoError(path, f"truncated or damaged pickle (at byte {machine.position})") from error
    except _MalformedError as error:
        raise BadDemoError(path, f"damaged pickle: {error} (at byte {machine.position})") from None


class _Machine:
    """The stack machine of the pickle format; see the comments of the standard library's `pickletools`."""

    __slots__ = ("below", "data", "memo", "position", "stack")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0
        self.stack: list[object] = []
        self.below: list[list[object]] = []
        """The stacks under each mark."""
        self.memo: dict[int, object] = {}

    def run(self) -> object:
        data, memo, stack = self.data, self.memo, self.stack
        position = 0
        for _ in range(MAX_OPCODES):
            opcode = data[position]
            position += 1
            if opcode == _MEMOIZE:  # these three make up 60 % of a demo: in line they halve its reading time
                memo[len(memo)] = stack[-1]
            elif opcode == _BINGET:
                stack.append(memo[data[position]])
                position += 1
            elif opcode == _BININT1:
                stack.append(data[position])
                position += 1
            elif opcode == _STOP:
                return stack.pop()
            else:
                self.position = position
                handler = _HANDLERS[opcode]
                if handler is None:
                    raise self._unknown(opcode)
                handler(self)
                position, stack = self.position, self.stack
        raise _MalformedError(f"more than {MAX_OPCODES} opcodes")

    def _unknown(self, opcode: int) -> Exception:
        info = code2op.get(chr(opcode))
        if info is None:
            return _MalformedError(f"{opcode} is not an opcode")
        if info.name == "INST":
            self.find(self.line(), self.line())  # to name what it would have called
        if info.name in _CALLING:
            return _RefusedError(f"it holds the opcode {info.name}")
        return _MalformedError(f"opcode {info.name} does not occur in recordings")

    def take(self, size: int) -> bytes:
        start = self.position
        end = start + size
        if end > len(self.data):
            raise IndexError("end of data")
        self.position = end
        return self.data[start:end]

    def short(self) -> bytes:
        """A block of bytes after its length of one byte."""
        data = self.data
        start = self.position + 1
        end = start + data[start - 1]
        if end > len(data):
            raise IndexError("end of data")
        self.position = end
        return data[start:end]

    def sized(self, width: int) -> bytes:
        """A block of bytes after its length, which takes `width` bytes itself."""
        return self.take(int.from_bytes(self.take(width), "little"))

    def line(self) -> str:
        end = self.data.index(b"\n", self.position)
        text = self.data[self.position : end].decode()
        self.position = end + 1
        return text

    def above_mark(self) -> list[object]:
        items = self.stack
        self.stack = self.below.pop()
        return items

    def find(self, module: object, name: object) -> RecordClass | Call:
        if not isinstance(module, str) or not isinstance(name, str):
            raise _MalformedError("a name that is not text")
        found = KNOWN_NAMES.get((module, name))
        if found is None:
            raise _RefusedError(f"it names {ascii(f'{module}.{name}'[:100])}")
        return found


def _skip(width: int) -> Callable[[_Machine], None]:
    def handler(machine: _Machine) -> None:
        machine.take(width)

    return handler


def _constant(value: object) -> Callable[[_Machine], None]:
    def handler(machine: _Machine) -> None:
        machine.stack.append(value)

    return handler


def _integer(width: int, signed: bool) -> Callable[[_Machine], None]:
    def handler(machine: _Machine) -> None:
        machine.stack.append(int.from_bytes(machine.take(width), "little", signed=signed))

    return handler


def _long(machine: _Machine) -> None:
    machine.stack.append(int.from_bytes(machine.short(), "little", signed=True))


def _float(machine: _Machine) -> None:
    machine.stack.append(struct.unpack(">d", machine.take(8))[0])


def _short_bytes(machine: _Machine) -> None:
    machine.stack.append(machine.short())


def _short_text(machine: _Machine) -> None:
    machine.stack.append(machine.short().decode())


def _bytes(width: int) -> Callable[[_Machine], None]:
    def handler(machine: _Machine) -> None:
        machine.stack.append(machine.sized(width))

    return handler


def _text(width: int) -> Callable[[_Machine], None]:
    def handler(machine: _Machine) -> None:
        machine.stack.append(machine.sized(width).decode())

    return handler


def _put(width: int) -> Callable[[_Machine], None]:
    def handler(machine: _Machine) -> None:
        machine.memo[int.from_bytes(machine.take(width), "little")] = machine.stack[-1]

    return handler


def _get_long(machine: _Machine) -> None:
    machine.stack.append(machine.memo[int.from_bytes(machine.take(4), "little")])


def _mark(machine: _Machine) -> None:
    machine.below.append(machine.stack)
    machine.stack = []


def _list(machine: _Machine) -> None:
    machine.stack.append([])


def _dict(machine: _Machine) -> None:
    machine.stack.append({})


def _append(machine: _Machine) -> None:
    _extend(machine, [machine.stack.pop()])


def _appends(machine: _Machine) -> None:
    _extend(machine, machine.above_mark())


def _extend(machine: _Machine, items: list[object]) -> None:
    target = machine.stack[-1]
    if not isinstance(target, list):
        raise _MalformedError("items for something that is not a list")
    target.extend(items)


def _set_item(machine: _Machine) -> None:
    value = machine.stack.pop()
    _update(machine, [machine.stack.pop(), value])


def _set_items(machine: _Machine) -> None:
    _update(machine, machine.above_mark())


def _update(machine: _Machine, items: list[object]) -> None:
    target = machine.stack[-1]
    if not isinstance(target, dict) or len(items) % 2:
        raise _MalformedError("pairs for something that is not a dictionary")
    for key, value in zip(items[::2], items[1::2], strict=True):
        if not isinstance(key, str):
            raise _MalformedError("a dictionary with keys that are not text")
        target[key] = value


def _tuple(machine: _Machine) -> None:
    items = tuple(machine.above_mark())
    machine.stack.append(items)


def _tuple_1(machine: _Machine) -> None:
    machine.stack[-1] = (machine.stack[-1],)


def _tuple_2(machine: _Machine) -> None:
    second = machine.stack.pop()
    machine.stack[-1] = (machine.stack[-1], second)


def _tuple_3(machine: _Machine) -> None:
    third = machine.stack.pop()
    second = machine.stack.pop()
    machine.stack[-1] = (machine.stack[-1], second, third)


def _global(machine: _Machine) -> None:
    machine.stack.append(machine.find(machine.line(), machine.line()))


def _stack_global(machine: _Machine) -> None:
    name = machine.stack.pop()
    machine.stack.append(machine.find(machine.stack.pop(), name))


def _reduce(machine: _Machine) -> None:
    arguments = machine.stack.pop()
    callee = machine.stack.pop()
    if not isinstance(callee, Call) or not isinstance(arguments, tuple):
        raise _RefusedError("it calls something that is not a function of numpy")
    machine.stack.append(callee.function(arguments))


def _new_object(machine: _Machine) -> None:
    arguments = machine.stack.pop()
    cls = machine.stack.pop()
    if not isinstance(cls, RecordClass) or arguments != ():
        raise _RefusedError("it constructs something that is not an observation")
    machine.stack.append(Record(cls.name))


def _build(machine: _Machine) -> None:
    state = machine.stack.pop()
    target = machine.stack[-1]
    if isinstance(target, (InertArray, InertDtype)):
        target.state = state
    elif isinstance(target, Record) and isinstance(state, dict):
        target.attributes.update(state)
    else:
        raise _RefusedError("it sets attributes of something that has none")


_STOP = ord(".")
_BININT1 = ord("K")
_BINGET = ord("h")
_MEMOIZE = 0x94
_OPCODES: dict[bytes, Callable[[_Machine], None]] = {
    b"\x80": _skip(1),  # PROTO
    b"\x95": _skip(8),  # FRAME
    b"(": _mark,
    b"N": _constant(None),
    b"\x88": _constant(True),
    b"\x89": _constant(False),
    b")": _constant(()),
    b"M": _integer(2, signed=False),
    b"J": _integer(4, signed=True),
    b"\x8a": _long,
    b"G": _float,
    b"C": _short_bytes,
    b"B": _bytes(4),
    b"\x8e": _bytes(8),
    b"\x96": _bytes(8),  # BYTEARRAY8: nothing here writes to it
    b"\x8c": _short_text,
    b"X": _text(4),
    b"\x8d": _text(8),
    b"q": _put(1),
    b"r": _put(4),
    b"j": _get_long,
    b"]": _list,
    b"a": _append,
    b"e": _appends,
    b"}": _dict,
    b"s": _set_item,
    b"u": _set_items,
    b"t": _tuple,
    b"\x85": _tuple_1,
    b"\x86": _tuple_2,
    b"\x87": _tuple_3,
    b"c": _global,
    b"\x93": _stack_global,
    b"R": _reduce,
    b"\x81": _new_object,
    b"b": _build,
}
_HANDLERS = [_OPCODES.get(bytes([code])) for code in range(256)]
