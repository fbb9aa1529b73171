"""Archives that want more than to be read: code, memory, bytes of others. Each with words that its refusal has."""

from __future__ import annotations

import io
import pathlib
import pickle
import struct
import tempfile
import zipfile
import zlib

NONE = b"N."
# What would be there if code of an archive were run.
TRACE = pathlib.Path(tempfile.mkdtemp(prefix="check-convert-")) / "was-here"


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def number(value: int) -> bytes:
    return pickle.dumps(value, 2)[2:-1]


def numbers(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(map(number, values)) + b"t"


def tensor(
    key: str = "0", count: int = 6, offset: int = 0, shape: tuple[int, ...] = (2, 3), strides: tuple[int, ...] = (3, 1),
    kind: bytes = b"ctorch\nFloatStorage\n", more: bytes = b"",
) -> bytes:
    """The operations that describe a tensor."""
    storage = b"(" + text("storage") + kind + text(key) + text("cpu") + number(count) + b"tQ"
    described = storage + number(offset) + numbers(shape) + numbers(strides) + b"\x89ccollections\nOrderedDict\n)R" + more
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + described + b"tR"


def dictionary(**members: bytes) -> bytes:
    return b"\x80\x02}(" + b"".join(text(name.replace("_", ".", 1)) + value for name, value in members.items()) + b"u."


def archive(pickled: bytes, storages: dict[str, bytes] | None = None, script: bool = False, method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as new:
        new.writestr("a/data.pkl", pickled)
        new.writestr("a/byteorder", "little")
        for key, content in ({"0": bytes(24)} if storages is None else storages).items():
            new.writestr(f"a/data/{key}", content)
        if script:
            new.writestr("a/constants.pkl", b"\x80\x02).")
        new.writestr("a/version", "3\n")
    return buffer.getvalue()


def beside(operations: bytes) -> bytes:
    """A good tensor, and something beside it."""
    return archive(dictionary(visual_a=tensor(), visual_b=operations))


def code() -> dict[str, tuple[bytes, str]]:
    """Whatever runs something when Python reads it."""
    call = b"(" + text(f"touch {TRACE}") + b"tR"
    found = {
        "global": (beside(b"cos\nsystem\n" + call), "os.system"),
        "stack-global": (beside(b"\x8c\x02os\x8c\x06system\x93" + call), "os.system"),
        "inst": (beside(b"(" + text("x") + b"ios\nsystem\n"), "INST"),
        "obj": (beside(b"(cos\nsystem\n" + text("x") + b"o"), "os.system"),
        "obj-itself": (beside(b"(ccollections\nOrderedDict\no"), "OBJ"),
        "newobj": (beside(b"csubprocess\nPopen\n" + text("x") + b"\x85\x81"), "subprocess.Popen"),
        "newobj-ex": (beside(b"csubprocess\nPopen\n" + text("x") + b"\x85}\x92"), "subprocess.Popen"),
        "build": (beside(b"ctorch.nn.modules.linear\nLinear\n)\x81}b"), "torch.nn.modules.linear.Linear"),
        "persid": (beside(b"Pos.system\n"), "PERSID"),
        "persistent-module": (beside(b"(" + text("module") + b"NNNt" + b"Q"), "module"),
        "next-buffer": (beside(b"\x97"), "NEXT_BUFFER"), "readonly-buffer": (beside(b"N\x98"), "READONLY_BUFFER"),
        "unknown-operation": (beside(b"\xff"), "255"), "protocol-9": (archive(b"\x80\x09N."), "protocol is 9"),
        "call-a-class": (beside(b"ctorch\nFloatStorage\n)R"), "no function"),
        "call-a-module": (beside(b"c__torch__.m\nCLIP\n)R"), "no function"),
        "call-a-text": (beside(text("x") + b")R"), "no class"),
        "state-of-a-list": (beside(b"]}b"), "has none"),
        "dotted-name": (beside(b"\x8c\x0bcollections\x8c\x14OrderedDict.__init__\x93"), "OrderedDict.__init__"),
        "type-that-calls": (beside(b"ctorch._tensor\n_rebuild_from_type_v2\n(cos\nsystem\nNNNtR"), "os.system"),
    }
    for operation, argument in ((b"\x82", b"\x01"), (b"\x83", b"\x01\0"), (b"\x84", b"\x01\0\0\0")):
        found[f"ext-{len(argument)}"] = (beside(operation + argument), "EXT")
    for operation in (b"I1\n", b"L1L\n", b"F1.5\n", b"S'a'\n", b"Va\n", b"g0\n", b"p0\n"):
        found[f"text-{operation[:1].decode()}"] = (beside(operation), "the pickle asks for")
    for name in (
        "builtins eval", "builtins exec", "builtins getattr", "builtins __import__", "builtins open", "builtins compile", "posix system",
        "nt system", "runpy _run_code", "pip main", "importlib import_module", "operator attrgetter", "functools partial", "pickle loads",
        "_pickle loads", "torch load", "torch.hub load", "torch.serialization load", "torch.jit load", "torch.storage _load_from_bytes",
        "torch._utils _rebuild_sparse_tensor", "torch._utils _rebuild_qtensor", "torch._utils _rebuild_meta_tensor_no_storage",
        "torch.utils.data DataLoader", "torch ops", "torch classes", "numpy load", "numpy f2py", "webbrowser open", "socket socket",
        "shutil rmtree", "bdb Bdb", "code interact", "ctypes CDLL", "types CodeType", "copyreg _reconstructor", "copy_reg _reconstructor",
        "open_clip.model CLIP", "transformers CLIPModel", "__main__ Model", "omegaconf.dictconfig DictConfig", "enum Enum",
    ):
        module, attribute = name.split()
        found[f"global-{name}"] = (beside(f"c{module}\n{attribute}\n".encode()), f"{module}.{attribute}")
    return found


def lies() -> dict[str, tuple[bytes, str]]:
    """Tensors and pickles that do not hold together."""
    wrong = {
        "offset": tensor(offset=1), "offset-negative": tensor(offset=-1), "offset-huge": tensor(offset=1 << 62),
        "stride": tensor(strides=(4, 1)), "stride-negative": tensor(strides=(-3, 1)), "stride-huge": tensor(strides=(1 << 62, 1)),
        "length-negative": tensor(shape=(-2, 3)), "length-huge": tensor(shape=(1 << 40, 1 << 40), strides=(0, 0)),
        "length-beside-zero": tensor(shape=(0, 1 << 62, 1 << 62), strides=(0, 0, 0)), "too-long": tensor(shape=(7,), strides=(1,)),
        "ranks": tensor(shape=(2, 3), strides=(1,)), "many-dimensions": tensor(shape=(1,) * 65, strides=(1,) * 65),
        "count-negative": tensor(count=-1), "count-huge": tensor(count=1 << 62), "conjugated": tensor(more=b"}" + text("conj") + b"\x88s"),
        "key-with-a-slash": tensor(key="../x"), "key-with-a-line": tensor(key="0\n1"), "key-too-long": tensor(key="0" * 65),
        "no-type": tensor(kind=b"ctorch.storage\nUntypedStorage\n"), "not-a-class": tensor(kind=b"N"),
        "turned-shape": b"ctorch._utils\n_rebuild_tensor_v2\n(NK\x00))tR", "first-of-none": b"ctorch._utils\n_rebuild_parameter\n)R",
    }
    found = {name: (archive(dictionary(visual_a=value)), "") for name, value in wrong.items()}
    found |= {
        "storage-missing": (archive(dictionary(visual_a=tensor(key="1"))), "a/data/1"),
        "storage-short": (archive(dictionary(visual_a=tensor()), {"0": bytes(23)}), "should have 24 bytes and has 23"),
        "storage-long": (archive(dictionary(visual_a=tensor()), {"0": bytes(25)}), "should have 24 bytes and has 25"),
        "expanded-without-end": (archive(dictionary(visual_a=tensor(shape=(1 << 40,), strides=(0,)))), "ties account for"),
        "complex": (archive(dictionary(visual_a=tensor(kind=b"ctorch\nComplexFloatStorage\n", count=3, shape=(3,), strides=(1,)))), "complex64"),
        "nothing": (archive(b"\x80\x02}."), "an empty dictionary"), "a-list": (archive(b"\x80\x02]."), "a list"),
        "a-tensor": (archive(b"\x80\x02" + tensor() + b"."), "a tensor alone"),
        "no-clip": (archive(dictionary(encoder_a=tensor())), "encoder.a"), "empty": (archive(b""), "ends too early"),
        "no-end": (archive(b"\x80\x02}"), "ends too early"), "nothing-to-end": (archive(b"\x80\x02."), "a value is missing"),
        "never-kept": (archive(b"\x80\x02h\x05."), "never kept"), "no-mark": (archive(b"\x80\x02Nt."), "a mark is missing"),
        "pop-beyond-a-mark": (archive(b"\x80\x02NN(\x86."), "a value is missing"),
        "append-to-nothing": (archive(b"\x80\x02NNa."), "no list"), "odd-members": (archive(b"\x80\x02}(Nu."), "no dictionary"),
        "text-without-end": (archive(b"\x80\x02X\xff\xff\xff\xff."), "ends too early"),
        "text-of-2^63": (archive(b"\x80\x02\x8d" + b"\xff" * 8 + b"."), "ends too early"),
        "long-without-end": (archive(b"\x80\x02\x8b\xff\xff\xff\x7f."), "ends too early"),
        "not-text": (archive(b"\x80\x02X\x01\0\0\0\xff."), "not UTF-8"), "name-without-end": (archive(b"\x80\x02c" + b"a" * 400), "no end"),
        "no-pickle": (zipped({"a/version": b"3"}), "a/data.pkl"), "no-folder": (zipped({"data.pkl": NONE}), ""),
        "byteorder": (zipped({"a/data.pkl": dictionary(visual_a=tensor()), "a/byteorder": b"odd", "a/data/0": bytes(24)}), "neither little nor big"),
        "tar": (tar(), "tar archive"), "text": (b"a text that is long enough to be looked at", "no checkpoint of PyTorch"),
        "marks-without-end": (archive(b"\x80\x02" + b"(" * 5_000_000), "more than a checkpoint holds"),
        "values-without-end": (archive(b"\x80\x02" + b"N" * 5_000_000 + b"."), "more than a checkpoint holds"),
        "lists-without-end": (archive(b"\x80\x02" + b"]" * 2_000_000 + b"."), "more than a checkpoint holds"),
        "kept-without-end": (archive(b"\x80\x02N" + b"\x94" * 5_000_000 + b"."), "more than a checkpoint holds"),
        "pickle-too-large": (archive(b"\x80\x02" + b"\x8a\x00" * (17 << 20) + b"."), "at most 33554432"),
        "modules-without-end": (archive(modules(), script=True), "without an end"),
        "module-in-itself": (archive(b"\x80\x02c__torch__\nM\n)\x81q\x00}" + text("a") + b"h\x00sb.", script=True), "without an end"),
    }
    return found


def harmless() -> dict[str, bytes]:
    """What looks like a bomb beside a good tensor, and costs nothing here."""
    doubled = b")" + b"2\x86" * 60  # a tuple of two tuples of two tuples ...
    lists = b"]" + b"q\x00h\x00a"  # a list in itself
    deep = b"]" * 100_000 + b"a" * 99_999
    nested = b"}q\x01" + text("a") + b"h\x01s"
    return {"doubled": beside(doubled), "list-in-itself": beside(lists), "deep": beside(deep), "dictionary-in-itself": beside(nested)}


def modules() -> bytes:
    """Forty modules that each have the next one twice."""
    made = b"\x80\x02" + b"c__torch__\nM\n)\x81}b" + b"q\x00"
    for level in range(40):
        made += b"0c__torch__\nM\n)\x81}(" + text("a") + b"h" + bytes([level]) + text("b") + b"h" + bytes([level]) + b"ub" + b"q" + bytes([level + 1])
    return made + b"."


def zipped(entries: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as new:
        for name, content in entries.items():
            new.writestr(name, content)
    return buffer.getvalue()


def tar() -> bytes:
    import tarfile

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as new:
        entry = tarfile.TarInfo("storages")
        entry.size = 4
        new.addfile(entry, io.BytesIO(b"abcd"))
    return buffer.getvalue()


class Zip:
    """A zip archive whose every field can lie."""

    def __init__(self) -> None:
        self.data, self.directory, self.count = b"", b"", 0

    def add(self, name: str, content: bytes, **lie: int | bytes) -> int:
        """Adds an entry; `lie` names fields of its header (`own_`) or of its record that say something else."""
        start = len(self.data)
        raw, checksum = name.encode(), zlib.crc32(content)
        flags, method = lie.get("flags", 0), lie.get("method", 0)
        own = lie.get("own_name", raw)
        length = lie.get("own_length", len(content))
        self.data += struct.pack("<IHHHHHIIIHH", lie.get("own_sign", 0x04034B50), 0, flags, lie.get("own_method", method), 0, 0, checksum, length, length, len(own), 0)
        self.data += own + content
        packed, unpacked = lie.get("packed", len(content)), lie.get("unpacked", lie.get("packed", len(content)))
        extra = lie.get("extra", b"")
        self.directory += struct.pack(
            "<IHHHHHHIIIHHHHHII", 0x02014B50, 0, 0, flags, method, 0, 0, lie.get("checksum", checksum), packed, unpacked, len(raw), len(extra), 0, 0, 0,
            0, lie.get("offset", start),
        ) + raw + extra
        self.count += 1
        return start

    def end(self, **lie: int | bytes) -> bytes:
        start, size = lie.get("start", len(self.data)), lie.get("size", len(self.directory))
        count = lie.get("count", self.count)
        wide = b""
        if "wide" in lie:
            at = len(self.data) + len(self.directory)
            wide = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 0, 0, 0, 0, lie.get("wide_count", count), lie.get("wide_count", count), size, start)
            wide += struct.pack("<IIQI", 0x07064B50, 0, lie.get("wide_offset", at), 1)
            start, size, count = 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFF
        comment = lie.get("comment", b"")
        last = struct.pack("<IHHHHIIH", 0x06054B50, lie.get("disk", 0), 0, count, count, size, start, lie.get("comment_length", len(comment)))
        return self.data + self.directory + wide + last + comment


def zips() -> dict[str, tuple[bytes, str]]:
    good = dictionary(visual_a=tensor())

    def made(change: str = "", end: dict | None = None, **lie: int | bytes) -> bytes:
        new = Zip()
        new.add("a/data.pkl", good, **(lie if change == "pickle" else {}))
        new.add("a/data/0", bytes(24), **(lie if change == "data" else {}))
        return new.end(**(end or {}))

    def twice() -> bytes:
        new = Zip()
        new.add("a/data.pkl", good)
        new.add("a/data/0", bytes(24))
        new.add("a/data/0", bytes(24))
        return new.end()

    def overlapping() -> bytes:
        """Two records of the same bytes, as zip bombs have a million."""
        new = Zip()
        new.add("a/data.pkl", good)
        first = new.add("a/data/0", bytes(24))
        new.directory += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 0, 0, 0, 0, 0, 0, zlib.crc32(bytes(24)), 24, 24, 8, 0, 0, 0, 0, 0, first) + b"a/data/0"[:8]
        new.count += 1
        new.directory = new.directory[:-1] + b"1"
        return new.end()

    def inside() -> bytes:
        """An entry within the bytes of another."""
        inner = Zip()
        inner.add("a/data/1", bytes(24))
        new = Zip()
        new.add("a/data.pkl", good)
        start = new.add("a/data/0", inner.data)
        new.directory += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 0, 0, 0, 0, 0, 0, 0, 24, 24, 8, 0, 0, 0, 0, 0, start + 38) + b"a/data/1"
        new.count += 1
        return new.end()

    whole = made()
    wide = struct.pack("<HHQQQ", 1, 24, 1 << 62, 1 << 62, 1 << 62)
    ones = {"packed": 0xFFFFFFFF, "offset": 0xFFFFFFFF}
    found = {
        "same-name-twice": (twice(), "twice"), "overlapping": (overlapping(), ""), "inside-another": (inside(), "share the bytes"),
        "compressed-pickle": (archive(good, method=zipfile.ZIP_DEFLATED), "a/data.pkl' is compressed"),
        "compressed-storage": (made("data", method=8), "a/data/0' is compressed"), "encrypted": (made("data", flags=1), "encrypted"),
        "checksum": (made("data", checksum=1), "checksum"), "checksum-of-the-pickle": (made("pickle", checksum=1), "checksum"),
        "own-name": (made("data", own_name=b"a/data/1"), "by its own header"), "own-length": (made("data", own_length=23), "another length"),
        "own-method": (made("data", own_method=8), "by its own header"), "own-sign": (made("data", own_sign=0), "no header"),
        "too-long": (made("data", packed=1 << 20, own_length=1 << 20), "beyond the data"), "lengths": (made("data", unpacked=25), "contradict"),
        "begins-behind": (made("data", offset=1 << 30), "behind the data"), "wide-lengths": (made("data", extra=wide, **ones), ""),
        "wide-without-lengths": (made("data", **ones), "lacks its length"), "wide-cut": (made("data", extra=wide[:12], **ones), "cut extra field"),
        "count-too-small": (made(end={"count": 1}), "more than 1 entries"), "count-too-large": (made(end={"count": 3}), "not in its directory"),
        "start": (made(end={"start": 1 << 31}), "not where its end says"), "size": (made(end={"size": 1 << 31}), ""),
        "disks": (made(end={"disk": 1}), "several disks"), "comment": (made(end={"comment_length": 5}), "its end is not there"),
        "wide-count": (made(end={"wide": 1, "wide_count": 1 << 40}), "more than 131072 entries"), "wide-place": (made(end={"wide": 1, "wide_offset": 1 << 60}), "cannot be found"),
        "name-not-text": (made("data", own_name=b"x").replace(b"a/data/0", b"a/data\xff0"), ""),
        "only-an-end": (Zip().end(), "no checkpoint of PyTorch"), "log": (made("data", own_sign=0).replace(b"a/data/0", b"a/\x1b[2J\n0"), "\\u"),
    }
    for cut in range(0, len(whole), 17):
        found[f"cut-at-{cut}"] = (whole[:cut], "")
    return found


def good_zips() -> dict[str, bytes]:
    """Forms that PyTorch could write for archives beyond 4 GB, and a comment."""
    good = dictionary(visual_a=tensor())

    def made(end: dict, **lie: int | bytes) -> bytes:
        new = Zip()
        new.add("a/data.pkl", good)
        new.add("a/data/0", bytes(24), **lie)
        return new.end(**end)

    place = len(Zip().end()) + 0
    start = 30 + 10 + len(good)
    extra = struct.pack("<HHB", 7, 1, 0) + struct.pack("<HHQQQ", 1, 24, 24, 24, start)
    assert place == 22
    return {
        "wide": made({"wide": 1}), "wide-entry": made({}, extra=extra, packed=0xFFFFFFFF, offset=0xFFFFFFFF),
        "comment": made({"comment": b"PK\x05\x06 a comment"}), "length-behind": made({}, flags=8, own_length=0),
    }
