import copyreg
import os
import pickle
import resource
import struct
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from data_gen.sources.inert import InertArray, InertDtype, Record
from data_gen.sources.safe_pickle import HostilePickleError, load
from robot_r1.errors import BadDemoError
from tests.support.rlbench_layout import Observation, Recording, make_demo, pickled, stand_in_modules


class Runs:
    """Pickles as a call, the usual attack."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def write(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "some.pkl"
    path.write_bytes(data)
    return path


def text(value: str) -> bytes:
    return b"\x8c" + bytes([len(value)]) + value.encode()


def hostile_pickles(canary: Path) -> dict[str, tuple[bytes, str]]:
    """Pickles that would create the canary or reach further, with a part of the reason that is to be told."""
    touch = f"touch {canary}"
    system = text("posix") + text("system") + b"\x93"
    numpy_reconstruct = text("numpy.core.multiarray") + text("_reconstruct") + b"\x93"
    observation = text("rlbench.backend.observation") + text("Observation") + b"\x93"
    return {
        "reduce": (pickle.dumps(Runs(os.system, touch)), "posix.system"),
        "reduce, protocol 0": (pickle.dumps(Runs(os.system, touch), 0), "posix.system"),
        "eval": (pickle.dumps(Runs(eval, f"open({str(canary)!r}, 'w')")), "builtins.eval"),
        "inside a list": (pickle.dumps([["reach"], {"a": Runs(os.system, touch)}]), "posix.system"),
        "newobj": (b"\x80\x04" + text("subprocess") + text("Popen") + b"\x93" + text(touch) + b"\x85\x81.", "Popen"),
        "dotted name": (b"\x80\x04" + text("rlbench.demo") + text("Demo.__init__") + b"\x93.", "Demo.__init__"),
        "dotted module": (b"\x80\x04" + text("numpy.core.multiarray") + text("os.system") + b"\x93.", "os.system"),
        "nested import": (b"\x80\x02cnumpy.testing._private.utils\nrunstring\n.", "runstring"),
        "import": (b"\x80\x02c__builtin__\n__import__\n(X\x02\x00\x00\x00ostR.", "__builtin__.__import__"),
        "inst": (b"(S'" + touch.encode() + b"'\nios\nsystem\n.", "STRING"),
        "inst alone": (b"(ios\nsystem\n.", "os.system"),
        "inst of a known name": (b"(irlbench.demo\nDemo\n.", "INST"),
        "obj": (b"\x80\x04(" + system + text(touch) + b"o.", "posix.system"),
        "obj of a known name": (b"\x80\x04(" + observation + b"o.", "OBJ"),
        "newobj_ex": (b"\x80\x04" + observation + b")}\x92.", "NEWOBJ_EX"),
        "persistent id": (b"\x80\x04" + text("x") + b"Q.", "BINPERSID"),
        "persistent id, text": (b"Px\n.", "PERSID"),
        "extension code": (b"\x80\x04\x82\xf0.", "EXT1"),
        "extension code, wide": (b"\x80\x04\x83\xf0\x00.", "EXT2"),
        "buffer": (b"\x80\x05\x97.", "NEXT_BUFFER"),
        "class called": (b"\x80\x04" + observation + b")R.", "calls"),
        "result called": (b"\x80\x04" + numpy_reconstruct + b")R)R.", "calls"),
        "text called": (b"\x80\x04" + text("os.system") + b")R.", "calls"),
        "function constructed": (b"\x80\x04" + numpy_reconstruct + b")\x81.", "constructs"),
        "constructed with arguments": (b"\x80\x04" + observation + b"K\x01\x85\x81.", "constructs"),
        "class poisoned": (b"\x80\x04" + observation + b"}" + text("x") + b"K\x01sb.", "sets attributes"),
        "slots set": (b"\x80\x04" + observation + b")\x81N}\x86b.", "sets attributes"),
        "dictionary's attributes": (b"\x80\x04}}b.", "sets attributes"),
    }


@pytest.mark.parametrize("attack", hostile_pickles(Path("unused")))
def test_hostile_pickle_is_named_and_runs_nothing(tmp_path, attack):
    canary = tmp_path / "canary"
    data, told = hostile_pickles(canary)[attack]
    path = write(tmp_path, data)
    with pytest.raises(BadDemoError) as caught:
        load(path)
    assert told in caught.value.reason
    assert caught.value.where == str(path)
    assert isinstance(caught.value, HostilePickleError) or told == "STRING"
    assert not canary.exists()


def test_registered_extension_codes_are_refused_even_when_cached(tmp_path):
    class_ = OrderedDict
    copyreg.add_extension("collections", "OrderedDict", 240)
    try:
        data = pickle.dumps(class_, 2)
        assert pickle.loads(data) is class_  # the standard unpickler now holds it in its cache
        with pytest.raises(HostilePickleError, match="EXT1"):
            load(write(tmp_path, data))
    finally:
        copyreg.remove_extension("collections", "OrderedDict", 240)


def test_hostile_error_survives_a_process_boundary(tmp_path):
    with pytest.raises(HostilePickleError) as caught:
        load(write(tmp_path, pickle.dumps(Runs(os.system, "true"))))
    again = pickle.loads(pickle.dumps(caught.value))
    assert isinstance(again, HostilePickleError)
    assert str(again) == str(caught.value)


def nested(depth: int) -> bytes:
    return b")" + b"\x85" * depth


BOMBS = {
    "memo index": b"\x80\x04Nr\xff\xff\xff\xff.",
    "bytearray": b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b".",
    "bytes": b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b".",
    "long": b"\x80\x04\x8b" + struct.pack("<i", 2**31 - 1) + b".",
    "nested tuple as a key": b"\x80\x04}" + nested(500_000) + b"Ns.",
    "nested tuple as a name": b"\x80\x04" + nested(500_000) + nested(500_000) + b"\x93.",
    "nested lists": b"\x80\x04" + b"]" * 500_000 + b"a" * 499_999 + b".",
    "many opcodes": b"\x80\x04" + b"N" * 5_000_000 + b".",
    "marks": b"\x80\x04" + b"(" * 1_000_000 + b".",
    "doubling tuples": b"\x80\x04)" + b"\x94h\x00h\x00\x86" * 10_000 + b".",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bomb_takes_little_memory(tmp_path, bomb):
    path = write(tmp_path, BOMBS[bomb])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        load(path)
    except BadDemoError as error:
        assert not isinstance(error, HostilePickleError)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024  # KiB


def test_large_state_is_shared_between_records_not_copied(tmp_path):
    big = b"}(" + b"".join(b"X\x04\x00\x00\x00%04dN" % i for i in range(10_000)) + b"u\x94"
    record = text("rlbench.backend.observation") + text("Observation") + b"\x93\x94"
    data = b"\x80\x04" + big + record + b"](" + b"h\x01)\x81h\x00b" * 5_000 + b"e."
    records = load(write(tmp_path, data))
    assert len(records) == 5_000
    assert records[0].attributes is records[-1].attributes


def numbers(value: object) -> np.ndarray:
    assert isinstance(value, InertArray)
    return value.numbers()


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("numpy_names", [1, 2])
@pytest.mark.parametrize(
    "array",
    [
        np.arange(7.0),
        np.asfortranarray(np.arange(16.0).reshape(4, 4)),
        np.array(1.0),
        np.arange(6, dtype=">f4").reshape(2, 3),
        np.arange(3, dtype=np.int64),
        np.array([True, False]),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_arrays_come_back_as_they_were(tmp_path, protocol, numpy_names, array):
    stored = load(write(tmp_path, pickled({"a": array}, protocol, numpy_names)))
    np.testing.assert_array_equal(numbers(stored["a"]), array.astype(float))


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_empty_array_comes_back_empty(tmp_path, protocol):
    assert numbers(load(write(tmp_path, pickled(np.zeros(0), protocol)))).shape == (0,)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("value", [np.float64(0.25), np.int64(3), np.bool_(True)], ids=str)
def test_numpy_scalars_come_back_as_arrays_of_no_dimensions(tmp_path, protocol, value):
    assert numbers(load(write(tmp_path, pickled(value, protocol)))).item() == float(value)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_plain_data_comes_back_as_it_was(tmp_path, protocol):
    value = {"a": [1, -2, 70_000, 2**40, 0.5, None, True, False], "b": ("x", ("y", "é" * 300), ()), "c": {"d": []}}
    assert load(write(tmp_path, pickled(value, protocol))) == value


def test_ordered_dictionary_is_read_as_a_dictionary(tmp_path):
    assert load(write(tmp_path, pickle.dumps(OrderedDict(a=1, b=2)))) == {"a": 1, "b": 2}


def test_observation_is_an_inert_record(tmp_path):
    observation = Observation()
    observation.gripper_open = 1.0
    record = load(write(tmp_path, pickled(observation)))
    assert isinstance(record, Record)
    assert record.name == "rlbench.backend.observation.Observation"
    assert record.attributes == {"gripper_open": 1.0}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_synthetic_demo_reads_the_same_with_the_standard_unpickler(tmp_path, protocol):
    data = pickled(make_demo(Recording(frames=3)), protocol)
    with stand_in_modules():
        expected = pickle.loads(data)
    record = load(write(tmp_path, data))
    for observation, stored in zip(expected._observations, record.attributes["_observations"], strict=True):
        assert vars(observation).keys() == stored.attributes.keys()
        np.testing.assert_array_equal(observation.gripper_pose, numbers(stored.attributes["gripper_pose"]))
        key = "front_camera_extrinsics"
        np.testing.assert_array_equal(observation.misc[key], numbers(stored.attributes["misc"][key]))


@pytest.mark.parametrize(
    "array",
    [np.array([[1], "a"], dtype=object), np.array(["text"]), np.zeros(2, dtype=[("x", float)]), np.zeros(2, complex)],
    ids=lambda array: array.dtype.kind,
)
def test_arrays_of_other_things_load_but_give_no_numbers(tmp_path, array):
    stored = load(write(tmp_path, pickled(array)))
    with pytest.raises(ValueError, match="something else than numbers"):
        stored.numbers()


@pytest.mark.parametrize(
    "shape", [(3,), (8,), (-1, -7), (7.0,), (0, 2**70), (2**40, 2**40), (1,) * 100, ("7",), [7], None], ids=str
)
def test_array_of_a_false_shape_gives_no_numbers(shape):
    stored = InertArray((1, shape, InertDtype("f8"), False, bytes(56)))
    with pytest.raises(ValueError, match="damaged array"):
        stored.numbers()


def test_dtype_code_is_not_hashed_when_it_is_a_deep_tuple():
    code: tuple[object, ...] = ()
    for _ in range(500_000):
        code = (code,)
    dtype = InertDtype(code)
    with pytest.raises(ValueError, match="something else than numbers"):
        dtype.numeric()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "empty"),
        (pickled([1, 2, 3])[:-1], "truncated"),
        (pickled(["reach the target"])[:20], "truncated"),
        (b"not a pickle", "damaged"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "git lfs pull"),
        (b"\x80\x04}K\x01Ns.", "keys that are not text"),
        (b"\x80\x04K\x01K\x02a.", "not a list"),
    ],
)
def test_damaged_file_is_named(tmp_path, data, told):
    path = write(tmp_path, data)
    with pytest.raises(BadDemoError, match=told) as caught:
        load(path)
    assert caught.value.where == str(path)
    assert not isinstance(caught.value, HostilePickleError)


def test_large_file_is_refused_unread(tmp_path):
    path = tmp_path / "large.pkl"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(BadDemoError, match="larger than 64 MiB"):
        load(path)


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe"])
def test_what_is_no_file_is_named(tmp_path, kind):
    path = tmp_path / "some.pkl"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(BadDemoError, match=r"is missing|is not a file"):
        load(path)
