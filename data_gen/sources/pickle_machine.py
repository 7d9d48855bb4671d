"""A pickle machine that has no means to do harm.

Python's own unpickler imports and calls what a file names; even with a restricted `find_class` a few hostile bytes
make it reserve gigabytes (a huge memo index, a huge bytearray) or overflow the C stack (nested tuples as keys).
This machine knows only the opcodes that pickles of protocols 2 to 5 use for plain data, and the names of
`data_gen.sources.inert`, which stand for inert data.
"""

import pickletools
import struct
from collections.abc import Callable

from data_gen.sources.inert import KNOWN_NAMES, Call, InertArray, InertDtype, Record, RecordClass

MAX_OPCODES = 4_000_000
"""A demo takes about 500 opcodes per frame. Bounds the memory, as one opcode makes at most 100 bytes or so."""

_NAMES = {ord(opcode.code): opcode.name for opcode in pickletools.opcodes}
_CALLING = frozenset(
    {"INST", "OBJ", "NEWOBJ_EX", "PERSID", "BINPERSID", "EXT1", "EXT2", "EXT4", "NEXT_BUFFER", "READONLY_BUFFER"}
)
"""Opcodes that call or look up something and that no recording uses."""


class MalformedError(Exception):
    """The opcodes do not form a pickle that this machine knows."""


class RefusedError(Exception):
    """The opcodes ask for something outside of the known names."""


class PickleMachine:
    """The stack machine of the pickle format, as told in the comments of the standard library's `pickletools`."""

    __slots__ = ("below", "data", "memo", "position", "stack")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0
        self.stack: list[object] = []
        self.below: list[list[object]] = []
        """The stacks under each mark."""
        self.memo: dict[int, object] = {}

    def run(self) -> object:
        """The object that the opcodes describe.

        Raises:
            RefusedError: they ask for something outside of the known names; nothing was run.
            MalformedError, IndexError, KeyError, ValueError, struct.error: they are no whole pickle.
        """
        data, memo, stack = self.data, self.memo, self.stack
        position = 0
        for _ in range(MAX_OPCODES):
            opcode = data[position]
            position += 1
            if opcode == _MEMOIZE:  # in line, these three save an eighth of a demo's reading time
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
        raise MalformedError(f"more than {MAX_OPCODES} opcodes")

    def _unknown(self, opcode: int) -> Exception:
        name = _NAMES.get(opcode)
        if name is None:
            return MalformedError(f"{opcode} is not an opcode")
        if name == "INST":
            self.find(self.line(), self.line())  # to name what it would have called
        if name in _CALLING:
            return RefusedError(f"it holds the opcode {name}")
        return MalformedError(f"opcode {name} does not occur in recordings")

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
            raise MalformedError("a name that is not text")
        found = KNOWN_NAMES.get((module, name))
        if found is None:
            raise RefusedError(f"it names {f'{module}.{name}'[:100]!a}")
        return found


def _skip(width: int) -> Callable[[PickleMachine], None]:
    def handler(machine: PickleMachine) -> None:
        machine.take(width)

    return handler


def _constant(value: object) -> Callable[[PickleMachine], None]:
    def handler(machine: PickleMachine) -> None:
        machine.stack.append(value)

    return handler


def _integer(width: int, signed: bool) -> Callable[[PickleMachine], None]:
    def handler(machine: PickleMachine) -> None:
        machine.stack.append(int.from_bytes(machine.take(width), "little", signed=signed))

    return handler


def _long(machine: PickleMachine) -> None:
    machine.stack.append(int.from_bytes(machine.short(), "little", signed=True))


def _float(machine: PickleMachine) -> None:
    machine.stack.append(struct.unpack(">d", machine.take(8))[0])


def _short_bytes(machine: PickleMachine) -> None:
    machine.stack.append(machine.short())


def _short_text(machine: PickleMachine) -> None:
    machine.stack.append(machine.short().decode())


