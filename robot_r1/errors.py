"""The errors a user can act on: one line that says what was given, what is allowed and what to do next."""

import errno

DISK_FAULTS = {
    errno.EIO,
    errno.ESTALE,
    errno.ETIMEDOUT,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.ENOTCONN,
    errno.EHOSTDOWN,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.EFBIG,
    errno.EBUSY,
    errno.ENODEV,
    errno.ENXIO,
    errno.ENOLCK,
    errno.ENOSYS,
    errno.EOPNOTSUPP,
}
"""Faults of the user's machine rather than of this program: a disk or its server fails, is full, over quota, read-only
or without locks, the user has no permission, too many files are open, or a path is not what it has to be."""


class UserError(Exception):
    """Something the user has to change. Commands print it as one line and exit with code 2."""


class MissingPackageError(UserError):
    """An optional package is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(package, extra)  # plain strings, so that the error survives a process boundary
        self.package = package
        self.extra = extra

    def __str__(self) -> str:
        return f'{self.package} is not installed; run, in the folder of robot-r1: pip install -e ".[{self.extra}]"'


class BadFileError(Exception):
    """A file of unknown origin is not what it should be. Says why, without the path: whoever reads it says which."""


class BadDemoError(Exception):
    """One demonstration cannot be used. The build skips it by name, or stops with `--strict`.

    Attributes:
        where: path (or archive entry) of the damaged part.
        reason: what is wrong with it, in a few words.
    """

    def __init__(self, where: object, reason: str) -> None:
        super().__init__(str(where), reason)  # plain strings, so that the error survives a process boundary
        self.where = str(where)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"
