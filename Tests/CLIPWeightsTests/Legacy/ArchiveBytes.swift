/// Writes pickles and archives of PyTorch's form for tests: honest ones, and ones that lie.
enum ArchiveBytes {
    static func text(_ text: String) -> [UInt8] {
        [0x58] + SafetensorsBytes.littleEndian(UInt32(text.utf8.count)) + Array(text.utf8)
    }

    static func number(_ number: Int) -> [UInt8] {
        [0x8A, 8] + SafetensorsBytes.littleEndian(UInt64(bitPattern: Int64(number)))
    }

    static func tuple(_ values: [[UInt8]]) -> [UInt8] { Array("(".utf8) + values.joined() + Array("t".utf8) }

    static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }

    /// The operations that describe a tensor of 2 x 3 floats, or of what the arguments say.
    static func tensor(
        key: String = "0",
        count: Int = 6,
        offset: Int = 0,
        shape: [Int] = [2, 3],
        strides: [Int] = [3, 1],
        storage: (String, String) = ("torch", "FloatStorage")
    ) -> [UInt8] {
        let identity = tuple([
            text("storage"), global(storage.0, storage.1), text(key), text("cpu"), number(count),
        ])
        let arguments = tuple([
            identity + Array("Q".utf8), number(offset), tuple(shape.map(number)), tuple(strides.map(number)),
            [0x89],
            global("collections", "OrderedDict") + Array(")R".utf8),
        ])
        return global("torch._utils", "_rebuild_tensor_v2") + arguments + Array("R".utf8)
    }

    /// A pickle of a dictionary.
    static func dictionary(_ members: KeyValuePairs<String, [UInt8]>) -> [UInt8] {
        [0x80, 2] + Array("}(".utf8) + members.flatMap { text($0.key) + $0.value } + Array("u.".utf8)
    }

    /// An entry of a zip archive; fields of its own header that are nil say what the directory says.
    struct Entry {
        var name: String
        var content: [UInt8]
        var flags: UInt16 = 0
        var method: UInt16 = 0
        var checksum: UInt32 = 0
        var ownName: String?
        var ownLength: Int?
        var length: Int?
        var offset: Int?
    }

    /// A zip archive of entries as they are.
    static func zip(_ entries: [Entry], count: Int? = nil, comment: [UInt8] = []) -> [UInt8] {
        func two(_ value: Int) -> [UInt8] { SafetensorsBytes.littleEndian(UInt16(truncatingIfNeeded: value)) }
        func four(_ value: Int) -> [UInt8] {
            SafetensorsBytes.littleEndian(UInt32(truncatingIfNeeded: value))
        }
        var data: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let name = Array((entry.ownName ?? entry.name).utf8)
            let own = entry.ownLength ?? entry.content.count
            let begin = entry.offset ?? data.count
            let length = entry.length ?? entry.content.count
            let kind = two(Int(entry.flags)) + two(Int(entry.method)) + four(0) + four(Int(entry.checksum))
            data += four(0x0403_4B50) + two(20) + kind + four(own) + four(own) + two(name.count) + two(0)
            data += name + entry.content
            directory += four(0x0201_4B50) + two(20) + two(20) + kind + four(length) + four(length)
            directory +=
                two(entry.name.utf8.count) + two(0) + two(0) + two(0) + two(0) + four(0) + four(begin)
            directory += Array(entry.name.utf8)
        }
        let number = count ?? entries.count
        let end = four(0x0605_4B50) + two(0) + two(0) + two(number) + two(number)
        return data + directory + end + four(directory.count) + four(data.count) + two(comment.count)
            + comment
    }

    /// An archive of `torch.save`, its storages of 24 bytes.
    static func archive(_ pickle: [UInt8], storages: [String] = ["0"]) -> [UInt8] {
        zip(
            [Entry(name: "a/data.pkl", content: pickle)]
                + storages.map { Entry(name: "a/data/\($0)", content: Array(0..<24)) }
        )
    }
}
