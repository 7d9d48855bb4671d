"""Zip files of members that are stored as they are, read without trusting a byte of them.

`zipfile` inflates whatever a member claims to be, takes a member's place from anywhere, and answers damage with a
dozen kinds of errors, some of which are those of a failing disk. Here every number is compared with the file's size
before it is used, and nothing is ever larger in memory than on the disk.
"""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from robot_r1.errors import BadFileError
from robot_r1.files import read_regular

_END = struct.Struct("<4s4H2LH")
"""Signature, this disk, the directory's disk, entries here and in all, the directory's size and offset, comment."""
_ENTRY = struct.Struct("<4s6H3L5H2L")
"""Signature, versions, flags, method, time, date, checksum, two sizes, lengths of name, extra and comment, disk,
attributes, offset of the member."""
_LOCAL = struct.Struct("<4s5H3L2H")
"""Before each member: as in the directory, up to the length of the extra field."""
_HARMLESS_FLAGS = 0x0808
"""Sizes follow the member, and the name is UTF-8."""
_MAX_DIRECTORY = 2**22


@dataclass(frozen=True)
class Member:
    """A file in the zip file: its size and where its header begins, both in bytes, and its checksum."""

    offset: int
    size: int
    checksum: int


def read_directory(path: Path) -> dict[str, Member]:
    """The members by name.

    Raises:
        BadFileError: it is no zip file, is damaged, or holds members that are compressed, encrypted, or there twice.
        UserError: the disk fails, or the user may not read the file.
    """

    def read(file: BinaryIO, size: int) -> dict[str, Member]:
        if size < _END.size:
            raise BadFileError("is not a zip file")
        file.seek(size - _END.size)
        signature, disk, other_disk, here, count, length, offset, comment = _END.unpack(_exactly(file, _END.size))
        if signature != b"PK\5\6" or (disk, other_disk, comment) != (0, 0, 0) or here != count:
            raise BadFileError("is not a zip file, or not to its end")
        if offset + length != size - _END.size or length > _MAX_DIRECTORY:
            raise BadFileError("is a damaged zip file: its directory is not where it should be")
        file.seek(offset)
        return _members(_exactly(file, length), count, offset)

    return read_regular(path, read)


def read_member(path: Path, members: Mapping[str, Member], name: str, limit: int) -> bytes:
    """The bytes of a member, at most `limit` of them.

    Raises:
        BadFileError: it is missing, too large or damaged.
        UserError: the disk fails, or the user may not read the file.
    """
    member = members.get(name)
    if member is None:
        raise BadFileError(f"holds no {name}")
    if member.size > limit:
        raise BadFileError(f"{name} is larger than {limit / 2**20:g} MiB ({member.size / 2**20:.0f} MiB)")

    def read(file: BinaryIO, size: int) -> bytes:
        file.seek(member.offset)
        signature, *_, name_length, extra_length = _LOCAL.unpack(_exactly(file, _LOCAL.size))
        if signature != b"PK\3\4" or _exactly(file, name_length) != name.encode():
            raise BadFileError(f"{name} is not where the directory says")
        _exactly(file, extra_length)
        return _exactly(file, member.size)

    data = read_regular(path, read)
    if zlib.crc32(data) != member.checksum:
        raise BadFileError(f"{name} is damaged: wrong checksum")
    return data


def _members(directory: bytes, count: int, end: int) -> dict[str, Member]:
    """The entries of the directory of a file whose members end before `end`."""
    members: dict[str, Member] = {}
    position = 0
    for _ in range(count):
        if position + _ENTRY.size > len(directory):
            raise BadFileError("is a damaged zip file: its directory is too short")
        entry = _ENTRY.unpack_from(directory, position)
        signature, _, _, flags, method, _, _, checksum, stored, size, *lengths, _, _, _, offset = entry
        position += _ENTRY.size
        name = directory[position : position + lengths[0]].decode("utf-8", "backslashreplace")
        position += sum(lengths)
        if signature != b"PK\1\2":
            raise BadFileError("is a damaged zip file: its directory holds something else")
        if flags & ~_HARMLESS_FLAGS or method != 0 or stored != size:
            raise BadFileError(f"{name} is compressed, encrypted or of another kind; members are stored as they are")
        if name in members:
            raise BadFileError(f"holds {name} twice")
        members[name] = Member(offset, size, checksum)
    if position != len(directory):
        raise BadFileError("is a damaged zip file: its directory is too long")
    if sum(_LOCAL.size + member.size for member in members.values()) > end:
        raise BadFileError("is a damaged zip file: its members are larger than the file")
    return members


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise BadFileError("is cut off")
    return data