def _bytes(width: int) -> Callable[[PickleMachine], None]:
    def handler(machine: PickleMachine) -> None:
        machine.stack.append(machine.sized(width))

    return handler


def _text(width: int) -> Callable[[PickleMachine], None]:
    def handler(machine: PickleMachine) -> None:
        machine.stack.append(machine.sized(width).decode())

    return handler


def _put(width: int) -> Callable[[PickleMachine], None]:
    def handler(machine: PickleMachine) -> None:
        machine.memo[int.from_bytes(machine.take(width), "little")] = machine.stack[-1]

    return handler


def _get_long(machine: PickleMachine) -> None:
    machine.stack.append(machine.memo[int.from_bytes(machine.take(4), "little")])


def _mark(machine: PickleMachine) -> None:
    machine.below.append(machine.stack)
    machine.stack = []


def _list(machine: PickleMachine) -> None:
    machine.stack.append([])


def _dict(machine: PickleMachine) -> None:
    machine.stack.append({})


def _append(machine: PickleMachine) -> None:
    _extend(machine, [machine.stack.pop()])


def _appends(machine: PickleMachine) -> None:
    _extend(machine, machine.above_mark())


def _extend(machine: PickleMachine, items: list[object]) -> None:
    target = machine.stack[-1]
    if not isinstance(target, list):
        raise MalformedError("items for something that is not a list")
    target.extend(items)


def _set_item(machine: PickleMachine) -> None:
    value = machine.stack.pop()
    _update(machine, [machine.stack.pop(), value])


def _set_items(machine: PickleMachine) -> None:
    _update(machine, machine.above_mark())


def _update(machine: PickleMachine, items: list[object]) -> None:
    target = machine.stack[-1]
    if not isinstance(target, dict) or len(items) % 2:
        raise MalformedError("pairs for something that is not a dictionary")
    for key, value in zip(items[::2], items[1::2], strict=True):
        if not isinstance(key, str):
            raise MalformedError("a dictionary with keys that are not text")
        target[key] = value


def _tuple(machine: PickleMachine) -> None:
    items = tuple(machine.above_mark())
    machine.stack.append(items)


def _tuple_1(machine: PickleMachine) -> None:
    machine.stack[-1] = (machine.stack[-1],)


def _tuple_2(machine: PickleMachine) -> None:
    second = machine.stack.pop()
    machine.stack[-1] = (machine.stack[-1], second)


def _tuple_3(machine: PickleMachine) -> None:
    third = machine.stack.pop()
    second = machine.stack.pop()
    machine.stack[-1] = (machine.stack[-1], second, third)


def _global(machine: PickleMachine) -> None:
    machine.stack.append(machine.find(machine.line(), machine.line()))


def _stack_global(machine: PickleMachine) -> None:
    name = machine.stack.pop()
    machine.stack.append(machine.find(machine.stack.pop(), name))


def _reduce(machine: PickleMachine) -> None:
    arguments = machine.stack.pop()
    callee = machine.stack.pop()
    if not isinstance(callee, Call) or not isinstance(arguments, tuple):
        raise RefusedError("it calls something that is not a function of numpy")
    machine.stack.append(callee.function(arguments))


def _new_object(machine: PickleMachine) -> None:
    arguments = machine.stack.pop()
    cls = machine.stack.pop()
    if not isinstance(cls, RecordClass) or arguments != ():
        raise RefusedError("it constructs something that is not an observation")
    machine.stack.append(Record(cls.name))


def _build(machine: PickleMachine) -> None:
    state = machine.stack.pop()
    target = machine.stack[-1]
    if isinstance(target, (InertArray, InertDtype)):
        target.state = state
    elif isinstance(target, Record) and isinstance(state, dict):
        target.attributes = state
    else:
        raise RefusedError("it sets attributes of something that has none")


_STOP = ord(".")
_BININT1 = ord("K")
_BINGET = ord("h")
_MEMOIZE = 0x94
_OPCODES: dict[bytes, Callable[[PickleMachine], None]] = {
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
